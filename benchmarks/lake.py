"""What an export of one round costs, beside a history of a year."""

import time
from pathlib import Path
from unittest.mock import patch

from analyzer import history
from analyzer.history import manifest as manifests
from analyzer.history.parts import engine, quote, source
from analyzer.lake import delta, holding
from analyzer.store.layout import Store
from benchmarks.figure import Figure
from benchmarks.fleet import START, STEP, Fleet, snapshot
from benchmarks.history import build, folder

_SHARE = 0.02  # of sessions that change from look to look: a year's changes in few looks


def lake(clusters: int, sessions: int, looks: int) -> list[Figure]:
    """Everything exported at first, then a round in which every cluster was looked at once more."""
    with folder() as root:
        fleet = Fleet(sessions, _SHARE)
        store = build(root / "store", fleet, looks)
        names = [f"cluster{number}" for number in range(clusters)]
        rows = sum(_clone(store, name) for name in names)
        first = _export(store, names, root / "lake")
        fleet.share = 0.001
        newest = fleet.step(looks)
        with patch("os.fsync"):
            for name in names:
                history.record(store, snapshot(name, START + STEP * looks, newest))
        again = _export(store, names, root / "lake")
        nothing = _export(store, names, root / "lake")
        what = f"export delta of {clusters} clusters, {rows:,} rows"
        return [
            Figure(f"{what}, all of it", *first, "s", "its processor time", "-"),
            Figure(f"{what}, one round", *again, "s", "its processor time", "<= 10 s"),
            Figure(f"{what}, nothing", *nothing, "s", "its processor time", "-"),
        ]


def _clone(store: Store, name: str) -> int:
    """The history of ``bench`` as that of another cluster; returns how many rows it has."""
    manifest = manifests.read(store, "bench")
    assert manifest is not None  # it was just folded
    home, there = store.history_folder("bench"), store.history_folder(name)
    there.mkdir()
    session = engine()
    rows = 0
    for file, _, _ in manifest.files():
        (copied,) = session.execute(
            f"copy (select {quote(name)} as cluster, * exclude (cluster) from {source([home / file])})"
            f" to {quote(there / file)} (format parquet, compression zstd)"
        ).fetchone() or (0,)
        rows += copied
    session.close()
    manifest.cluster, manifest.retired = name, {}
    manifests.forget_digests(manifest)
    manifests.add_digests(manifest, there)
    manifests.write(store, manifest)
    return rows


def _export(store: Store, clusters: list[str], target: Path) -> tuple[float, float]:
    """Seconds that it took, and those of a processor."""
    start, busy = time.perf_counter(), time.process_time()
    holdings, _ = holding.holdings(store, clusters)
    for table, items in holdings.items():
        delta.write(items, table, str(target))
    return time.perf_counter() - start, time.process_time() - busy
