"""What is new, gone and unchanged against another instant, and what is not to be shown."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.snapshot_rows import lone, row, stored

import analyzer
from analyzer import cli
from analyzer.errors import UsageError
from analyzer.report import header
from analyzer.report.archive import Archive
from analyzer.store.layout import Store

pytestmark = pytest.mark.usefixtures("engines_left_open")
NIGHT, CALM = "2026-11-23T02:15:00Z", "2026-11-23T00:00:00Z"
OWN = """\
-- /// query
-- title = "Hosts"
-- time = "instant"
-- kind = "finding"
-- identity = ["initiator"]
-- [columns]
-- cluster = "Cluster."
-- svm = "SVM."
-- initiator = "Initiator."
-- severity = "low; high with two sessions."
-- detail = "How many."
-- ///
select
    cluster, svm, initiator, case when count(*) > 1 then 'high' else 'low' end as severity,
    count(*)::varchar as detail
from sessions_at
group by all
order by all
"""


@pytest.fixture
def archive(recorded: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Archive]:
    monkeypatch.setenv("ANALYZER_NOW", "2026-11-24T00:00:00Z")
    with analyzer.open(recorded.root) as archive:
        yield archive


def said_of(rows: list[dict[str, Any]]) -> dict[str, str]:
    return {row["initiator"]: row["versus"] for row in rows}


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Archive:
    monkeypatch.setenv("ANALYZER_NOW", "2026-11-23T03:00:00Z")
    (tmp_path / "queries").mkdir()
    (tmp_path / "queries" / "hosts.sql").write_text(OWN)
    store = stored(str(tmp_path), "store", [
        lone("complete", [row("a", 1, 1), row("a", 2, 1)], 0),
        lone("complete", [row("a", 2, 2), row("a", 3, 1), row("b", 4, 1)], 5),
    ])  # fmt: skip
    return analyzer.open(store.root, queries=[tmp_path / "queries"])


def test_a_finding_is_new_gone_or_unchanged_by_its_identity(own: Archive) -> None:
    report = own.report("hosts", at="02:05", versus="02:00")
    assert said_of(report.records()) == {
        "iqn.h1": "gone", "iqn.h2": "unchanged", "iqn.h3": "new", "iqn.h4": "unknown",
    }  # fmt: skip


def test_against_itself_everything_is_unchanged(own: Archive) -> None:
    report = own.report("hosts", at="02:05", versus="02:05")
    assert {row["versus"] for row in report.records()} == {"unchanged"}
    assert [row[:-1] for row in report.rows] == own.report("hosts", at="02:05").rows


def test_what_is_gone_fails_no_gate(own: Archive) -> None:
    report = own.report("hosts", at="02:05", versus="02:00")
    assert report.worse("low")
    assert len(report.present()) == 3


def test_the_other_instant_is_the_earlier_one(own: Archive) -> None:
    with pytest.raises(UsageError, match="later than --at"):
        own.report("hosts", at="02:00", versus="02:05")


def test_a_report_of_a_window_has_no_such_option(own: Archive) -> None:
    with pytest.raises(UsageError, match="no option 'versus'"):
        own.report("outages", versus="02:00")


@pytest.mark.parametrize("name", [n for n, q in header.reports().items() if q.time == "instant"])
def test_every_report_of_an_instant_says_it(name: str, archive: Archive) -> None:
    assert archive.reports[name].identity, (
        "or every change of a count were a new row and a gone one"
    )
    bare = archive.report(name, at=NIGHT)
    report = archive.report(name, at=NIGHT, versus=CALM)
    assert report.columns[-1].name == "versus"
    assert [r[:-1] for r in report.rows if r[-1] != "gone"] == bare.rows


def test_a_severity_filters_both_sides(archive: Archive) -> None:
    rows = archive.report("multipath-imbalance", at=NIGHT, versus=CALM, severity="high").records()
    assert rows
    assert {row["severity"] for row in rows} <= {"high", "critical"}


def test_the_table_says_how_many(
    recorded: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ANALYZER_NOW", "2026-11-24T00:00:00Z")
    command = ["--store", str(recorded.root), "upgrade-readiness", "--at", NIGHT, "--versus", CALM]
    assert cli.status(command) == 0
    assert "16 findings: 16 high. Against 2026-11-23 00:00: 16 new." in capsys.readouterr().out


def test_what_is_ignored_is_counted(
    recorded: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("ANALYZER_NOW", "2026-11-24T00:00:00Z")
    store = Store(Path(shutil.copytree(recorded.root, tmp_path / "store")))
    assert cli.status(["--store", str(store.root), "mark", "before", "--at", CALM]) == 0
    words = ["--store", str(store.root), "diff", "before", "latest", "--format", "json"]
    assert cli.status(words) == 0
    every = json.loads(capsys.readouterr().out)
    assert "ignored" not in every
    assert cli.status([*words, "--ignore", "reconnected", "--ignore", "re*"]) == 0
    printed = capsys.readouterr()
    some = json.loads(printed.out)
    assert {row["change"] for row in some["rows"]}.isdisjoint({"reconnected", "relogged_in"})
    hidden = len(every["rows"]) - len(some["rows"])
    assert hidden == sum(some["ignored"].values()) > 0
    assert f"ignored {some['ignored']['reconnected']} rows: reconnected" in printed.err
    cli.status([*words[:-1], "markdown", "--ignore", "reconnected"])
    assert f"Ignored: {some['ignored']['reconnected']} reconnected." in capsys.readouterr().out


def test_a_change_that_there_is_not_cannot_be_ignored(archive: Archive) -> None:
    with pytest.raises(UsageError, match="did you mean 'reconnected'"):
        archive.report("events", ignore="reconneted")
    with pytest.raises(UsageError, match="no option 'ignore'"):
        archive.report("outages", ignore="lost")
