"""Commands as a script meets them: data on stdout, narration on stderr, the answer as status."""

import csv
import io
import json
import shlex
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from analyzer import cli
from analyzer.store.layout import Store

pytestmark = pytest.mark.usefixtures("engines_left_open")
ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "sample_data"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANALYZER_NOW", "2026-11-23T03:00:00Z")

    def call(*arguments: str) -> tuple[int, str, str]:
        code = cli.status(["--store", str(tmp_path / "store"), *arguments])
        output = capsys.readouterr()
        return code, output.out, output.err

    return call


def bring(run: Run, taken_at: str, sessions: Path, *more: str) -> tuple[int, str, str]:
    return run("import", "--cluster", "prod-a", "--taken-at", taken_at, str(sessions), *more)


def test_import_of_the_sample_with_its_inventories(run: Run) -> None:
    sides = [
        f"--{name}={SAMPLE / name}.json" for name in ("svms", "interfaces", "igroups", "nodes")
    ]
    code, out, err = bring(run, "2026-11-23T02:10:00Z", SAMPLE / "sessions.json", *sides)
    assert (code, out) == (0, "")
    assert err == "prod-a: complete at 2026-11-23T02:10:00Z, 76 sessions, 76 connections\n"
    again = bring(run, "2026-11-23T02:10:00Z", SAMPLE / "sessions.json", *sides)
    assert again[0] == 0
    other = bring(run, "2026-11-23T02:10:00Z", SAMPLE / "sessions.json")
    assert other[0] == 2
    assert "other content" in other[2]


@pytest.mark.parametrize(
    ("body", "code", "status"),
    [
        ({"records": [], "num_records": 0}, 0, "complete"),
        ({"records": [], "_links": {"next": {"href": "/api/x"}}}, 3, "partial"),
        ({"records": [], "errors": [{"message": "x"}]}, 3, "partial"),
        ({"records": [], "num_records": 5}, 3, "partial"),
        ({"error": {"message": "not authorized", "code": "6"}}, 69, "failed"),
        ({"recs": []}, 69, "failed"),
    ],
)
def test_import_tells_its_status(
    run: Run, tmp_path: Path, body: object, code: int, status: str
) -> None:
    page = tmp_path / "page.json"
    page.write_text(body if isinstance(body, str) else json.dumps(body))
    done = bring(run, "2026-11-23T02:10:00Z", page)
    assert done[0] == code
    assert f"prod-a: {status} at" in done[2]


def test_standard_input_is_a_page_as_any_other(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(body: bytes, *pages: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(body)))
        words = ("import", "--cluster", "b", "--taken-at", f"2026-11-23T02:{len(body) % 60:02}:00Z")
        code, _, err = run(*words, *(pages or ("-",)))
        return code, err

    code, err = read((SAMPLE / "sessions.json").read_bytes())
    assert (code, "76 sessions" in err) == (0, True)
    code, err = read(b'{"error": {"message": "no way", "code": "4"}}')
    assert (code, "page 1 (-): an error envelope: no way (code 4)" in err) == (69, True)
    code, err = read(b"{}", "-", "-")
    assert (code, "standard input (-) can be read once" in err) == (2, True)


def test_a_recorded_failure_is_no_failure(run: Run) -> None:
    done = run(
        "import", "--cluster", "a", "--taken-at", "2026-11-23T02:10:00Z", "--failed", "HTTP 401"
    )
    assert done[0] == 0
    assert "HTTP 401" in run("snapshots", "--format", "csv")[1]


def test_an_empty_answer_is_doubted_once(run: Run, tmp_path: Path) -> None:
    empty = tmp_path / "empty.json"
    empty.write_text('{"records": [], "num_records": 0}')
    codes = [
        bring(run, f"2026-11-23T02:{minute}:00Z", page)[0]
        for minute, page in ((10, SAMPLE / "sessions.json"), (15, empty), (20, empty))
    ]
    assert codes == [0, 3, 0]
    report = json.loads(run("report", "dropped-connections", "--format", "json")[1])
    assert {r["lost_by"] for r in report["rows"]} == {"2026-11-23T02:15:00Z"}
    assert {r["lost_after"] for r in report["rows"]} == {"2026-11-23T02:10:00Z"}
    assert len(report["rows"]) == 76


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["report", "dropped-connection"], "Did you mean 'dropped-connections'?"),
        (["report", "outages", "--since", "tomorrow"], "'tomorrow' is not a time"),
        (["report", "outages", "--cluster", "nobody"], "no cluster matches"),
        (["report", "changes"], "fewer than two complete snapshots"),
        (["report", "outages", "--svm", "x"], "No such option"),
        (["report", "outages", "--chart", "x.gif"], "saved as .svg, .png or .json"),
        (["report", "outages", "--tz", "Berlin"], "'Berlin' is not a time zone"),
        (["collect"], "there is no analyzer.toml"),
        (["sql", "drop table spells"], "one SELECT"),
        (["sql", "select * from read_text('/etc/passwd')"], "read_text() is refused"),
        (["sql", "copy (select 1) to 'x.csv'"], "one SELECT"),
        (
            ["import", "--cluster", "../x", "--taken-at", "now", "--failed", "x"],
            "cannot name a cluster",
        ),
        (
            ["import", "--cluster", "x", "--taken-at", "now", "--failed", "\udcff"],
            "--failed is no text in the encoding of this terminal",
        ),
        (["import", "--cluster", "x", "--taken-at", "now", "--failed", " "], "--failed is empty"),
        (["page", "--last", "999999d"], "is before the calendar begins"),
        (["--store", "caf\udce9", "verify"], "caf\\udce9: the path of a store must be UTF-8"),
    ],
)
def test_a_wrong_word_is_one_sentence_and_status_2(
    run: Run, arguments: list[str], complaint: str
) -> None:
    bring(run, "2026-11-23T02:10:00Z", SAMPLE / "sessions.json")
    code, out, err = run(*arguments)
    assert code == 2
    assert out == ""
    assert complaint in err
    assert "Traceback" not in err


def test_an_empty_store_says_how_to_begin(run: Run) -> None:
    code, _, err = run("report", "outages")
    assert code == 2
    assert "analyzer collect" in err


def test_a_bug_is_one_sentence_and_status_70(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("analyzer.report.run.run", broken)
    bring(run, "2026-11-23T02:10:00Z", SAMPLE / "sessions.json")
    code, _, err = run("report", "outages")
    assert code == 70
    assert err.startswith("analyzer: internal error: RuntimeError; the traceback is in ")


def test_formats_agree_cell_for_cell(run: Run, tmp_path: Path) -> None:
    bring(run, "2026-11-23T02:10:00Z", SAMPLE / "sessions.json")
    name = ["report", "multipath-imbalance", "--format"]
    rows = json.loads(run(*name, "json")[1])["rows"]
    lines = [json.loads(line) for line in run(*name, "ndjson")[1].splitlines()]
    cells = list(csv.DictReader(io.StringIO(run(*name, "csv")[1])))
    assert lines == rows
    assert [r["detail"] for r in cells] == [r["detail"] for r in rows]
    assert [r["sessions"] for r in cells] == [str(r["sessions"] or "") for r in rows]
    assert run(*name, "parquet", "--output", str(tmp_path / "x.parquet"))[0] == 0
    assert run(*name, "html", "--output", str(tmp_path / "x.html"))[0] == 0
    assert pl.read_parquet(tmp_path / "x.parquet")["detail"].to_list() == [
        r["detail"] for r in rows
    ]


HOSTILE = [
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "\x1b[31mred",
    "a\u202eb",
    "x" * 3000,
    "|`*_",
]


@pytest.mark.parametrize("format_", ["table", "json", "ndjson", "csv", "markdown", "html"])
def test_hostile_names_are_harmless_in_every_format(run: Run, tmp_path: Path, format_: str) -> None:
    body = json.loads((SAMPLE / "sessions.json").read_text())
    body["records"] = body["records"][: len(HOSTILE)]
    for record, text in zip(body["records"], HOSTILE, strict=True):
        record["initiator"] = {"name": text, "alias": text}
    body["num_records"] = len(HOSTILE)
    page = tmp_path / "page.json"
    page.write_text(json.dumps(body))
    bring(run, "2026-11-23T02:10:00Z", page)
    code, out, err = run("report", "multipath-imbalance", "--format", format_)
    assert code == 0, err
    if format_ in {"table", "markdown", "html"}:
        assert "\x1b" not in out
        assert "\u202e" not in out
    if format_ == "html":
        assert "<script>alert" not in out
        assert "&lt;script&gt;alert(1)" in out
    if format_ == "csv":
        rows = list(csv.reader(io.StringIO(out)))
        assert not [cell for line in rows for cell in line if cell.startswith(("=", "+", "@"))]
    if format_ == "markdown":
        assert "&lt;script>" in out
    if format_ == "table":
        assert "x" * 90 in out


def test_a_report_can_be_cut_to_what_is_severe(run: Run, tmp_path: Path) -> None:
    before = json.loads((SAMPLE / "sessions.json").read_text())["records"]
    whole = before[0]["initiator"]["name"]
    after = [record for record in before[1:-1] if record["initiator"]["name"] != whole]
    page = tmp_path / "later.json"
    page.write_text(json.dumps({"records": after, "num_records": len(after)}))
    bring(run, "2026-11-23T02:10:00Z", SAMPLE / "sessions.json")
    bring(run, "2026-11-23T02:15:00Z", page)
    command = ("report", "dropped-connections", "--format", "ndjson")
    every = [json.loads(line)["severity"] for line in run(*command)[1].splitlines()]
    severe = [
        json.loads(line)["severity"]
        for line in run(*command, "--severity", "critical")[1].splitlines()
    ]
    assert severe == [severity for severity in every if severity == "critical"]
    assert 0 < len(severe) < len(every)
    assert run("report", "coverage", "--severity", "high")[0] == 2
    assert run(*command, "--fail-on", "critical")[0] == 1
    severities = {
        name: {json.loads(line)["severity"] for line in lines}
        for name in {json.loads(line)["initiator"] for line in run(*command)[1].splitlines()}
        if (lines := run(*command, "--initiator", name)[1].splitlines())
    }
    for name, rows in severities.items():
        fails = not rows.isdisjoint({"critical", "high"})
        assert run(*command, "--fail-on", "high", "--initiator", name)[0] == int(fails)


def test_a_report_explains_itself(run: Run) -> None:
    bring(run, "2026-11-23T02:10:00Z", SAMPLE / "sessions.json")
    code, out, _ = run("report", "dropped-connections", "--explain")
    assert code == 0
    assert "Only stated between two snapshots that saw\neverything" in out
    assert "What it cannot see: Losses shorter than" in out
    assert "  lost_by: First complete snapshot that did not." in out
    assert (
        "Reads: attempts, ems, igroups, interfaces, metrocluster, nodes, partner_sessions," in out
    )
    assert "prod-a: snapshots in the window: 1 complete" in out
    assert "select cluster, svm_id" in out


def test_the_demonstration_ends_with_a_line_that_makes_its_commands_work(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from analyzer.cli.demo import _exports  # noqa: PLC0415  # only this test looks inside

    end, store = datetime(2026, 11, 24), Store(tmp_path / "a store")
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}")
    line = _exports(store, end)
    assert shlex.split(line) == [
        "export", f"ANALYZER_STORE={store.root}", "ANALYZER_NOW=2026-11-24T00:00:00Z",
    ]  # fmt: skip
    (tmp_path / "analyzer").touch()
    monkeypatch.setattr("shutil.which", lambda _name: None)
    monkeypatch.setattr("sys.argv", [str(tmp_path / "analyzer"), "demo"])
    assert _exports(store, end) == f'{line} PATH={tmp_path}:"$PATH"'
