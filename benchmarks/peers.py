"""What a user would pick instead, with the same answers: raw Parquet, Delta Lake, SQLite.

Each peer keeps the same snapshots and answers the same four questions: which connections were
there at an instant, which two instants differ by, every loss of the time, and how much it stores.
"""

import sqlite3
import tempfile
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Protocol

import duckdb
import polars as pl
from deltalake import DeltaTable, write_deltalake

from analyzer import history
from analyzer.report.catalog import Catalog
from analyzer.store.layout import Store
from benchmarks.figure import Figure, middle
from benchmarks.fleet import START, STEP, Fleet, snapshot

KEY = (
    "svm_id", "initiator", "isid", "tsih", "cid", "initiator_address", "initiator_port",
    "interface_id",
)  # fmt: skip
_KEYS = ", ".join(KEY)

Rows = list[tuple[object, ...]]


class Peer(Protocol):
    """One way to keep snapshots."""

    def store(self, taken_at: datetime, rows: pl.DataFrame) -> None: ...
    def as_of(self, instant: datetime) -> Rows:
        """The keys of the connections that were there."""

    def diff(self, before: datetime, after: datetime) -> Rows:
        """The keys that only one of two instants has."""

    def losses(self) -> Rows:
        """Key and instant of the first snapshot without it, of every connection that went."""

    def size(self) -> int:
        """Bytes on disk."""


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


class Ours:
    """The history; its snapshot files do not count, since ``compact`` deletes them."""

    def __init__(self, folder: Path) -> None:
        self._store = Store(folder)
        self._catalog: Catalog | None = None

    def store(self, taken_at: datetime, rows: pl.DataFrame) -> None:
        history.record(self._store, snapshot("bench", taken_at, rows))

    def _run(self, text: str, **parameters: object) -> Rows:
        if self._catalog is None:
            self._catalog = Catalog(self._store)
        return self._catalog.run(text, parameters).rows

    def as_of(self, instant: datetime) -> Rows:
        text = f"select {_KEYS} from spells where first_seen <= $at and last_seen >= $at"
        return self._run(f"{text} order by all", at=instant)

    def diff(self, before: datetime, after: datetime) -> Rows:
        text = (
            f"select {_KEYS} from spells group by all having"
            " bool_or(first_seen <= $before and last_seen >= $before)"
            " <> bool_or(first_seen <= $after and last_seen >= $after)"
        )
        return self._run(f"{text} order by all", before=before, after=after)

    def losses(self) -> Rows:
        text = f"select {_KEYS}, gone_by from spells where gone_by is not null order by all"
        return self._run(text)

    def size(self) -> int:
        return _bytes(self._store.root / "history")


# Every question over rows with ``taken_at``, as one would write it.
_AS_OF = f"select {_KEYS} from rows where taken_at = ? order by {_KEYS}"
_DIFF = f"""
select {_KEYS} from rows where taken_at in (?, ?) group by {_KEYS}
having count(distinct taken_at) = 1 order by {_KEYS}
"""
_LOSSES = f"""
with instants as (
    select taken_at, lead(taken_at) over (order by taken_at) as next_at
    from (select distinct taken_at from rows) t
), seen as (
    select {_KEYS}, taken_at, lead(taken_at) over (partition by {_KEYS} order by taken_at) as next
    from rows
)
select {_KEYS}, i.next_at from seen s join instants i using (taken_at)
where i.next_at is not null and (s.next is null or s.next <> i.next_at)
order by {_KEYS}, i.next_at
"""


class Parquet:
    """A zstd Parquet file for each snapshot, read by DuckDB."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._connection = duckdb.connect()

    def store(self, taken_at: datetime, rows: pl.DataFrame) -> None:
        self._folder.mkdir(exist_ok=True)
        stamped = rows.with_columns(taken_at=pl.lit(taken_at))
        stamped.write_parquet(
            self._folder / f"{taken_at:%Y%m%dT%H%M%S}.parquet", compression="zstd"
        )

    def _files(self) -> list[str]:
        return [str(path) for path in sorted(self._folder.glob("*.parquet"))]

    def _run(self, text: str, *parameters: object) -> Rows:
        self._connection.execute(
            "create or replace temp view rows as from read_parquet("
            + repr(self._files()) + ")"
        )  # fmt: skip
        return self._connection.execute(text, list(parameters)).fetchall()

    def as_of(self, instant: datetime) -> Rows:
        return self._run(_AS_OF, instant)

    def diff(self, before: datetime, after: datetime) -> Rows:
        return self._run(_DIFF, before, after)

    def losses(self) -> Rows:
        return self._run(_LOSSES)

    def size(self) -> int:
        return _bytes(self._folder)


class DeltaAppend(Parquet):
    """An append to a Delta table for each snapshot, read by DuckDB."""

    def store(self, taken_at: datetime, rows: pl.DataFrame) -> None:
        stamped = rows.with_columns(taken_at=pl.lit(taken_at))
        write_deltalake(self._folder, stamped.to_arrow(), mode="append")

    def _files(self) -> list[str]:
        return DeltaTable(self._folder).file_uris()


class DeltaMerge(Parquet):
    """A Delta table of spells (SCD type 2), with a MERGE for each snapshot."""

    _SAME = " and ".join(f"o.{name} = n.{name}" for name in KEY)

    def store(self, taken_at: datetime, rows: pl.DataFrame) -> None:
        spells = rows.with_columns(
            first_seen=pl.lit(taken_at), gone_by=pl.lit(None, dtype=pl.Datetime("us"))
        ).to_arrow()
        if not DeltaTable.is_deltatable(str(self._folder)):
            write_deltalake(self._folder, spells)
            return
        merge = DeltaTable(self._folder).merge(
            spells, f"{self._SAME} and o.gone_by is null", source_alias="n", target_alias="o"
        )
        moment = f"timestamp '{taken_at.isoformat()}'"
        merge = merge.when_not_matched_insert_all()
        merge.when_not_matched_by_source_update({"gone_by": moment}, "o.gone_by is null").execute()

    def _files(self) -> list[str]:
        return DeltaTable(self._folder).file_uris()

    def as_of(self, instant: datetime) -> Rows:
        text = (
            f"select {_KEYS} from rows where first_seen <= $1 and (gone_by is null or gone_by > $1)"
        )
        return self._run(f"{text} order by all", instant)

    def diff(self, before: datetime, after: datetime) -> Rows:
        text = (
            f"select {_KEYS} from rows group by all having"
            " bool_or(first_seen <= $1 and (gone_by is null or gone_by > $1))"
            " <> bool_or(first_seen <= $2 and (gone_by is null or gone_by > $2))"
        )
        return self._run(f"{text} order by all", before, after)

    def losses(self) -> Rows:
        return self._run(
            f"select {_KEYS}, gone_by from rows where gone_by is not null order by all"
        )


class SQLite:
    """One row per connection and snapshot, indexed by instant."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self._database = sqlite3.connect(folder / "sessions.db")

    def store(self, taken_at: datetime, rows: pl.DataFrame) -> None:
        flat = rows.with_columns(
            taken_at=pl.lit(taken_at.isoformat()),
            igroups=pl.col("igroups").list.eval(pl.element().struct.field("name")).list.join(","),
        )
        names = ", ".join(flat.columns)
        self._database.execute(f"create table if not exists rows ({names})")
        self._database.execute("create index if not exists by_instant on rows (taken_at)")
        marks = ", ".join("?" for _ in flat.columns)
        self._database.executemany(f"insert into rows values ({marks})", flat.iter_rows())
        self._database.commit()

    def as_of(self, instant: datetime) -> Rows:
        return self._database.execute(_AS_OF, [instant.isoformat()]).fetchall()

    def diff(self, before: datetime, after: datetime) -> Rows:
        instants = [before.isoformat(), after.isoformat()]
        return self._database.execute(_DIFF, instants).fetchall()

    def losses(self) -> Rows:
        rows = self._database.execute(_LOSSES).fetchall()
        return [(*row[:-1], datetime.fromisoformat(row[-1])) for row in rows]

    def size(self) -> int:
        return _bytes(self._folder)


PEERS: dict[str, Callable[[Path], Peer]] = {
    "zstd Parquet, DuckDB": Parquet,
    "Delta Lake, append": DeltaAppend,
    "Delta Lake, MERGE": DeltaMerge,
    "SQLite": SQLite,
}


def peers(connections: int, count: int) -> list[Figure]:
    """Ours beside each peer: size, storing one more snapshot, and the same answers."""
    figures = []
    end = START + STEP * (count - 1)
    questions: dict[str, Callable[[Peer], Rows]] = {
        "as of an instant": lambda peer: peer.as_of(end - STEP * (count // 2)),
        "diff of two instants": lambda peer: peer.diff(end - STEP * 12, end),
        f"every loss of {count:,} snapshots": lambda peer: peer.losses(),
    }
    with tempfile.TemporaryDirectory(prefix="analyzer-bench-") as name:
        ours, ours_storing = _fill(Ours, Path(name) / "ours", connections, count)
        answers = {what: ask(ours) for what, ask in questions.items()}
        spent = {what: middle(partial(ask, ours)) for what, ask in questions.items()}
        for against, make in PEERS.items():
            peer, storing = _fill(make, Path(name) / against.replace(" ", "-"), connections, count)
            figures.append(Figure("size on disk", ours.size(), peer.size(), "bytes", against, "-"))
            figures.append(Figure("store one snapshot", ours_storing, storing, "s", against, "-"))
            for what, ask in questions.items():
                if ask(peer) != answers[what]:
                    raise AssertionError(f"{against} answers otherwise: {what}")
                times = 1 if spent[what] * 1000 < middle(partial(ask, peer), 1) else 5
                figures.append(
                    Figure(what, spent[what], middle(partial(ask, peer), times), "s", against, "-")
                )
    return figures


def _fill(
    make: Callable[[Path], Peer], folder: Path, connections: int, count: int
) -> tuple[Peer, float]:
    """A peer that holds *count* snapshots, and the median seconds that storing one took."""
    peer = make(folder)
    fleet = Fleet(connections, 0.001)
    spent = []
    for number in range(count):
        rows = fleet.step(number) if number else fleet.rows
        spent.append(middle(partial(peer.store, START + STEP * number, rows), 1))
    return peer, sorted(spent)[len(spent) // 2]
