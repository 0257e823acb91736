"""A simulated night that was collected, and a server of it on a real socket."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import pytest
from support.collected_night import START, Night, answers, collected
from support.serving import serving

from analyzer.rest.server.app import App
from analyzer.rest.server.authentication import Authenticator
from analyzer.rest.server.workers import Workers
from analyzer.simulate import Fault, SimulatedArray, apply, base_world
from analyzer.store.layout import Store


@pytest.fixture(scope="session")
def night(tmp_path_factory: pytest.TempPathFactory) -> Night:
    """02:00 and 02:05 complete, 02:10 failed, 02:15 partial, 02:20 complete, 02:25 suspect.

    From 02:20 on lnx1 is gone. At 02:05 the nodes were refused.
    """
    recording = Night(Store(tmp_path_factory.mktemp("night") / "store"))
    world = base_world()
    apply(world, "set", "lnx1", "comment", "rack 4: 100%_\\")
    apply(world, "set", "lnx2", "alias", "Änne")
    apply(world, "drop", "lnx2", "L3")
    apply(world, "bind", "ig_ora", "ps_ora", "L1", "L2", "L3", "L4")
    with SimulatedArray(world) as array:
        looks = (
            (0, "complete", []),
            (5, "complete", [Fault("status", "*/nodes", status=403)]),
            (10, "failed", [Fault("status", status=401)]),
            (15, "partial", [Fault("status", "*/sessions", nth=1, status=500)]),
            (20, "complete", []),
            (25, "suspect", [Fault("empty", "*/sessions")]),
        )
        for minute, status, faults in looks:
            at = START + timedelta(minutes=minute)
            if minute == 20:
                with array.moving():
                    apply(world, "drop", "lnx1")
            array.faults = faults
            assert collected(recording.store, array, at) == status
            recording.worlds[at] = world.copy()
    return recording


@pytest.fixture(scope="session")
def served(night: Night) -> Iterator[Night]:
    """The night with a server on ``port``."""
    workers = Workers(partial(answers, night.store))
    with serving(App(Authenticator(), workers)) as listening:
        night.port = listening.getsockname()[1]
        yield night
    workers.close()


@pytest.fixture(autouse=True)
def _later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANALYZER_NOW", "2026-11-23T02:26:00Z")
