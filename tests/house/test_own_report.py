"""A file that an administrator drops into a folder has what our own reports have."""

import json
from pathlib import Path

import pytest

from analyzer import cli
from analyzer.store.layout import Store

OWN = """\
-- /// query
-- title = "Igroups that lost somebody"
-- description = "One row for each igroup and loss."
-- time = "window"
-- kind = "finding"
-- group = "Incident"
-- identity = ["cluster", "initiator", "interface", "lost_by"]
-- began = ["lost_after", "lost_by"]
-- ended = ["recovered", "replaced"]
-- picture = "losses"
-- page = 35
-- [columns]
-- cluster = "Cluster."
-- svm = "SVM."
-- initiator = "Initiator."
-- interface = "Interface."
-- lost_after = "Not before."
-- lost_by = "Not after."
-- back_after = "Back not before."
-- back_by = "Back not after."
-- status = "open or recovered."
-- severity = "high."
-- detail = "In words."
-- ///
select
    cluster, svm, initiator, interface, lost_after, lost_by, back_after, back_by, status,
    'high' as severity, 'lost ' || sessions_lost as detail
from losses
order by all
"""
pytestmark = pytest.mark.usefixtures("engines_left_open")
CONFIG = """
[[maintenance]]
report = "igroup-losses"
since = 2026-11-23T02:00:00Z
until = 2026-11-23T04:00:00Z
reason = "CHG1"
"""


@pytest.fixture
def queries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "queries").mkdir()
    (tmp_path / "queries" / "igroup-losses.sql").write_text(OWN)
    monkeypatch.setenv("ANALYZER_NOW", "2026-11-24T00:00:00Z")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "queries"


def test_check_alerts_of_it_once_for_each_finding(
    queries: Path, recorded: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    base = [
        "--store",
        str(recorded.root),
        "check",
        "--queries",
        str(queries),
        "--report",
        "igroup-losses",
    ]
    assert cli.status([*base, "--format", "json"]) == 1
    (report,) = json.loads(capsys.readouterr().out)["reports"]
    keys = {tuple(row[k] for k in ("initiator", "interface", "lost_by")) for row in report["rows"]}
    assert len(keys) == len(report["rows"]) > 3


@pytest.mark.parametrize("words", [
    '-- title = "Igroups', '-- cluster = "', '-- description = "',
], ids=["title", "column", "description"])  # fmt: skip
def test_words_that_steer_a_terminal_are_refused(
    queries: Path, recorded: Store, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (queries / "igroup-losses.sql").write_text(OWN.replace(words, words + r"\u001b[2J"))
    capsys.readouterr()
    base = ["--store", str(recorded.root), "report", "--queries", str(queries)]
    assert cli.status([*base, "igroup-losses", "--explain"]) == 2
    assert "igroup-losses.sql: '" in (error := capsys.readouterr().err)
    assert "holds a control character" in error


def test_maintenance_lowers_it_by_its_own_beginning(
    queries: Path, recorded: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "analyzer.toml"
    config.write_text(f'store = "{recorded.root}"\n{CONFIG}')
    arguments = ["--config", str(config), "report", "--queries", str(queries), "igroup-losses"]
    assert cli.status([*arguments, "--format", "ndjson"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    by_time = {row["lost_by"]: row["severity"] for row in rows}
    assert by_time["2026-11-23T02:15:00Z"] == "info"
    assert "high" in by_time.values()


def test_it_has_a_picture_and_a_place_on_the_page(
    queries: Path, recorded: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("altair")
    # Drawn once below: the pictures of the whole page are slow to draw.
    monkeypatch.setattr(
        "analyzer.output.chart.picture.Picture.svg", lambda picture: f"<svg>{picture.name}</svg>"
    )
    base, page, picture = ["--store", str(recorded.root)], tmp_path / "p.html", tmp_path / "p.svg"
    assert cli.status([*base, "page", "--queries", str(queries), "--output", str(page)]) == 0
    html = page.read_text()
    assert "Igroups that lost somebody" in html
    assert "<svg>igroup-losses-" in html
    command = ["report", "--queries", str(queries), "igroup-losses", "--chart", str(picture)]
    assert (
        cli.status([*base, *command, "--format", "csv", "--output", str(tmp_path / "x.csv")]) == 0
    )
    assert picture.read_text().startswith("<svg")
