"""``analyzer.open``: what the command line says, from Python."""

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import polars as pl
import pytest

import analyzer
from analyzer import cli
from analyzer.errors import NothingSeen, UsageError
from analyzer.store.layout import Store

pytestmark = pytest.mark.usefixtures("engines_left_open")


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANALYZER_NOW", "2026-11-24T00:00:00Z")


def test_a_report_has_the_rows_of_the_command(
    recorded: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    with analyzer.open(recorded.root) as archive:
        report = archive.report("dropped-connections", initiator="lnx4", severity="high")
    base = ["--store", str(recorded.root), "report", "dropped-connections", "--format", "ndjson"]
    assert cli.status([*base, "--initiator", "lnx4", "--severity", "high"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["interface"] for row in report.records()] == [row["interface"] for row in rows]
    assert [row.interface for row in report.objects()] == [row["interface"] for row in rows]
    assert report.coverage[0].complete > 0


def test_every_report_is_a_frame_with_its_columns(recorded: Store) -> None:
    with analyzer.open(str(recorded.root)) as archive:
        for name, query in archive.reports.items():
            frame = archive.report(name).frame()
            assert frame.columns == list(query.columns), name
        losses = archive.report("dropped-connections").frame()
    assert losses.schema["lost_by"] == pl.Datetime("us")
    assert losses.schema["sessions_lost"] == pl.Int64
    assert losses.schema["initiator"] == pl.String


def test_times_may_be_datetimes_of_any_zone(recorded: Store) -> None:
    there = timezone(timedelta(hours=2))
    with analyzer.open(recorded.root) as archive:
        texts = archive.snapshots(since="2026-11-23T02:00:00Z", until="2026-11-23T12:00:00Z")
        times = archive.snapshots(
            since=datetime(2026, 11, 23, 4, tzinfo=there),
            until=datetime(2026, 11, 23, 12, tzinfo=UTC),
        )
    assert times.rows == texts.rows
    assert times.rows


def test_what_is_not_there_is_a_sentence(recorded: Store, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no store"):
        analyzer.open(tmp_path / "none")
    with pytest.raises(UsageError, match="prod-a"):
        analyzer.open(recorded.root, clusters=["prod-b"])
    with analyzer.open(recorded.root) as archive:
        with pytest.raises(UsageError, match="did you mean 'outages'"):
            archive.report("outage")
        with pytest.raises(UsageError, match="did you mean 'since'"):
            archive.report("outages", sinc="24h")
        with pytest.raises(UsageError, match="not one of node"):
            archive.report("failover", kind="switch")
        with pytest.raises(NothingSeen):
            archive.report("paths", at="2026-11-01")


def test_a_store_is_not_written(recorded: Store) -> None:
    before = {path: path.stat().st_mtime_ns for path in recorded.root.rglob("*")}
    with analyzer.open(recorded.root) as archive:
        archive.report("outages")
        assert archive.run("select 1 as one").records() == [{"one": 1}]
    assert {path: path.stat().st_mtime_ns for path in recorded.root.rglob("*")} == before
