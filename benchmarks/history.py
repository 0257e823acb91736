"""History against raw snapshots: size, speed, and whether a year costs more than a week."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from unittest.mock import patch

import msgspec
import polars as pl

from analyzer.history import History, parts
from analyzer.history import manifest as manifests
from analyzer.history.attempts import SnapshotFiles, snapshot_files
from analyzer.report import header, run
from analyzer.report.catalog import Catalog
from analyzer.store.layout import Store
from analyzer.store.snapshot import attempt, write
from benchmarks.figure import Figure, best, peak
from benchmarks.fleet import START, STEP, Fleet, snapshot

TWO_GB = 2 * 10**9

# A connection that the next snapshot does not have, the plain way.
_RAW_LOSSES = """
with seen as (
    select *, taken_at, lead(taken_at) over (
        partition by svm_id, initiator, isid, tsih, cid, initiator_address, initiator_port,
            interface_id order by taken_at) as next_seen
    from rows
), instants as (
    select taken_at, lead(taken_at) over (order by taken_at) as next_at
    from (select distinct taken_at from rows)
)
select s.initiator, s.interface_id, s.tsih, s.initiator_port, s.taken_at, i.next_at
from seen s join instants i using (taken_at)
where i.next_at is not null and s.next_seen is distinct from i.next_at
order by all
"""

_LOSSES = """
select initiator, interface_id, tsih, initiator_port, last_seen, gone_by
from spells where gone_by is not null order by all
"""


@contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="analyzer-bench-") as name:
        yield Path(name)


def _bytes(paths: Iterator[Path]) -> int:
    return sum(path.stat().st_size for path in paths)


def build(
    root: Path, fleet: Fleet, count: int, chunk: int = 2016, *, sparse: bool = False
) -> Store:
    """A store of *count* snapshots, folded a week at a time.

    Nothing waits for the disk: setting up is not what is measured. With *sparse*, a snapshot
    that says just what the one before it said has no file of its own.
    """
    with patch("os.fsync"):
        return _build(Store(root), fleet, count, chunk, sparse=sparse)


def _build(store: Store, fleet: Fleet, count: int, chunk: int, *, sparse: bool) -> Store:
    with History.open(store, "bench"):
        pass  # commits the first manifest: snapshots without one are damage
    waiting: list[SnapshotFiles] = []
    last: tuple[object, SnapshotFiles] | None = None
    for taken in fleet.snapshots(count):
        if sparse and last is not None and taken.sessions.rows is last[0]:
            again = msgspec.structs.replace(last[1].attempt, taken_at=taken.taken_at)
            item = SnapshotFiles(again, last[1].files)
        else:
            answer = attempt(taken)
            write(store, taken, answer)
            path = store.snapshot("bench", taken.taken_at)
            item = SnapshotFiles(answer, {"spells": path})
            last = (taken.sessions.rows, item)
        waiting.append(item)
        if len(waiting) == chunk:
            _fold(store, waiting)
            waiting = []
    _fold(store, waiting)
    return store


def _fold(store: Store, items: list[SnapshotFiles]) -> None:
    with History.open(store, "bench") as history:
        history.add(items)
        history.commit()


def week(connections: int, count: int) -> list[Figure]:
    """One cluster's week: size, and every loss of it."""
    with folder() as root:
        store = build(root, Fleet(connections, 0.001), count)
        raw = _bytes(store.snapshots.rglob("*.parquet"))
        manifest = manifests.read(store, "bench")
        assert manifest is not None  # it was just folded
        folded = _bytes(store.history_folder("bench") / name for name in manifest.names)
        raw_files = f"{store.snapshots}/*/*/*Z.parquet"
        session = parts.engine()
        session.execute(
            "create view rows as select *, strptime(parse_filename(filename, true),"
            f" '%Y%m%dT%H%M%SZ') as taken_at from read_parquet('{raw_files}', filename = true)"
        )
        catalog = Catalog(store)
        ours = catalog.run(_LOSSES).rows
        theirs = session.execute(_RAW_LOSSES).fetchall()
        if ours != theirs:
            raise AssertionError("the history and the snapshots disagree")
        # Timed without carrying the rows into Python, which costs both the same.
        first, other = (
            f"select count(*), bit_xor(hash(t)) from ({q}) t" for q in (_LOSSES, _RAW_LOSSES)
        )
        return [
            Figure("history on disk", folded, raw, "bytes", "zstd Parquet snapshots", "<= 1/600"),
            Figure(
                f"every loss of the week ({len(ours):,})",
                best(lambda: catalog.run(first), 7),
                best(lambda: session.execute(other).fetchall(), 1),
                "s",
                "one window query over the snapshots",
                "<= 1/5000",
            ),
        ]


def year(connections: int, day: int, short: int, long: int) -> list[Figure]:
    """The same questions of a day, a week and a year of one fleet."""
    figures = []
    with folder() as least, folder() as shorter, folder() as longer:
        first, *stores = [
            build(root, Fleet(connections, 0.001), count, sparse=True)
            for root, count in ((least, day), (shorter, short), (longer, long))
        ]
        ends = [START + STEP * (count - 1) for count in (short, long)]
        opening = [best(partial(_open, store, None), 7) for store in (first, stores[-1])]
        figures.append(
            Figure(
                f"open the store of {long:,} attempts, list the last ten",
                opening[1],
                opening[0],
                "s",
                "a day's store",
                "<= 2",
            )
        )
        for name, work in _QUESTIONS.items():
            week_time, year_time = (
                best(partial(work, store, end), 7) for store, end in zip(stores, ends, strict=True)
            )
            figures.append(Figure(name, year_time, week_time, "s", "a week's store", "<= 1.2"))
    return figures


def _ask(store: Store, name: str, **times: str) -> None:
    catalog = Catalog(store)
    run.run(catalog, header.reports()[name], run.ReportRequest(**times))  # type: ignore[arg-type]
    catalog.close()


def _as_of(store: Store, end: object) -> None:
    catalog = Catalog(store)
    catalog.run(
        "select count(*) from spells where first_seen <= $at and last_seen >= $at",
        {"at": end - STEP * 100},  # type: ignore[operator]
    )
    catalog.close()


def _open(store: Store, _end: object) -> None:
    catalog = Catalog(store)
    catalog.run("select * from attempts order by taken_at desc limit 10")
    catalog.close()


_QUESTIONS = {
    "open the store, list the last ten": _open,
    "as of an instant": _as_of,
    "pair diff": lambda store, end: _ask(
        store,
        "changes",
        before=f"{end - STEP * 12:%Y-%m-%dT%H:%M:%S}",
        after=f"{end:%Y-%m-%dT%H:%M:%S}",
    ),
    "losses of the last 24 hours": lambda store, end: _ask(
        store,
        "dropped-connections",
        since=f"{end - STEP * 288:%Y-%m-%dT%H:%M:%S}",
        until=f"{end:%Y-%m-%dT%H:%M:%S}",
    ),
}


def pair(connections: int) -> list[Figure]:
    """Two very large snapshots: folding and the diff against the barest DuckDB can do."""
    with folder() as root:
        store = Store(root)
        fleet = Fleet(connections, 0.001)
        first, second = (
            snapshot("bench", START + STEP * n, fleet.step(n) if n else fleet.rows) for n in (0, 1)
        )
        for taken in (first, second):
            write(store, taken, attempt(taken))
        _fold(store, snapshot_files(store, "bench", [first.taken_at]))
        before, after = (store.snapshot("bench", taken.taken_at) for taken in (first, second))
        names = list(pl.read_parquet_schema(before))
        same = " and ".join(f'a."{name}" is not distinct from b."{name}"' for name in names)
        bare = parts.engine()
        joined = f"select count(*) from '{before}' a join '{after}' b on {same}"
        floor = best(lambda: bare.execute(joined).fetchall())
        except_ = (
            f"select count(*) from ((from '{before}' except from '{after}')"
            f" union all (from '{after}' except from '{before}'))"
        )
        floor_except = best(lambda: bare.execute(except_).fetchall())
        items = snapshot_files(store, "bench", [second.taken_at])
        folding = best(lambda: _add(store, items))
        folding_peak = peak(_add, store, items)
        _fold(store, items)
        changes = best(lambda: _changes(store))
        changes_peak = peak(_changes, store)
        return [
            Figure("folding", folding, floor, "s", "bare hash join of the two files", "<= 2"),
            Figure("changes", changes, floor_except, "s", "bare EXCEPT both ways", "<= 1/2"),
            Figure("peak memory, folding", folding_peak, TWO_GB, "bytes", "2 GB", "<= 1"),
            Figure("peak memory, changes", changes_peak, TWO_GB, "bytes", "2 GB", "<= 1"),
        ]


def _changes(store: Store) -> None:
    _ask(store, "changes", before=START.isoformat(), after=(START + STEP).isoformat())


def _add(store: Store, items: list[SnapshotFiles]) -> None:
    with History.open(store, "bench") as history:
        history.add(items)
