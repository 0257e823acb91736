"""Random nights against an oracle that watches the world: nothing missed, nothing made up."""

from collections import Counter, defaultdict
from random import Random
from typing import Any

import pytest
from support import oracle
from support.effort import effort
from support.scene import Scene, Watch

NIGHTS = range(effort(2, 24))


class Comparison:
    """One night, what was true, and what the reports say of it."""

    def __init__(self, night: oracle.Night, scene: Scene) -> None:
        self.night = night
        self.scene = scene
        self.looks = oracle.watched(night)
        self.blurred = oracle.blurred(self.looks)
        self.losses = [loss for loss in oracle.losses(self.looks) if loss.path not in self.blurred]

    def rows(self, name: str) -> list[dict[str, Any]]:
        return self.scene.rows(name)

    def clear(self, name: str) -> list[tuple[oracle.Path, dict[str, Any]]]:
        """The rows of a report, by path, without those of paths that nobody could see clearly."""
        return [(_path(row), row) for row in self.rows(name) if _path(row) not in self.blurred]


def _path(row: dict[str, Any]) -> oracle.Path:
    return row["initiator"], row["initiator_address"], row["interface_address"]


@pytest.fixture(scope="module")
def comparisons(tmp_path_factory: pytest.TempPathFactory) -> list[Comparison]:
    watch = Watch(tmp_path_factory.mktemp("nights"))
    nights = [oracle.incident(Random(f"night {number}")) for number in NIGHTS]
    return [
        Comparison(night, watch(night.text, until="03:20", looks=night.looks)) for night in nights
    ]


@pytest.fixture(scope="module", params=NIGHTS)
def comparison(request: pytest.FixtureRequest, comparisons: list[Comparison]) -> Comparison:
    return comparisons[request.param]


def test_every_loss_is_reported_once_with_its_bounds_and_no_other(comparison: Comparison) -> None:
    true = Counter(
        (loss.path, loss.after, loss.by, loss.sessions, loss.left) for loss in comparison.losses
    )
    reported = Counter(
        (path, row["lost_after"], row["lost_by"], row["sessions_lost"], row["path_sessions_left"])
        for path, row in comparison.clear("dropped-connections")
    )
    assert reported == true, comparison.night


def test_every_recovery_has_its_bounds(comparison: Comparison) -> None:
    true = {
        (loss.path, loss.by): oracle.recovery(comparison.looks, loss) for loss in comparison.losses
    }
    for path, row in comparison.clear("dropped-connections"):
        back = row["back_by"] and (row["back_after"], row["back_by"])
        assert back == true[path, row["lost_by"]], (row, comparison.night)


def test_what_was_lost_and_what_appeared_add_up(comparison: Comparison) -> None:
    moved: Counter[oracle.Path] = Counter()
    for path, row in comparison.clear("events"):
        moved[path] += {"lost": -1, "appeared": 1}.get(row["change"], 0) * row["sessions"]
    for svm in {svm for look in comparison.looks for svm in look.scope}:
        first, *_, last = (look.paths[svm] for look in comparison.looks if svm in look.scope)
        for path in (first.keys() | last.keys()) - comparison.blurred:
            assert moved.pop(path, 0) == last[path] - first[path], (path, comparison.night)
    assert not +moved, comparison.night


def test_grouping_loses_nobody(comparison: Comparison) -> None:
    rows = comparison.rows("dropped-connections")
    outages = comparison.rows("outages")
    assert sum(outage["paths"] for outage in outages) == len(rows)
    members = defaultdict(set)
    for group in outages:
        members[group["cause_kind"], group["cause"], group["lost_by"]] |= set(group["members"])
    for row in rows:
        assert row["initiator"] in members[row["cause_kind"], row["cause"], row["lost_by"]]


def test_who_was_there_at_the_first_look_is_not_new(comparison: Comparison) -> None:
    first = {
        path[0] for svm in comparison.looks[0].scope for path in comparison.looks[0].paths[svm]
    }
    assert all(row["kind"] != "new" or row["initiator"] not in first
               for row in comparison.rows("new-initiators"))  # fmt: skip


def test_before_and_after_are_what_was_true(comparison: Comparison) -> None:
    first, last = comparison.looks[0], comparison.looks[-1]
    fallen = {
        path: (before, last.paths[svm][path])
        for svm in first.scope & last.scope
        for path, before in first.paths[svm].items()
        if last.paths[svm][path] < before
    }
    reported = {
        _path(row): (row["sessions_before"], row["sessions_after"])
        for row in comparison.scene.rows("not-recovered", before=first.at, after=last.at)
    }
    at_the_ends = {path for look in (first, last) for gone in look.missed.values()
                   for path in gone.values()}  # fmt: skip
    assert {path: two for path, two in reported.items() if path not in at_the_ends} == {
        path: two for path, two in fallen.items() if path not in at_the_ends
    }, comparison.night
