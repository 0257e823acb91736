"""The files that make up one table of a history, and the DuckDB that writes them.

A table is a logarithmic (LSM-like) list of immutable Parquet files, sorted by time: each has more
than twice as many rows as the next, so that there are only ever a handful and an append rewrites
little.

DuckDB is loaded as the extension module that it is. The Python package around it defines relations
and expressions, which takes longer than to load the engine, and is used by the lake alone.
"""

import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import _duckdb as duckdb
import msgspec

from analyzer.column import Column
from analyzer.errors import StoreError
from analyzer.history import manifest as manifests
from analyzer.history.manifest import Part
from analyzer.store.publish import publish
from analyzer.store.regular import is_special
from analyzer.text import first_line

_ROW_GROUP = 16_384
_MEMORY = "1500MB"
EVERYTHING = datetime.min
NOTHING = datetime.max


def quote(text: object) -> str:
    """A string literal."""
    return "'" + str(text).replace("'", "''") + "'"


def timestamp(instant: datetime) -> str:
    """A timestamp literal."""
    return f"{quote(instant.isoformat())}::timestamp"


def escape_glob(path: Path) -> str:
    """A path whose own ``*``, ``?`` and ``[`` are no wildcards to DuckDB."""
    return re.sub(r"([*?[])", r"[\1]", str(path))


def source(paths: Iterable[Path], columns: Sequence[Column] = (), *, filename: bool = False) -> str:
    """A FROM clause over these files, in this order.

    *columns* are those of their table: files of earlier versions are read as if they had what was
    added since (schema evolution).

    Raises:
        StoreError: there is something else than a regular file.
    """
    paths = list(paths)
    for path in paths:
        if is_special(path):
            raise StoreError(f"{path} cannot be read: it is no regular file")
    added = ", ".join(f'null::{c.type} as "{c.name}"' for c in columns if c.added)
    named = ", filename = true" if filename else ""
    named += ", union_by_name = true" if added else ""
    files = ", ".join(quote(escape_glob(path)) for path in paths)
    read = f"read_parquet([{files}], hive_partitioning = false{named})"
    return f"(select {added} where false union all by name from {read})" if added else read


def engine() -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB: no downloads, UTC, a spill folder of its own."""
    scratch = Path(tempfile.gettempdir()) / f"analyzer-{os.getpid()}"
    connection = duckdb.connect(
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "temp_directory": str(scratch),
            # A statement that wants more is wrong, and must not fill the disk that snapshots land on.
            "max_temp_directory_size": "10GB",
        },
    )
    connection.execute("set timezone = 'UTC'")
    connection.execute("set enable_progress_bar = false")
    return connection


@cache
def shared() -> duckdb.DuckDBPyConnection:
    """The DuckDB that all histories of the process are folded by."""
    connection = engine()
    connection.execute(f"set memory_limit = '{_MEMORY}'")
    connection.execute("set preserve_insertion_order = false")
    return connection


def side_by_side() -> None:
    """Fold with one thread, for a process that folds many clusters at a time: less memory each."""
    shared().execute("set threads = 1")


class FoldSession:
    """A session of the process's in-memory DuckDB; temporary tables are its own.

    Every error of DuckDB becomes a StoreError that names the cluster and the file.
    """

    def __init__(self, cluster: str, folder: Path) -> None:
        """Open it for the history of *cluster* in *folder*."""
        self._cluster = cluster
        self._folder = folder
        self._cursor = shared().cursor()
        self._cursor.execute("set timezone = 'UTC'")

    def close(self) -> None:
        self._cursor.close()

    def execute(self, statement: str, parameters: Any = None) -> None:
        """Run a statement that returns nothing.

        Raises:
            StoreError: a file is damaged, or the disk is full.
        """
        with self._translated():
            self._cursor.execute(statement, parameters)

    def rows(self, statement: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        """All rows of a statement; raises as ``execute`` does."""
        with self._translated():
            return self._cursor.execute(statement, parameters).fetchall()

    def value(self, statement: str, parameters: Any = None) -> Any:
        """The first column of the first row."""
        return self.rows(statement, parameters)[0][0]

    def records(self, statement: str, parameters: Any = None) -> list[dict[str, object]]:
        """All rows of a statement by the names of their columns."""
        with self._translated():
            cursor = self._cursor.execute(statement, parameters)
            names = [column[0] for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def batches(self, statement: str) -> Iterator[list[tuple[Any, ...]]]:
        """All rows of a statement, ten thousand at a time."""
        with self._translated():
            cursor = self._cursor.execute(statement)
            while rows := cursor.fetchmany(10_000):
                yield rows

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (duckdb.Error, UnicodeDecodeError) as error:
            if isinstance(error, (duckdb.FatalException, duckdb.InternalException)):
                shared.cache_clear()  # the whole database is unusable from here on
            reason = first_line(error)
            if str(self._folder) not in reason:
                damaged = (str(path) for path in self._files() if unreadable(path))
                reason = ": ".join([*list(damaged)[:1], reason])
            raise StoreError(
                f"{self._cluster}: its history cannot be read or written: {reason}"
            ) from error

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("*.parquet"))


def unreadable(path: Path) -> str | None:
    """Why a Parquet file cannot be read to its last page; None if it can."""
    session = engine()
    try:
        # A table, not a count: only then are all values decoded.
        session.execute(f"create temp table whole as from {source([path])}")
    except (duckdb.Error, UnicodeDecodeError, StoreError) as error:
        return first_line(error)
    finally:
        session.close()
    return None


# How many rows there are, and the first and last of their instants.
Span: TypeAlias = tuple[int, datetime | None, datetime | None]


class PartList(msgspec.Struct):
    """The parts of one table, by time; changed in place.

    Row groups are sorted by the column *instant*, so that a scan leaves out those of other times,
    and the rows of each by *key*, since similar rows compress better side by side. Every row
    carries its *cluster*, so that a file says by itself, to any engine, whose it is.
    """

    session: FoldSession
    cluster: str
    folder: Path
    label: str
    instant: str
    columns: Sequence[Column]
    parts: list[Part]
    key: Sequence[str] = ()

    @property
    def paths(self) -> list[Path]:
        return [self.folder / part.file for part in self.parts]

    @property
    def source(self) -> str:
        return source(self.paths, self.columns)

    def replace(
        self,
        generation: int,
        relation: str,
        since: datetime,
        *,
        span: Span | None = None,
        parameters: Any = None,
    ) -> None:
        """Put the rows of *relation*, with its *parameters*, in the place of all from *since* on.

        Whoever knows the *span* of these rows saves the look at them.

        Raises:
            StoreError: a part that is merged is damaged, or the new one cannot be written.
        """
        total, first, last = (
            span
            or self.session.rows(
                f"select count(*), min({self.instant}), max({self.instant}) from {relation}",
                parameters,
            )[0]
        )
        count = len(self.parts)
        while count and self.parts[count - 1].last >= since:
            count -= 1
        if not total and count == len(self.parts):
            return
        while count and self.parts[count - 1].rows <= 2 * total:
            count -= 1
            total += self.parts[count].rows
        merged = self.parts[count:]
        select = f"select * from {relation}"
        if merged:
            for part in merged:
                check_digest(self.folder / part.file, part.digest)
            older = f"where {self.instant} < {timestamp(since)}"
            merging = source(self.paths[count:], self.columns)
            select += f" union all by name select * exclude (cluster) from {merging} {older}"
        path = self.folder / f"{self.label}-{generation:08d}.parquet"
        order = ", ".join([*self.key, self.instant])
        if self.key and total > _ROW_GROUP:
            place = f"row_number() over (order by {self.instant})"
            order = f"({place} - 1) // {_ROW_GROUP}, {order}"
        rows, digest = write(self.session, self.cluster, select, path, order, parameters=parameters)
        if not rows:
            del self.parts[count:]
            return
        if first is None or last is None:  # nothing but what is left of the merged ones
            first, last = self.session.rows(
                f"select min({self.instant}), max({self.instant}) from {source([path])}"
            )[0]
        else:
            first = min([first, *(part.first for part in merged if part.first < since)])
            last = max([last, *(part.last for part in merged if part.last < since)])
        self.parts[count:] = [Part(path.name, rows, first, last, digest)]


def write(
    session: FoldSession,
    cluster: str,
    select: str,
    path: Path,
    order: str = "",
    parameters: Any = None,
) -> tuple[int, str]:
    """Write the rows of *select*, of one cluster, as one Parquet file, whole or not at all.

    Returns how many they were, and the file's digest.
    """
    ordered = f" order by {order}" if order else ""
    with publish(path) as draft:
        copied = session.rows(
            f"copy (select {quote(cluster)} as cluster, * from ({select}){ordered})"
            f" to {quote(draft)}"
            f" (format parquet, compression zstd, row_group_size {_ROW_GROUP},"
            # Nearly every row group has every initiator: a filter would leave none of them out.
            " write_bloom_filter false)",
            parameters,
        )
        digest = manifests.file_digest(draft)
    return copied[0][0], digest


def check_digest(path: Path, digest: str | None) -> None:
    """Whether a file still is what was written, where that is known.

    Raises:
        StoreError: it cannot be read, or is not.
    """
    try:
        present = manifests.file_digest(path)
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror or error}") from error
    if digest is not None and present != digest:
        raise StoreError(f"{path} is damaged: its digest differs from the manifest's")
