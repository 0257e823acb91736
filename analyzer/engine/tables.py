"""The base tables of all questions: which files make them up, as the manifests name them."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import msgspec

from analyzer import schema
from analyzer.history import manifest as manifests
from analyzer.history.parts import quote, source
from analyzer.schema import BOUNDS, TABLES
from analyzer.store.layout import Store

COLUMNS = {
    "attempts": {"cluster": "varchar", **{c.name: c.type for c in schema.ATTEMPT}},
    **{
        table.name: {
            "cluster": "varchar",
            **{column.name: column.type for column in table.columns},
            **dict.fromkeys(BOUNDS, "timestamp"),
        }
        for table in TABLES
    },
}
ATTEMPTS = "attempts"
STORED = {ATTEMPTS: schema.ATTEMPT} | {table.name: table.columns for table in TABLES}
CLOSED_BY = ("last_seen", "gone_by")  # what an open spell's row does not carry
_SMALL_ROWS = 20_000
_SMALL_SESSIONS = 60_000
_SMALL_BYTES = 2_000_000
_FOOTER = 6_000  # bytes of a Parquet file of one row


class Files(msgspec.Struct, frozen=True):
    """The files of one table: those of closed and of open spells, and up to when those were seen.

    *closed* has the rows of each file, *last* is the last instant of all attempts; *latest* is the
    latest complete snapshot of each cluster and SVM; *sessions* is how many open spells there are
    of those. *digests* are of what was written to them, where that is known.
    """

    closed: dict[Path, int]
    opened: list[Path] = []
    latest: list[tuple[str, str, datetime]] = []
    last: datetime | None = None
    sessions: int = 0
    digests: dict[Path, str | None] = {}

    @property
    def small(self) -> bool:
        """Whether it is soon read whole, however much history there is beside it.

        Many files of a few rows each are: to open them is what a scan of them costs.
        """
        if sum(self.closed.values()) > _SMALL_ROWS or self.sessions > _SMALL_SESSIONS:
            return False
        sizes = (path.stat().st_size for path in (*self.closed, *self.opened))
        return sum(max(0, size - _FOOTER) for size in sizes) <= _SMALL_BYTES


def files(store: Store, clusters: Iterable[str]) -> dict[str, Files]:
    """The files that the manifests name, by table.

    Raises:
        StoreError: a manifest is damaged, or a file that it names is not there.
    """
    read = {name: manifests.read(store, name) for name in clusters}
    histories = [
        (store.history_folder(name), manifest)
        for name, manifest in read.items()
        if manifest is not None
    ]
    # Newest first: of a scan for the newest rows (top-N) all files after that are left out.
    attempts = [(folder, part) for folder, m in histories for part in reversed(m.attempts)]
    tables = {
        ATTEMPTS: Files(
            {folder / part.file: part.rows for folder, part in attempts},
            last=max((part.last for _, part in attempts), default=None),
            digests={folder / part.file: part.digest for folder, part in attempts},
        )
    }
    for table in TABLES:
        folded = [(folder, m.cluster, m.tables[table.name]) for folder, m in histories]
        tables[table.name] = Files(
            {folder / part.file: part.rows for folder, _, t in folded for part in t.closed},
            [folder / t.open for folder, _, t in folded if t.open is not None],
            [(name, svm, at) for _, name, t in folded for svm, at in t.latest.items()],
            sessions=sum(m.sessions or 0 for _, m in histories) if table.scoped else 0,
            digests={
                folder / part.file: part.digest for folder, _, t in folded for part in t.closed
            }
            | {folder / t.open: t.open_digest for folder, _, t in folded if t.open is not None},
        )
    return tables


def rows(name: str, files: Files, *, mixed: bool = True, latest: str | None = None) -> str:
    """A select of a base table's rows from its files, as they were known at *latest*.

    *mixed* files may have been written before a column of the table was added. *latest* is a
    relation (cluster, svm_id, taken_at): the latest listing of each SVM that is seen. Without it
    all is.
    """
    added = STORED[name] if mixed else ()
    closed = source(files.closed, added) if files.closed else None
    opened = source(files.opened, added) if files.opened else None
    listed = ", ".join(
        f"({quote(cluster)}, {quote(svm)}, timestamp {quote(at)})"
        for cluster, svm, at in files.latest
    )
    if latest is None:
        opened = opened if listed else None  # those whose last listing was pruned are in no time
        return joined(name, closed, opened, f"(values {listed})")
    return joined(name, closed, opened, latest, clipped=True)


def joined(
    name: str, closed: str | None, opened: str | None, latest: str, *, clipped: bool = False
) -> str:
    """A base table, from what stands for its files; open spells were seen until *latest*.

    *clipped* cuts spells there that go on, and leaves out those that begin later.
    """
    columns = COLUMNS[name]
    carried = ", ".join(f'"{column}"' for column in columns if column not in CLOSED_BY)
    svm = "svm_id" if "svm_id" in columns else "''"
    join = (
        f"join {latest} l(of_cluster, of_svm, listed_at) on of_cluster = cluster and of_svm = {svm}"
    )
    if clipped:
        join += " and first_seen <= listed_at"
    pieces = []
    if closed and clipped:
        pieces.append(
            f"select {carried}, least(last_seen, listed_at) as last_seen,"
            f" case when gone_by <= listed_at then gone_by end as gone_by from {closed} c {join}"
        )
    elif closed:
        listed = ", ".join(f'"{column}"' for column in columns)
        pieces.append(f"select {listed} from {closed} c")
    if opened:
        pieces.append(
            f"select {carried}, listed_at as last_seen, null::timestamp as gone_by"
            f" from {opened} o {join}"
        )
    if not pieces:
        nulls = ", ".join(f'null::{kind} as "{column}"' for column, kind in columns.items())
        pieces.append(f"select {nulls} where false")
    return " union all ".join(pieces)


def attempts_until(attempts: str, now: datetime) -> str:
    """The attempts of a select as they were known at *now*, if the store has later ones.

    An empty answer that a later one settled was still doubted (suspect).
    """
    doubted = (
        "answered = 'complete' and sessions = 0 and sessions_before > 0 and sessions_after is null"
    )
    return f"""
        select * exclude (sessions_before, sessions_after) replace (
            case when {doubted} then 'suspect' else status end as status,
            case when {doubted} then 'empty, where the last complete answer was not'
                else reason end as reason,
            case when {doubted} then listed else scope end as scope)
        from (
            select *,
                lag(sessions) over answers as sessions_before,
                lead(sessions) over answers as sessions_after
            from ({attempts})
            where taken_at <= timestamp {quote(now)}
            window answers as (partition by cluster, answered order by taken_at)
        )
    """


def latest_until(name: str) -> str:
    """A relation (cluster, svm_id, taken_at): each SVM's latest listing, from the attempts."""
    table = next(table for table in TABLES if table.name == name)
    svm = "unnest(scope)" if table.scoped else "''"
    return (
        f"(select cluster, svm_id, max(taken_at) from (select cluster, {svm} as svm_id, taken_at"
        f" from attempts where {table.taken}) group by cluster, svm_id)"
    )
