"""Who asks of one cluster waits for none of the others."""

from datetime import timedelta
from pathlib import Path

import pytest
from support.array_builder import T0, World, linux

from analyzer.report.archive import Archive
from analyzer.store.layout import Store

REPORTS = ("outages", "multipath-imbalance", "snapshots", "paths")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Two clusters; of each a host lost its sessions to a node."""
    for cluster in ("selected", "beside"):
        world = World(tmp_path, cluster, sessions=linux(1) + linux(2)).take(3)
        world.without("lnx1", world.lifs[0]).take(2)
    return Store(tmp_path)


def test_a_report_of_one_cluster_reads_no_file_of_another(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANALYZER_NOW", f"{T0 + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}")

    def answers() -> list[tuple[list[tuple[object, ...]], dict[str, str]]]:
        with Archive(store, ["selected"]) as archive:
            return [(archive.report(name).rows, archive.damaged) for name in REPORTS]

    before = answers()
    assert before[0][0], "the loss is an outage"
    for path in store.history_folder("beside").rglob("*"):
        if path.is_file():
            path.write_bytes(b"nobody can read this")
    assert answers() == before
