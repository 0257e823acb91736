"""What is unknown is unknown in every report alike."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from support.array_builder import T0, World, linux

from analyzer.config import policy
from analyzer.report.catalog import Catalog
from analyzer.store.layout import Store

MINUTE = timedelta(minutes=1)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Two hosts, seen every five minutes as is configured."""
    return World(tmp_path, sessions=linux(1) + linux(2), interval=300)


def unknown(world: World, since: timedelta) -> list[tuple[timedelta, timedelta, str]]:
    """The unknown spans of the coverage, from and to as minutes after the first snapshot."""
    return [
        (row["from"] - T0, row["to"] - T0, row["reason"])
        for row in world.ask("coverage", since=T0 + since)
        if row["status"] == "unknown" and row["reason"] != "no later snapshot yet"
    ]


def test_a_slot_that_nobody_collected_is_as_unknown_to_capacity_as_to_coverage(
    world: World,
) -> None:
    world.take(6)
    world.now += world.step
    world.take(6)
    world.now -= world.step
    ((begin, end, _),) = unknown(world, timedelta())
    assert (begin, end) == (25 * MINUTE, 35 * MINUTE)
    minutes = {row["known_minutes"] for row in world.ask("sessions-by-hour") if row["hour"] == 2}
    assert minutes == {50}, "ten minutes of the hour are unknown"


def test_time_before_the_first_snapshot_is_a_gap(world: World) -> None:
    world.take(4)
    assert unknown(world, timedelta(hours=-1)) == [
        (timedelta(hours=-1), timedelta(), "no snapshot before")
    ]
    assert unknown(world, 5 * MINUTE) == []


def test_a_window_that_lies_before_the_first_snapshot_is_a_gap(world: World) -> None:
    world.take(2)
    begin, end = T0 - timedelta(hours=3), T0 - timedelta(hours=1)
    (row,) = world.ask("coverage", since=begin, until=end)
    assert (row["from"], row["to"], row["reason"]) == (begin, end, "no snapshot before")


def test_a_cluster_that_never_answered_is_a_gap_with_its_reason(world: World) -> None:
    world.take(3, status="failed")
    ((begin, end, reason),) = unknown(world, timedelta(hours=-1))
    assert (begin, end, reason) == (timedelta(hours=-1), 15 * MINUTE, "HTTP 500")


def test_a_cluster_that_is_configured_and_was_never_collected_is_a_gap(world: World) -> None:
    world.take(3)
    tables = policy.tables(None)
    tables["configured"] = tables["configured"]._replace(rows=[["prod-b", 300]])
    catalog = Catalog(Store(world.root), tables=tables)
    spans = catalog.run_query(
        catalog.reports["coverage"], {"since": T0, "until": world.now, "now": world.now}
    ).records()
    catalog.close()
    assert [(row["cluster"], row["status"], row["reason"]) for row in spans][-1] == (
        "prod-b", "unknown", "configured, and never collected",
    )  # fmt: skip


def test_what_could_not_be_known_takes_nothing_off_the_coverage_of_a_forecast(
    world: World,
) -> None:
    # From noon of one day to the noon of the day after: two halves, each of them known.
    world.step, world.interval = timedelta(minutes=30), None
    world.now = T0 + timedelta(hours=10)
    world.take(48)
    (row, *_) = world.ask("forecast")
    assert row["coverage"] > 0.97
    assert row["on"] == date(2026, 11, 21) + timedelta(90)
    assert row["detail"] == "only 1 day of history"
