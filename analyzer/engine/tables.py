"""The base tables of all questions: which files make them up, as the manifests name them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from analyzer import schema
from analyzer.history.parts import quote
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
CLOSED_BY = ("last_seen", "gone_by")  # what an open spell's row does not carry
_SMALL_ROWS = 20_000
_SMALL_BYTES = 2_000_000


@dataclass(frozen=True, slots=True)
class Files:
    """What makes up one table: files of closed and of open spells, and up to when those were seen.

    *closed* has the rows of each file; *latest* is the latest comparable snapshot of each cluster
    and SVM.
    """

    closed: dict[Path, int]
    opened: list[Path] = field(default_factory=list)
    latest: list[tuple[str, str, datetime]] = field(default_factory=list)

    @property
    def small(self) -> bool:
        """Whether it is soon read whole, however much history there is beside it."""
        if sum(self.closed.values()) > _SMALL_ROWS:
            return False
        return sum(path.stat().st_size for path in (*self.closed, *self.opened)) <= _SMALL_BYTES


def files(store: Store, clusters: Iterable[str]) -> dict[str, Files]:
    """The files that the manifests name, by table."""
    manifests = {name: told for name in clusters if (told := store.manifest(name))}
    made = {
        "attempts": Files(
            {
                store.folder(n) / part[0]: part[1]
                for n, told in manifests.items()
                for part in told["attempts"]
            }
        )
    }
    for table in TABLES:
        known = {name: told["tables"][table.name] for name, told in manifests.items()}
        made[table.name] = Files(
            {
                store.folder(n) / part[0]: part[1]
                for n, told in known.items()
                for part in told["closed"]
            },
            [store.folder(n) / told["open"] for n, told in known.items() if told["open"]],
            [
                (n, svm, datetime.fromisoformat(at))
                for n, told in known.items()
                for svm, at in told["latest"].items()
            ],
        )
    return made


def rows(name: str, told: Files) -> str:
    """A select of a base table's rows from its files."""
    columns = COLUMNS[name]
    carried = [column for column in columns if column not in CLOSED_BY]
    closed = f"({_scan(told.closed, columns)})" if told.closed else None
    opened = f"({_scan(told.opened, carried)})" if told.opened else None
    latest = ", ".join(
        f"({quote(cluster)}, {quote(svm)}, timestamp {quote(at)})"
        for cluster, svm, at in told.latest
    )
    return joined(name, closed, opened, f"(values {latest})")


def joined(name: str, closed: str | None, opened: str | None, latest: str) -> str:
    """A base table, from what stands for its files; open spells were seen until *latest*."""
    columns = COLUMNS[name]
    listed = ", ".join(f'"{column}"' for column in columns)
    pieces = [f"select {listed} from {closed} c"] if closed else []
    if opened:
        carried = ", ".join(f'o."{column}"' for column in columns if column not in CLOSED_BY)
        svm = "o.svm_id" if "svm_id" in columns else "''"
        pieces.append(
            f"select {carried}, l.taken_at as last_seen, null::timestamp as gone_by"
            f" from {opened} o join {latest} l(cluster, svm_id, taken_at)"
            f" on l.cluster = o.cluster and l.svm_id = {svm}"
        )
    if not pieces:
        nulls = ", ".join(f'null::{kind} as "{column}"' for column, kind in columns.items())
        pieces.append(f"select {nulls} where false")
    return " union all ".join(pieces)


def _scan(paths: Iterable[Path], columns: Iterable[str]) -> str:
    listed = ", ".join(f'"{column}"' for column in columns)
    named = ", ".join(quote(path) for path in paths)
    return f"select {listed} from read_parquet([{named}], hive_partitioning = false)"
