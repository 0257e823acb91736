"""What a timeline draws is what the reports say, reduced to its columns."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from support import random_history as random_paths
from support.effort import effort

from analyzer import demo
from analyzer.report import header, run
from analyzer.report.catalog import Catalog
from analyzer.report.run import ReportRequest

RANKS = ["none", "one_path", "one_node", "one_subnet", "some_paths", "all_paths"]
FINE = random_paths.SNAPSHOTS - 1  # columns from one snapshot to the next
Lane = tuple[str, str]


@pytest.fixture(scope="module", params=range(effort(1, 2)))
def catalog(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Catalog]:
    store = random_paths.build(tmp_path_factory.mktemp("random"), request.param)
    with demo.at(random_paths.END + timedelta(minutes=1)):
        opened = Catalog(store)
        yield opened
        opened.close()


def ask(catalog: Catalog, name: str, **params: Any) -> list[dict[str, Any]]:
    whole = {
        "since": f"{random_paths.START:%Y-%m-%dT%H:%MZ}",
        "until": f"{random_paths.END:%Y-%m-%dT%H:%MZ}",
    }
    return run.run(catalog, header.reports()[name], ReportRequest(**whole, params=params)).records()


def pair(
    catalog: Catalog, name: str, before: int, after: int, **params: Any
) -> list[dict[str, Any]]:
    times = [f"{instant(number):%Y-%m-%dT%H:%MZ}" for number in (before, after)]
    request = ReportRequest(before=times[0], after=times[1], params=params)
    return run.run(catalog, header.reports()[name], request).records()


def instant(number: int) -> datetime:
    return random_paths.START + random_paths.STEP * number


def columns(rows: list[dict[str, Any]]) -> dict[Lane, dict[int, str]]:
    """The state of each lane in each column."""
    lanes: dict[Lane, dict[int, str]] = defaultdict(dict)
    for row in rows:
        for column in range(row["first_column"], row["last_column"] + 1):
            assert column not in lanes[row["cluster"], row["lane"]], "two states in one column"
            lanes[row["cluster"], row["lane"]][column] = row["state"]
    return lanes


def test_a_lane_is_without_redundancy_when_the_report_says_so(catalog: Catalog) -> None:
    drawn = {
        (cluster, lane, column)
        for (cluster, lane), states in columns(ask(catalog, "lanes", columns=FINE)).items()
        for column, state in states.items()
        if RANKS.index(state) <= RANKS.index("one_subnet")
    }
    reported = {
        (row["cluster"], row["initiator"], column)
        for row in ask(catalog, "without-redundancy")
        for column in range(FINE)
        # What the last snapshot is the first to show stands in the last column.
        if row["began_by"] <= instant(FINE if column == FINE - 1 else column)
        and (row["ended_by"] is None or row["ended_by"] > instant(column))
    }
    assert drawn == reported


@pytest.mark.parametrize("by", ["host", "interface", "node"])
def test_of_several_states_in_a_column_the_worst_is_shown(catalog: Catalog, by: str) -> None:
    fine = columns(ask(catalog, "lanes", columns=FINE, by=by))
    coarse = columns(ask(catalog, "lanes", columns=FINE // 5, by=by))
    assert fine
    assert fine.keys() == coarse.keys()
    for lane, states in fine.items():
        for column in range(FINE // 5):
            within = [states[k] for k in range(column * 5, column * 5 + 5) if k in states]
            assert coarse[lane].get(column) == min(within, key=RANKS.index, default=None)


def test_neighbours_of_one_state_are_one_row(catalog: Catalog) -> None:
    rows = ask(catalog, "lanes", columns=FINE)
    for row, following in pairwise(rows):
        if row["place"] == following["place"]:
            assert row["state"] != following["state"] or (
                row["last_column"] + 1 < following["first_column"]
            )


def test_lanes_are_requested_in_parts_without_one_twice(catalog: Catalog) -> None:
    every = ask(catalog, "lanes")
    parts = [row for skip in range(0, 10, 3) for row in ask(catalog, "lanes", rows=3, skip=skip)]
    assert parts == every
    assert {row["lanes"] for row in every} == {len({row["place"] for row in every})}


def test_a_host_is_open_when_it_ends_with_fewer_paths_than_it_had(catalog: Catalog) -> None:
    held = defaultdict(list)
    for number in range(FINE + 1):
        at = f"{instant(number):%Y-%m-%dT%H:%MZ}"
        rows = run.run(catalog, header.reports()["paths"], ReportRequest(at=at)).records()
        count: dict[Lane, int] = defaultdict(int)
        for row in rows:
            count[row["cluster"], row["initiator"]] += row["sessions"] > 0
        for cluster in catalog.clusters:
            for host in range(random_paths.HOSTS):
                lane = (cluster, f"iqn.1994-05.com.redhat:h{host}")
                held[lane].append(count[lane])
    standings = {(row["cluster"], row["lane"]): row["standing"] for row in ask(catalog, "lanes")}
    for lane, standing in standings.items():
        assert (standing == "open") == (held[lane][-1] < max(held[lane])), lane


def test_density_counts_every_edge_and_every_unknown_second_once(catalog: Catalog) -> None:
    rows = ask(catalog, "density", columns=7)
    unknown = [row for row in ask(catalog, "coverage") if row["status"] == "unknown"]
    seconds = sum((row["to"] - row["from"]).total_seconds() for row in unknown)
    assert sum(row["unknown_seconds"] for row in rows) == seconds
    ((ended, began),) = catalog.run("select count(gone_by), count(seen_after) from spells").rows
    assert (sum(row["ended"] for row in rows), sum(row["began"] for row in rows)) == (ended, began)
    assert all(row["from"] < row["to"] <= random_paths.END for row in rows)


def test_a_step_leads_to_the_next_snapshot_or_change(catalog: Catalog) -> None:
    taken = [row["taken_at"] for row in ask(catalog, "snapshots") if row["status"] == "complete"]
    changed = {
        row[0]
        for row in catalog.run(
            "select gone_by from spells where gone_by is not null union select first_seen from spells"
            " where seen_after is not null"
        ).rows
    }
    before, after = taken[2], taken[6]
    numbers = [(at - random_paths.START) // random_paths.STEP for at in (before, after)]
    steps = {
        (row["handle"], row["by"], row["step"]): row["instant"]
        for row in pair(catalog, "steps", *numbers)
    }
    for handle, at in (("before", before), ("after", after)):
        for by, instants in (("snapshot", taken), ("change", changed)):
            earlier, later = ([i for i in instants if i < at], [i for i in instants if i > at])
            assert steps[handle, by, "previous"] == max(earlier, default=None)
            assert steps[handle, by, "next"] == min(later, default=None)


def test_a_cell_of_the_matrix_has_the_sessions_that_paths_has(catalog: Catalog) -> None:
    at = f"{random_paths.END:%Y-%m-%dT%H:%MZ}"
    paths = run.run(catalog, header.reports()["paths"], ReportRequest(at=at)).records()
    matrix = pair(catalog, "matrix", 0, random_paths.SNAPSHOTS - 1)
    key = ("cluster", "svm", "initiator", "interface", "sessions", "expected")
    paths_had = {tuple(row[name] for name in key) for row in paths}
    shown = {tuple(row[name] for name in key) for row in matrix}
    assert paths_had <= shown
    assert not any(sessions for *_, sessions, _ in shown - paths_had)
    at = f"{random_paths.START:%Y-%m-%dT%H:%MZ}"
    paths = run.run(catalog, header.reports()["paths"], ReportRequest(at=at)).records()
    held = {(row["cluster"], row["initiator"], row["interface"]): row["sessions"] for row in paths}
    for row in matrix:
        assert row["sessions_before"] == held.get(
            (row["cluster"], row["initiator"], row["interface"]), 0
        )


def test_a_cell_is_lost_or_new_when_changes_says_so(catalog: Catalog) -> None:
    for before, after in ((0, 4), (3, 9), (8, random_paths.SNAPSHOTS - 1)):
        changes = pair(catalog, "changes", before, after)
        matrix = pair(catalog, "matrix", before, after)
        for change, cell in (("lost", "lost"), ("appeared", "new")):
            reported = {
                (row["cluster"], row["initiator"], row["interface"])
                for row in changes
                if row["change"] == change
            }
            shown = {
                (row["cluster"], row["initiator"], row["interface"])
                for row in matrix
                if row["change"] == cell
            }
            assert shown == reported
