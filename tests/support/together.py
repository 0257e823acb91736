"""Worlds of many tests as clusters of one store, which is asked once; see ``support.steps``.

    together = asked_together(four_hosts)

    @together
    def test_a_path_is_missing(world: World) -> Steps:
        yield world.without("lnx2", B2).take()
        assert world.ask("multipath-imbalance")

What a report says of a cluster does not depend on the others (``cli/test_names.py``), but for
times that are not named. The histories end at one instant, at which they are asked; answers are of
each world's own time.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import polars as pl
from support.array_builder import T0, Question, World
from support.folding import record_together
from support.steps import in_steps

from analyzer import clock
from analyzer.store.layout import Store
from analyzer.store.snapshot import Snapshot

Row: TypeAlias = dict[str, Any]
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def asked_together(build: Callable[[Path], World]) -> Any:
    """A decorator of tests that each begin with the world that *build* makes, and yield it."""

    def waiting(root: Path) -> World:
        world = build(root)
        world.unrecorded = []
        return world

    return in_steps(waiting, SharedStore)


class SharedStore:
    """The histories of worlds as they are now, each a cluster; all end at one instant."""

    def __init__(self, root: Path, worlds: Sequence[World]) -> None:
        """Record them."""
        self.store = Store(root)
        self.begin = self.end = max(world.now for world in worlds)
        self.places: dict[int, tuple[str, datetime]] = {}  # by world: its cluster and its end
        self.answers: dict[str, list[Row]] = {}
        for number, world in enumerate(worlds):
            cluster, by = f"c{number:03}", self.end - world.now
            self.places[id(world)] = cluster, world.now
            snapshots = [_moved(snapshot, by, cluster) for snapshot in world.unrecorded or []]
            record_together(self.store, snapshots)
            self.begin = min(self.begin, T0 + by)
            world.shared = self

    def rows(self, world: World, question: Question) -> list[Row]:
        """What is said of the world's cluster, in the world's own time."""
        key = repr(question)
        if key not in self.answers:
            self.answers[key] = question.answer(self.store, self.begin, self.end)
        cluster, end = self.places[id(world)]
        assert end == world.now, "the world went on: yield it before you ask"
        return [
            {name: _moved_value(value, end - self.end) for name, value in row.items()}
            | {"cluster": world.cluster}
            for row in self.answers[key]
            if row["cluster"] == cluster
        ]


def _moved(snapshot: Snapshot, by: timedelta, cluster: str) -> Snapshot:
    """The same snapshot of another cluster, with what the array logged before it, at another time."""
    inventories = dict(snapshot.inventories)
    if events := inventories.get("ems"):
        inventories["ems"] = replace(events, rows=events.rows.with_columns(pl.col("time") + by))
    taken_at = snapshot.taken_at + by
    return replace(snapshot, cluster=cluster, taken_at=taken_at, inventories=inventories)


def _moved_value(value: Any, by: timedelta) -> Any:
    """A value of a row, with the instant that it is, or the instants that it names, moved."""
    if isinstance(value, datetime):
        return value + by
    if isinstance(value, str):
        return _INSTANT.sub(lambda match: clock.iso(clock.parse(match[0]) + by), value)
    return value
