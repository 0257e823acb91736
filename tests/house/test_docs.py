"""The pages are true: links lead somewhere, commands exist, output is what is printed."""

import io
import json
import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path

import duckdb
import pytest
from support import workplace

from analyzer import cli
from analyzer.cli.watch import watch
from analyzer.history.views import refresh
from analyzer.output.chart.picture import Picture
from analyzer.report import header
from analyzer.store.layout import Store

pytestmark = pytest.mark.usefixtures("engines_left_open")
ROOT = Path(__file__).parents[2]
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
PAGES += sorted((ROOT / "docs").glob("*.md"))


def commands(page: Path) -> list[str]:
    """Every indented or fenced line that calls the program."""
    text = page.read_text(encoding="utf-8")
    shown = re.sub(r"(?ms)^<!-- output.*?^<!-- end -->$", "", text)
    return re.findall(r"(?m)^(?:    )?(analyzer [^\n]+)", shown)


def run(command: str) -> int:
    """Run a line as a shell would; what it prints into a file that is there stays out of it."""
    line, _, redirected = (
        command.split(" | ", maxsplit=1)[0].split(" #", maxsplit=1)[0].partition(" > ")
    )
    printed = io.StringIO()
    with redirect_stdout(printed):
        code = cli.status(shlex.split(line)[1:])
    if redirected and not Path(redirected.strip()).exists():
        Path(redirected.strip()).write_text(printed.getvalue(), encoding="utf-8")
    return code


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_that_are_there(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name}: {target}"


@pytest.fixture(scope="module")
def workplace_of_the_pages(
    recorded: Store, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """One reader's folder: what the commands of earlier pages wrote beside the store is there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANALYZER_NOW", workplace.NOW)
        with workplace.workplace(tmp_path_factory.mktemp("pages"), recorded) as folder:
            yield folder


@pytest.fixture(scope="module")
def one_picture_of_a_kind_is_drawn() -> Iterator[None]:
    """Pages of other windows show it again: drawing takes longer than all else of a page."""
    draw, pictures = Picture.svg, dict[str, str]()

    def drawn(picture: Picture) -> str:
        if picture.name not in pictures:
            pictures[picture.name] = draw(picture)
        return pictures[picture.name]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Picture, "svg", drawn)
        yield


@pytest.fixture(scope="module")
def finished() -> set[str]:
    """Commands that ran on a page before: what several pages say runs once."""
    return set()


@pytest.mark.usefixtures("one_picture_of_a_kind_is_drawn")
@pytest.mark.parametrize("page", [p for p in PAGES if commands(p)], ids=lambda page: page.name)
def test_every_command_of_a_page_runs(
    page: Path, recorded: Store, workplace_of_the_pages: Path, finished: set[str],
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    def ctrl_c(_seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.chdir(workplace_of_the_pages)
    monkeypatch.setenv("ANALYZER_NOW", workplace.NOW)
    monkeypatch.setattr(watch, "__defaults__", (ctrl_c,))
    for name, value in workplace.PASSWORD.items():
        monkeypatch.setenv(name, value)
    new = [c for c in commands(page) if not (workplace.exempt(c) or c in finished)]
    shutil.rmtree("store")
    shutil.copytree(recorded.root, "store")
    for command in new:
        # A check that finds something has done what it is for, and Ctrl-C ends a watch.
        words = set(command.split())
        finds = {"check", "--fail-on"} & words
        assert run(command) in ({130} if "--watch" in words else {0, 1} if finds else {0}), (
            f"{command}\n{capsys.readouterr().err}"
        )
        finished.add(command)


def test_the_code_of_the_pages_runs(
    tmp_path: Path, recorded: Store, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANALYZER_NOW", workplace.NOW)
    page = (ROOT / "docs" / "exploring.md").read_text(encoding="utf-8")
    notebook = json.loads((ROOT / "docs" / "exploring.ipynb").read_text(encoding="utf-8"))
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    with workplace.workplace(tmp_path, recorded):
        refresh(Store(tmp_path / "store"))
        blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
        for parts in (blocks, cells):
            reader: dict[str, object] = {}
            for code in parts:
                exec(code, reader)
            assert capsys.readouterr().out.strip()
        assert len(blocks) == 4
        with duckdb.connect("store/history.duckdb", read_only=True) as history:
            statements = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)
            assert statements
            for statement in statements:
                assert history.sql(statement).fetchall(), statement


def test_a_notebook_is_kept_without_its_output() -> None:
    for path in (ROOT / "docs").glob("*.ipynb"):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            assert not cell.get("outputs")
            assert cell.get("execution_count") is None


def test_every_page_is_listed() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    for page in (ROOT / "docs").glob("*.md"):
        assert f"({page.name})" in index or page.name == "README.md", page.name


def test_the_reference_is_what_the_program_says() -> None:
    page = runpy.run_path(str(ROOT / "docs" / "reference.py"))["page"]()
    text = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    assert text == page, "python docs/reference.py rewrites it"


def test_the_map_of_the_queries_is_what_the_files_say() -> None:
    page = runpy.run_path(str(ROOT / "docs" / "query_map.py"))["page"]()
    assert (ROOT / "queries" / "README.md").read_text(encoding="utf-8") == page, (
        "python docs/query_map.py rewrites it"
    )


def test_every_number_of_a_rule_is_explained_on_one_page() -> None:
    page = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"(?m)^\| ([FCR][0-9]{1,2}) \|", page))
    numbers = {
        number
        for folder in ("analyzer", "queries")
        for path in (ROOT / folder).rglob("*.*")
        if path.suffix in {".py", ".sql"}
        for number in re.findall(r"\b(?:[FC][0-9]{2}|R[0-6])\b", path.read_text(encoding="utf-8"))
    }
    assert numbers <= explained
    for query in (*header.reports().values(), *header.models().values()):
        words = query.text.partition("\n-- ///\n")[0]
        assert not re.search(r"\b[FC][0-9]{2}\b", words), f"{query.name}: say it in words"


def test_the_sample_answers_are_what_the_simulated_array_says() -> None:
    answers = runpy.run_path(str(ROOT / "sample_data" / "record.py"))["answers"]()
    for name, text in answers.items():
        assert (ROOT / "sample_data" / name).read_text(encoding="utf-8") == text


def test_the_demonstration_tells_its_day_and_the_pages_show_it(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "analyzer", "demo", "--output", str(tmp_path / "demo")],
        cwd=ROOT, env=os.environ | {"COLUMNS": "100"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert re.search(r"(?m)^n2 +02:10–02:15 ", run.stdout)
    assert "iqn.2019-03.io.unknown:guest" in run.stdout
    assert "unknown 2026-11-23 11:00–11:15" in run.stdout
    assert "11:0" not in "".join(line for line in run.stdout.splitlines() if "lost" in line)
    assert (tmp_path / "demo" / "day.html").is_file()
    (*_, last) = run.stderr.splitlines()
    assert last.startswith(
        f"  export ANALYZER_STORE={tmp_path}/demo/store ANALYZER_NOW=2026-11-24T"
    )
    fill = runpy.run_path(str(ROOT / "docs" / "fill.py"))
    for page in fill["pages"]():
        html = page.read_text(encoding="utf-8")
        assert fill["filled"](html, tmp_path / "demo" / "store") == html, (
            "python docs/fill.py STORE"
        )
