"""History against raw snapshots: size, speed, and whether a year costs more than a week."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

import polars as pl
from duckdb import DuckDBPyConnection

from analyzer import demo
from analyzer.history import parts
from analyzer.report import header, run
from analyzer.report.catalog import Catalog
from analyzer.store.layout import Store
from benchmarks import written
from benchmarks.figure import Figure, Median, budget, folder, middle, peak, size
from benchmarks.fleet import START, STEP, Fleet, add, build, history_size, put, snapshot
from benchmarks.peers import Ours, Parquet

TWO_GB = 2 * 10**9


def week(connections: int, count: int) -> list[Figure]:
    """One cluster's week: size, and every loss of it."""
    with folder() as root:
        store = build(root, Fleet(connections, 0.001), count)
        ours, raw = Ours(root), Parquet(store.snapshots)
        answers = []

        def losses(peer: Ours | Parquet) -> None:
            # Timed without sorting the rows or carrying them into Python, which costs both the same.
            hashed = f"select count(*), bit_xor(hash(t)) from ({peer.LOSSES}) t"
            answers.append(peer.run(hashed))

        spent, other = (middle(partial(losses, peer), 15) for peer in (ours, raw))
        if any(answer != answers[0] for answer in answers):
            raise AssertionError("the history and the snapshots disagree")
        what = f"{connections:,} connections, {count:,} snapshots"
        against = "peer: zstd Parquet"
        return [
            Figure(f"{what}: on disk", history_size(store), size(store.snapshots.rglob("*")),
                   "bytes", against, "<= 1/600"),
            Figure(f"{what}: every loss", spent, other, "s", f"{against}, a window query",
                   "<= 1/5000"),
        ]  # fmt: skip


def year(connections: int, day: int, short: int, long: int) -> list[Figure]:
    """The same questions of a day, a week and a year of one fleet."""
    with folder() as root:
        stores = {
            count: written.write(root / str(count), 1, connections // 4, count, count // 1000)
            for count in (day, short, long)
        }

        def spent(work: Callable[[Store, datetime], None], count: int) -> Median:
            with demo.at(end := written.last(count)):
                return middle(partial(work, stores[count], end))

        return [
            Figure(f"{connections:,} connections, {long:,} attempts: list ten", spent(_open, long), spent(_open, day), "s",
                   "a day's store", "<= 2"),
            *(
                Figure(f"a year of {connections:,} connections: {name}", spent(work, long),
                       spent(work, short), "s", "a week's store", "<= 1.2")
                for name, work in _QUESTIONS.items()
            ),
        ]  # fmt: skip


def _ask(store: Store, name: str, **times: str) -> None:
    catalog = Catalog(store)
    run.run(catalog, header.reports()[name], run.ReportRequest(**times))  # type: ignore[arg-type]
    catalog.close()


def _as_of(store: Store, end: datetime) -> None:
    catalog = Catalog(store)
    text = "select count(*) from spells where first_seen <= $at and last_seen >= $at"
    catalog.run(text, {"at": end - STEP * 100})
    catalog.close()


def _open(store: Store, _end: datetime) -> None:
    catalog = Catalog(store)
    catalog.run("select * from attempts order by taken_at desc limit 10")
    catalog.close()


_QUESTIONS: dict[str, Callable[[Store, datetime], None]] = {
    "open the store, list ten": _open,
    "as of an instant": _as_of,
    "pair diff": lambda store, end: _ask(
        store, "changes", before=(end - STEP * 12).isoformat(), after=end.isoformat()
    ),
    "losses of the last 24 hours": lambda store, end: _ask(
        store, "dropped-connections", since=(end - STEP * 288).isoformat(), until=end.isoformat()
    ),
}


def pair(connections: int) -> list[Figure]:
    """Two very large snapshots: folding and the diff against the barest DuckDB can do."""
    with folder() as root:
        fleet = Fleet(connections, 0.001)
        store = build(root, fleet, 1)
        items = [put(store, snapshot("bench", START + STEP, fleet.step(1)))]
        before, after = (store.snapshot("bench", START + STEP * number) for number in (0, 1))
        names = list(pl.read_parquet_schema(before))
        same = " and ".join(f'a."{name}" is not distinct from b."{name}"' for name in names)
        bare = parts.engine()
        joined = f"select count(*) from '{before}' a join '{after}' b on {same}"
        except_ = (
            f"select count(*) from ((from '{before}' except from '{after}')"
            f" union all (from '{after}' except from '{before}'))"
        )
        floor, floor_except = (middle(partial(_fetched, bare, text)) for text in (joined, except_))
        folding_ = partial(add, store, items, commit=False)
        folding, folding_peak = middle(folding_), peak(folding_)
        add(store, items)
        changes, changes_peak = middle(partial(_changes, store)), peak(_changes, store)
        what = f"{connections:,} connections"
        return [
            Figure(f"fold {what}", folding, floor, "s", "floor: hash join of both", "<= 2"),
            Figure(f"changes of 2 x {what}", changes, floor_except, "s", "floor: EXCEPT both ways",
                   "<= 1/2"),
            budget("peak memory, folding", folding_peak, TWO_GB, "bytes"),
            budget("peak memory, changes", changes_peak, TWO_GB, "bytes"),
        ]  # fmt: skip


def _fetched(session: DuckDBPyConnection, text: str) -> object:
    return session.execute(text).fetchall()


def _changes(store: Store) -> None:
    _ask(store, "changes", before=START.isoformat(), after=(START + STEP).isoformat())
