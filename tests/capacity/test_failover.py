"""What failover foretells is what the simulated array then does, host by host."""

from pathlib import Path
from typing import Any

import pytest
from support.catalogs import opened

from analyzer import clock
from analyzer.collect import collector
from analyzer.config.cluster import Cluster
from analyzer.report import header, run
from analyzer.report.run import ReportRequest
from analyzer.simulate import SimulatedArray, apply, base_world
from analyzer.store.layout import Store

Held = dict[tuple[str, str], int]


def ask(root: Path, name: str, /, **params: Any) -> list[dict[str, Any]]:
    catalog = opened(Store(root), clock.now())
    return run.run(catalog, header.reports()[name], ReportRequest(params=params)).records()


def held(root: Path) -> Held:
    """Sessions of each host in each SVM."""
    sessions: Held = {}
    for row in ask(root, "paths"):
        key = (row["svm"], row["initiator"])
        sessions[key] = sessions.get(key, 0) + row["sessions"]
    return sessions


@pytest.mark.parametrize("moves", [False, True])
@pytest.mark.parametrize(
    ("kind", "operation", "of"),
    [("node", "takeover", "n2"), ("node", "takeover", "n1"), ("interface", "drop_lif", "L1")],
)
def test_it_agrees_with_the_array_that_is_made_to_fail(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    moves: bool,
    kind: str,
    operation: str,
    of: str,
) -> None:
    monkeypatch.setenv("PRETEND", "demonstration")
    world = base_world(moves=moves)
    apply(world, "drop", "lnx2", "L3")
    apply(world, "drop", "esx3", "L1")
    with SimulatedArray(world, username="reader", password="demonstration") as array:
        cluster = Cluster("c1", array.url, "reader", password_env="PRETEND")

        def snapshot(at: str) -> None:
            monkeypatch.setenv("ANALYZER_NOW", at)
            (outcome,) = collector.collect(Store(tmp_path), [cluster])
            assert outcome.status == "complete"

        snapshot("2026-11-23T02:00:00Z")
        before = held(tmp_path)
        name = world.interfaces[of].name if kind == "interface" else of
        forecast = {
            (row["svm"], row["initiator"]): row
            for row in ask(tmp_path, "failover", kind=kind, name=name)
            if row["initiator"]
        }
        with array.moving():
            apply(world, operation, of)
        snapshot("2026-11-23T02:05:00Z")
    after = held(tmp_path)
    assert forecast
    for who, sessions in before.items():
        foretold = forecast[who]["left"] if who in forecast else sessions
        assert foretold == after.get(who, 0), who
