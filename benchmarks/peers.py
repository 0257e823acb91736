"""What a user would pick instead, with the same answers: raw Parquet, Delta Lake, SQLite.

Each peer keeps the same snapshots and answers the same questions: which connections were there at
an instant, in which two instants differ, every loss of the time; and how much it stores.
"""

import sqlite3
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Protocol

import duckdb
import polars as pl
from deltalake import DeltaTable, write_deltalake

from analyzer import history
from analyzer.report.catalog import Catalog
from analyzer.store.layout import Store
from analyzer.store.snapshot import Snapshot
from benchmarks.figure import Figure, folder, middle, size
from benchmarks.fleet import STEP, Fleet, add, history_size, put

KEY = (
    "svm_id", "initiator", "isid", "tsih", "cid", "initiator_address", "initiator_port",
    "interface_id",
)  # fmt: skip
_KEYS = ", ".join(KEY)

Rows = list[tuple[object, ...]]


class Peer(Protocol):
    """One way to keep snapshots."""

    def store(self, snapshot: Snapshot) -> None: ...
    def as_of(self, instant: datetime) -> Rows:
        """The keys of the connections that were there."""

    def diff(self, before: datetime, after: datetime) -> Rows:
        """The keys that only one of two instants has."""

    def losses(self) -> Rows:
        """Key and instant of the first snapshot without it, of every connection that went."""

    def size(self) -> int:
        """Bytes on disk."""


class Ours:
    """The history; its snapshot files do not count, since ``compact`` deletes them."""

    LOSSES = f"select {_KEYS}, gone_by from spells where gone_by is not null"

    def __init__(self, folder: Path) -> None:
        self._store = Store(folder)
        self._catalog: Catalog | None = None

    def fill(self, snapshots: list[Snapshot]) -> None:
        add(self._store, [])
        add(self._store, [put(self._store, snapshot) for snapshot in snapshots])

    def store(self, snapshot: Snapshot) -> None:
        history.record(self._store, snapshot)

    def run(self, text: str, **parameters: object) -> Rows:
        if self._catalog is None:
            self._catalog = Catalog(self._store)
        return self._catalog.run(text, parameters).rows

    def as_of(self, instant: datetime) -> Rows:
        text = f"select {_KEYS} from spells where first_seen <= $at and last_seen >= $at"
        return self.run(f"{text} order by all", at=instant)

    def diff(self, before: datetime, after: datetime) -> Rows:
        text = (
            f"select {_KEYS} from spells group by all having"
            " bool_or(first_seen <= $before and last_seen >= $before)"
            " <> bool_or(first_seen <= $after and last_seen >= $after)"
        )
        return self.run(f"{text} order by all", before=before, after=after)

    def losses(self) -> Rows:
        return self.run(f"{self.LOSSES} order by all")

    def size(self) -> int:
        return history_size(self._store)


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
"""


class Parquet:
    """A zstd Parquet file for each snapshot, named for its instant, read by DuckDB."""

    LOSSES = _LOSSES

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._connection = duckdb.connect()

    def store(self, snapshot: Snapshot) -> None:
        self._folder.mkdir(exist_ok=True)
        path = self._folder / f"{snapshot.taken_at:%Y%m%dT%H%M%SZ}.parquet"
        snapshot.sessions.rows.write_parquet(path, compression="zstd")

    def _rows(self) -> str:
        """A select of the rows of all snapshots."""
        instant = "strptime(parse_filename(filename, true), '%Y%m%dT%H%M%SZ')"
        files = f"read_parquet('{self._folder}/**/*.parquet', filename = true)"
        return f"select *, {instant} as taken_at from {files}"

    def run(self, text: str, *parameters: object) -> Rows:
        self._connection.execute(f"create or replace temp view rows as {self._rows()}")
        return self._connection.execute(text, list(parameters)).fetchall()

    def as_of(self, instant: datetime) -> Rows:
        return self.run(_AS_OF, instant)

    def diff(self, before: datetime, after: datetime) -> Rows:
        return self.run(_DIFF, before, after)

    def losses(self) -> Rows:
        return self.run(f"{self.LOSSES} order by all")

    def size(self) -> int:
        return size(self._folder.rglob("*"))


class DeltaAppend(Parquet):
    """An append to a Delta table for each snapshot, read by DuckDB."""

    def store(self, snapshot: Snapshot) -> None:
        stamped = snapshot.sessions.rows.with_columns(taken_at=pl.lit(snapshot.taken_at))
        write_deltalake(self._folder, stamped.to_arrow(), mode="append")

    def _rows(self) -> str:
        return f"from read_parquet({DeltaTable(self._folder).file_uris()!r})"


class DeltaMerge(DeltaAppend):
    """A Delta table of spells (SCD type 2), with a MERGE for each snapshot."""

    LOSSES = f"select {_KEYS}, gone_by from rows where gone_by is not null"
    _SAME = " and ".join(f"o.{name} = n.{name}" for name in KEY)

    def store(self, snapshot: Snapshot) -> None:
        taken_at = snapshot.taken_at
        spells = snapshot.sessions.rows.with_columns(
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

    def as_of(self, instant: datetime) -> Rows:
        text = (
            f"select {_KEYS} from rows where first_seen <= $1 and (gone_by is null or gone_by > $1)"
        )
        return self.run(f"{text} order by all", instant)

    def diff(self, before: datetime, after: datetime) -> Rows:
        text = (
            f"select {_KEYS} from rows group by all having"
            " bool_or(first_seen <= $1 and (gone_by is null or gone_by > $1))"
            " <> bool_or(first_seen <= $2 and (gone_by is null or gone_by > $2))"
        )
        return self.run(f"{text} order by all", before, after)


class SQLite:
    """One row per connection and snapshot, indexed by instant."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self._database = sqlite3.connect(folder / "sessions.db")

    def store(self, snapshot: Snapshot) -> None:
        flat = snapshot.sessions.rows.with_columns(
            taken_at=pl.lit(snapshot.taken_at.isoformat()),
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
        rows = self._database.execute(f"{_LOSSES} order by {_KEYS}, next_at").fetchall()
        return [(*row[:-1], datetime.fromisoformat(row[-1])) for row in rows]

    def size(self) -> int:
        return size(self._folder.rglob("*"))


PEERS: dict[str, Callable[[Path], Peer]] = {
    "zstd Parquet, DuckDB": Parquet,
    "Delta Lake, append": DeltaAppend,
    "Delta Lake, MERGE": DeltaMerge,
    "SQLite": SQLite,
}
_BOUNDS = {"diff of two instants": "<= 1", "every loss": "<= 1/2", "size": "<= 1/10"}


def peers(connections: int, count: int) -> list[Figure]:
    """Ours beside each peer: size, storing one more snapshot, and the same answers."""
    snapshots = list(Fleet(connections, 0.001).snapshots(count))
    end = snapshots[-1].taken_at
    questions: dict[str, Callable[[Peer], Rows]] = {
        "as of an instant": lambda peer: peer.as_of(end - STEP * (count // 2)),
        "diff of two instants": lambda peer: peer.diff(end - STEP * 12, end),
        "every loss": lambda peer: peer.losses(),
    }
    figures = []
    with folder() as root:
        answers: dict[str, Rows] = {}
        ours = _measured(Ours(root / "ours"), snapshots, questions, answers)
        for against, make in PEERS.items():
            peer = make(root / against.replace(" ", "-"))
            theirs = _measured(peer, snapshots, questions, answers)
            figures += [
                Figure(f"{connections:,} connections, {count} snapshots: {what}", ours[what], other,
                       "bytes" if what == "size" else "s", f"peer: {against}", _BOUNDS.get(what, "-"))
                for what, other in theirs.items()
            ]  # fmt: skip
    return figures


def _measured(
    peer: Peer, snapshots: list[Snapshot], questions: dict[str, Callable[[Peer], Rows]],
    answers: dict[str, Rows],
) -> dict[str, float]:  # fmt: skip
    """What each of the last snapshots takes to store, then each question, and the size.

    Raises:
        AssertionError: it answers otherwise than the first one did.
    """
    waiting = iter(snapshots[-5:])
    if isinstance(peer, Ours):
        peer.fill(snapshots[:-5])
    else:
        for snapshot in snapshots[:-5]:
            peer.store(snapshot)
    measured: dict[str, float] = {"store one more": middle(lambda: peer.store(next(waiting)))}
    for what, ask in questions.items():
        rows: list[Rows] = []
        measured[what] = middle(lambda ask=ask, rows=rows: rows.append(ask(peer)))  # type: ignore[misc]  # the loop's values
        if rows[0] != answers.setdefault(what, rows[0]):
            raise AssertionError(f"{type(peer).__name__} answers otherwise: {what}")
    return measured | {"size": float(peer.size())}
