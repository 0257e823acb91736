"""Killed before any call that changes the disk, a writer leaves a store that is well and goes on.

The kill is injected: from the n-th rename, unlink, link, mkdir, rmdir or fsync on, every such call
fails with what no code catches, as for a process that is no longer there.
"""

import json
import os
import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from support.array_builder import A2, T0, World, linux
from support.effort import effort
from support.snapshot_rows import lone, row

from analyzer import clock, demo, history
from analyzer.collect import collector, files
from analyzer.config.cluster import Cluster
from analyzer.report.catalog import Catalog
from analyzer.schema import TABLES
from analyzer.simulate import SimulatedArray, base_world
from analyzer.store.layout import Store

pytestmark = pytest.mark.usefixtures("views_are_made")

KILLS = effort(2, 0)  # of each kind of work; 0 is all of them
CALLS = ("replace", "rename", "unlink", "link", "mkdir", "rmdir")
END = T0 + timedelta(days=1)


class Killed(BaseException):
    """What a killed process does next: nothing."""


@contextmanager
def killed_at(number: int) -> Iterator[list[str]]:
    """Count the calls that change the disk; from *number* on none is made any more."""
    calls: list[str] = []

    def counted(name: str, call: Callable[..., object]) -> Callable[..., object]:
        def counting(*arguments: object, **options: object) -> object:
            calls.append(name)
            if len(calls) >= number:
                raise Killed
            return call(*arguments, **options)

        return counting

    with pytest.MonkeyPatch.context() as patch:
        for name in CALLS:
            patch.setattr(os, name, counted(name, getattr(os, name)))
        patch.setattr("analyzer.store.publish._sync", counted("fsync", lambda _path: None))
        yield calls


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("steps") / "store"
    world = World(root, "c1", sessions=[*linux(1), *linux(2)])
    world.take(2).without("lnx1", A2).take().change(A2, node="n1").take()
    world.take(status="partial").take()
    return root


def collect(store: Store, cluster: Cluster) -> None:
    with demo.at(END):
        collector.collect(
            store, [cluster], compact_after=timedelta(hours=1), keep=timedelta(hours=23, minutes=40)
        )


def take_in(store: Store, minute: int) -> None:
    page = store.root.with_suffix(".json")
    page.write_text(json.dumps({"records": base_world().sessions()}))
    files.bring(store, "c1", T0 + timedelta(minutes=minute), [page], future=True)


WORK: dict[str, Callable[[Store, Cluster], object]] = {
    "collect": collect,
    "import": lambda store, _: take_in(store, 60),
    "late import": lambda store, _: take_in(store, 7),
    "first record": lambda store, _: history.record(
        store, replace(lone("complete", [row("a", 1, 1)], 0), cluster="c2")
    ),
    "compact": lambda store, _: history.compact(store, "c1", END),
    "prune": lambda store, _: history.prune(store, "c1", T0 + timedelta(minutes=12)),
    "rebuild": lambda store, _: history.rebuild(store, "c1"),
}


def answers(store: Store) -> dict[str, list[str]]:
    catalog = Catalog(store)
    tables = {
        table.name: sorted(map(str, catalog.run(f"from {table.name}").rows)) for table in TABLES
    }
    tables["attempts"] = sorted(
        map(str, catalog.run("select taken_at, status, content from attempts").rows)
    )
    catalog.close()
    return tables


@pytest.mark.parametrize("work", WORK)
def test_a_kill_before_any_step_leaves_a_store_that_is_well_and_goes_on(
    work: str, original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STEPS_SECRET", "pretend")
    with SimulatedArray(base_world(), username="reader", password="pretend") as array:
        array.clock = clock.now
        cluster = Cluster("c1", array.url, "reader", password_env="STEPS_SECRET")

        def copied(name: str) -> Store:
            shutil.copytree(original, tmp_path / name)
            return Store(tmp_path / name)

        expected = copied("whole")
        with killed_at(1 << 30) as calls:
            WORK[work](expected, cluster)
        numbers = range(1, len(calls) + 1)
        for number in numbers if not KILLS else random.Random(work).sample(numbers, KILLS):
            store = copied(f"killed-{number}")
            with killed_at(number), pytest.raises(Killed):
                WORK[work](store, cluster)
            where = (work, number, calls[number - 1])
            for name in store.clusters():
                assert history.verify(store, name).problems == (), where
            assert not [stray for stray in history.strays(store) if stray.data], where
            WORK[work](store, cluster)
            with demo.at(END):
                assert answers(store) == answers(expected), where
            assert history.verify(store, "c1").problems == (), where
            shutil.rmtree(store.root)
