"""Text of the array is text in every format: it runs nothing, steers nothing, hides nothing."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from support import snapshot_rows as plain

from analyzer import cli
from analyzer.cli.collect import _outcome_json, _outcome_line
from analyzer.collect import files
from analyzer.collect.collector import Outcome
from analyzer.output import csv as as_csv
from analyzer.report.run import Report, ReportColumn
from analyzer.store.layout import Store
from analyzer.text import escape_markdown

pytestmark = pytest.mark.usefixtures("engines_left_open")
NASTY = (
    "<script>alert(1)</script>",
    "=cmd|' /c calc'!a0",
    "+1+1", "-2+3", "@sum(a1)", "\t=1+1", "\r=1+1",
    "\x1b[31mred\x1b[0m\x1b]0;title\x07\x9b2J",
    "\u202egnp.exe\u2066\u200e\u200f",
    "a\nfake line: complete\r\n| b | `c` [d](http://e.invalid) www.f.invalid",
    "'; drop table spells; --",
    "../../etc/passwd",
    "%s {0} ${HOME} {{ 7 * 7 }}",
    "x" * 10_000,
)  # fmt: skip
# What a terminal would obey: everything below space but the line feed, C1, and directions.
Run = Callable[..., str]
STEERS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
NOW = plain.START + timedelta(hours=1)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Every nasty text is an initiator, alias, comment, SVM, interface and igroup; each is lost."""
    rows = [
        plain.row("s", number, number)
        | dict.fromkeys(("initiator", "alias", "comment", "interface", "interface_id", "svm"), text)
        | {"igroups": [{"uuid": text, "name": text}]}
        for number, text in enumerate(NASTY)
    ]
    rest = [plain.row("s", 99, 99)]
    looks = [plain.lone("complete", rows + rest, 0), plain.lone("complete", rest, 5)]
    store = plain.stored(str(tmp_path_factory.mktemp("hostile")), "store", looks)
    files.fail(store, "c1", plain.START + timedelta(minutes=10), NASTY[7] + NASTY[9])
    return store


@pytest.fixture
def run(hostile: Store, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("ANALYZER_NOW", NOW.isoformat())

    def call(*arguments: str) -> str:
        assert cli.status(["--store", str(hostile.root), *arguments]) in {0, 1}
        output = capsys.readouterr()
        assert not STEERS.search(output.err)
        return output.out

    return call


COMMANDS = [
    ["report", "dropped-connections"], ["report", "outages"], ["report", "events"],
    ["report", "paths", "--at", "2026-11-23T02:01:00Z"], ["timeline", "*"], ["snapshots"],
    ["report", "coverage"], ["report", "new-initiators"], ["report", "initiators"],
    ["sql", "select * from spells"],
]  # fmt: skip


@pytest.mark.parametrize(
    "command", [*COMMANDS, ["paths", "--at", "2026-11-23T02:01:00Z"], ["check"]]
)
def test_a_table_steers_no_terminal_and_shows_everything(run: Run, command: list[str]) -> None:
    text = run(*command)
    assert text.count("\n") > 2
    assert not STEERS.search(text)
    assert "fake line: complete\r" not in text
    assert not re.search(r"(?m)^fake line", text)


def test_a_matrix_shows_names_whole(run: Run) -> None:
    text = run("paths", "--at", "2026-11-23T02:01:00Z")
    assert "\\u001b[31mred" in text
    assert "x" * 10_000 in text


@pytest.mark.parametrize("command", COMMANDS)
def test_markdown_means_only_itself(run: Run, command: list[str]) -> None:
    text = run(*command, "--format", "markdown")
    assert not STEERS.search(text)
    assert not re.search(r"(?<!\\)[<\[]", text)
    bars = {len(re.findall(r"(?<!\\)\|", line)) for line in text.splitlines() if line[:1] == "|"}
    assert len(bars) == 1, "a cell broke out of its column"


@pytest.mark.parametrize("command", COMMANDS)
def test_a_spreadsheet_runs_no_cell(run: Run, command: list[str]) -> None:
    text = run(*command, "--format", "csv")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert len({len(row) for row in rows}) == 1
    for cell in (cell for row in rows for cell in row):
        assert cell[:1] not in {"=", "+", "-", "@", "\t", "\r"} or re.fullmatch(r"-?[\d.]+", cell)


def test_numbers_keep_their_sign_in_csv() -> None:
    columns = (ReportColumn("n", "A number.", "BIGINT"), ReportColumn("t", "A text.", "VARCHAR"))
    report = Report("r", "", "", {}, columns, [(-5, "-5")], [], "table", None, "")
    assert as_csv.render(report) == "n,t\r\n-5,'-5\r\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_json_gives_the_text_back_as_it_was(run: Run, command: list[str]) -> None:
    document = json.loads(run(*command, "--format", "json"))
    lines = run(*command, "--format", "ndjson").splitlines()
    assert [json.loads(line) for line in lines] == document["rows"]


def test_json_holds_every_name_unchanged(run: Run) -> None:
    rows = json.loads(run("report", "dropped-connections", "--format", "json"))["rows"]
    assert {row["initiator"] for row in rows} == set(NASTY)


@pytest.mark.parametrize("kind", ["nagios", "prometheus"])
def test_a_monitor_reads_numbers_only(run: Run, kind: str) -> None:
    text = run("check", "--format", kind)
    assert all(line.isprintable() for line in text.split("\n"))
    # Words of our own, and the one label that an array names.
    text = re.sub(r'# HELP .*|svm="(\\.|[^"\\])*"', "", text)
    assert re.fullmatch(r"[A-Za-z0-9 #_{}=\",.;|\n-]+", text)


def test_a_failure_cannot_write_lines_of_its_own() -> None:
    outcome = Outcome("c1", "failed", 69, reason="no\nc2: complete\x1b[2J")
    assert "\n" not in _outcome_line(outcome)
    assert "\x1b" not in _outcome_line(outcome)
    assert "\n" not in _outcome_json(outcome)
    assert json.loads(_outcome_json(outcome))["reason"] == "no\nc2: complete\x1b[2J"


def test_markdown_cannot_close_its_cell() -> None:
    assert escape_markdown("a|b") == "a\\|b"
    assert (
        escape_markdown("prod-a 2026-11-23T02:10:00Z wrk_1") == "prod-a 2026-11-23T02:10:00Z wrk_1"
    )
    assert escape_markdown("_a_ *b* `c` <d> [e] &lt; \\") == (
        "\\_a\\_ \\*b\\* \\`c\\` &lt;d> \\[e] &amp;lt; \\\\"
    )


def test_evidence_names_its_files_itself(
    hostile: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANALYZER_NOW", NOW.isoformat())
    output = tmp_path / "incident.zip"
    assert cli.status(["--store", str(hostile.root), "evidence", "--output", str(output)]) == 0
    with zipfile.ZipFile(output) as bundle:
        assert all(re.fullmatch(r"[A-Za-z0-9./=_-]{1,120}", name) for name in bundle.namelist())
        assert not any(".." in name for name in bundle.namelist())
        page = bundle.read("page.html").decode()
    assert "<script>alert" not in page
