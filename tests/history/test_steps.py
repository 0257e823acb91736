"""Killed before any call that changes the disk, a writer leaves a store that is well and goes on.

The kill is injected: from the n-th rename, unlink, link, mkdir, rmdir or fsync on, every such call
fails with what no code catches, as for a process that is no longer there.
"""

import hashlib
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
from analyzer.alerts import state
from analyzer.alerts.check import check
from analyzer.collect import collector, files
from analyzer.config.cluster import Cluster
from analyzer.config.rules import CheckSettings
from analyzer.evidence import bundle
from analyzer.evidence.bundle import BundleRequest
from analyzer.report.catalog import Catalog
from analyzer.report.run import ReportRequest
from analyzer.schema import TABLES
from analyzer.simulate import SimulatedArray, base_world
from analyzer.store.layout import Store

pytestmark = pytest.mark.usefixtures("views_are_made")

KILLS = effort(1, 0)  # of each kind of work; 0 is all of them
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
    world = World(root, "c1", sessions=[*linux(1), *linux(2)], inventories=("interfaces",))
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


def check_once(store: Store, _cluster: Cluster) -> None:
    with demo.at(END):
        catalog = Catalog(store)
        result = check(catalog, ReportRequest(), CheckSettings(), only=["outages"])
        catalog.close()
        state.remember(store, state.news(store, result.checked, result.clusters, END))


def evidence(store: Store, _cluster: Cluster) -> None:
    with demo.at(END):
        bundle.write(store, BundleRequest(T0, END, ["c1"]), written(store))


def written(store: Store) -> Path:
    return store.root.with_suffix(".zip")


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
    "check once": check_once,
    "evidence": evidence,
}


def answers(store: Store) -> dict[str, list[str]]:
    """All rows of the store, the findings that were sent, and the digest of a bundle."""
    catalog = Catalog(store)
    tables = {
        table.name: sorted(map(str, catalog.run(f"from {table.name}").rows)) for table in TABLES
    }
    tables["attempts"] = sorted(
        map(str, catalog.run("select taken_at, status, content from attempts").rows)
    )
    catalog.close()
    files = [path for path in (store.alerts, written(store)) if path.exists()]
    tables["files"] = [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]
    return tables


@pytest.mark.parametrize(
    "work",
    [pytest.param(work, marks=pytest.mark.thorough if work == "evidence" else ()) for work in WORK],
)
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
