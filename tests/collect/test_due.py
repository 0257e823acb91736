"""How often each inventory is asked for: politeness is a count of requests."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from analyzer import demo
from analyzer.collect import collector
from analyzer.config.cluster import Cluster
from analyzer.inventories import INVENTORIES
from analyzer.ontap.resources import RESOURCES
from analyzer.simulate import Fault, SimulatedArray, apply, base_world
from analyzer.store.layout import Store

START = datetime(2026, 11, 23, 2)  # naive means UTC here
RARE = {"lun_maps", "portsets", "ports"}


@dataclass
class Rounds:
    """A collector that runs every five minutes; *operations* happen in the array before a round."""

    array: SimulatedArray
    store: Store
    minutes: int = 0

    def next(self, *operations: str) -> set[str]:
        """The rare inventories that the next round asks for."""
        with self.array.moving() as world:
            for operation in operations:
                apply(world, *operation.split())
        self.array.requests.clear()
        self.minutes += 5
        cluster = Cluster("prod-a", self.array.url, "reader", password_env="DUE_SECRET")
        with demo.at(START + timedelta(minutes=self.minutes)):
            (outcome,) = collector.collect(self.store, [cluster])
        assert outcome.exit_code == 0, outcome
        paths = [request.path for request in self.array.requests]
        return {
            name
            for name, inventory in INVENTORIES.items()
            if inventory.rare and RESOURCES[name].path in paths
        }


@pytest.fixture
def rounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rounds]:
    monkeypatch.setenv("DUE_SECRET", "pretend")
    with SimulatedArray(base_world(), username="reader", password="pretend") as array:
        yield Rounds(array, Store(tmp_path / "store"))


def test_quiet_rounds_cost_nothing_and_once_an_hour_three_requests(rounds: Rounds) -> None:
    assert rounds.next() == RARE
    assert [rounds.next() for _ in range(3)] == [set()] * 3
    rounds.minutes += 35
    assert rounds.next() == set()
    assert rounds.next() == RARE
    assert rounds.next() == set()


def test_a_right_that_is_missing_is_not_requested_each_time(rounds: Rounds) -> None:
    rounds.array.faults = [Fault("status", RESOURCES["lun_maps"].path, status=403)]
    assert rounds.next() == RARE
    assert [rounds.next() for _ in range(3)] == [set()] * 3
    rounds.minutes += 60
    assert "lun_maps" in rounds.next()


def test_what_failed_is_requested_again_in_the_next_round(rounds: Rounds) -> None:
    rounds.array.faults = [Fault("malformed", RESOURCES["ports"].path)]
    assert rounds.next() == RARE
    rounds.array.faults = []
    assert rounds.next() == {"ports"}
    assert rounds.next() == set()


@pytest.mark.parametrize(
    ("operation", "inventories"),
    [
        ("igroup_add ig_new lnx1", {"lun_maps", "portsets"}),
        ("recreate_igroup ig_ora", {"lun_maps", "portsets"}),
        ("drop lnx1 L1", {"ports"}),
        ("fabric_off b", {"ports"}),
        ("failover L1 n2", {"ports"}),
        ("set S1 subtype sync_source", {"metrocluster"}),
        ("rename_svm S1 other", set()),
    ],
)
def test_what_happens_decides_what_is_requested(
    rounds: Rounds, operation: str, inventories: set[str]
) -> None:
    rounds.next()
    assert rounds.next(operation) == inventories
