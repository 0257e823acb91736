"""The files that make up one table of a history: few, immutable, named by the manifest.

A table is a run of parts sorted by time, each more than twice as large as the next, so that
there are only ever a handful, and an append rewrites little.
"""

import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from analyzer.store.publish import publish

_ROW_GROUP = 16_384
_MEMORY = "1500MB"
EVERYTHING = datetime.min  # noqa: DTZ901  # naive means UTC here
NOTHING = datetime.max  # noqa: DTZ901  # naive means UTC here


def quote(text: object) -> str:
    """A string literal."""
    return "'" + str(text).replace("'", "''") + "'"


def source(paths: Sequence[Path], *, filename: bool = False) -> str:
    """The table function that reads these files, in this order."""
    named = ", filename = true" if filename else ""
    return f"read_parquet([{', '.join(map(quote, paths))}], hive_partitioning = false{named})"


def engine() -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB that downloads nothing, thinks in UTC and spills to a folder of its own."""
    connection = duckdb.connect(
        config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    )
    connection.execute("set timezone = 'UTC'")
    connection.execute("set enable_progress_bar = false")
    scratch = Path(tempfile.gettempdir()) / f"analyzer-{os.getpid()}"
    connection.execute(f"set temp_directory = {quote(scratch)}")
    # A statement that wants more is wrong, and must not fill the disk that snapshots land on.
    connection.execute("set max_temp_directory_size = '10GB'")
    return connection


@cache
def _shared() -> duckdb.DuckDBPyConnection:
    connection = engine()
    connection.execute(f"set memory_limit = '{_MEMORY}'")
    connection.execute("set preserve_insertion_order = false")
    return connection


def side_by_side() -> None:
    """Fold with one thread, for a process that folds many clusters at a time: less memory each."""
    _shared().execute("set threads = 1")


def connect() -> duckdb.DuckDBPyConnection:
    """A session of the process's in-memory DuckDB: no downloads, UTC, under 1.5 GB.

    Temporary tables are the session's own.
    """
    session = _shared().cursor()
    session.execute("set timezone = 'UTC'")
    return session


@dataclass(slots=True)
class Parts:
    """The parts of one table, by time: ``[file, rows, earliest, latest]`` each.

    *instant* is the column that the rows are sorted by. Every row carries its *cluster*, so
    that a file says by itself, to any engine, whose it is.
    """

    cluster: str

    folder: Path
    label: str
    instant: str
    entries: list[list[Any]]

    @property
    def paths(self) -> list[Path]:
        return [self.folder / entry[0] for entry in self.entries]

    def replace(
        self, connection: duckdb.DuckDBPyConnection, generation: int, fresh: str, since: datetime
    ) -> None:
        """Put the rows of the relation *fresh* in the place of all from *since* on."""
        total: int = connection.execute(f"select count(*) from {fresh}").fetchall()[0][0]
        keep = len(self.entries)
        while keep and self.entries[keep - 1][3] >= since.isoformat():
            keep -= 1
        if not total and keep == len(self.entries):
            return
        while keep and self.entries[keep - 1][1] <= 2 * total:
            keep -= 1
            total += self.entries[keep][1]
        whole = f"select * from {fresh}"
        if self.paths[keep:]:
            older = f"where {self.instant} < {quote(since.isoformat())}::timestamp"
            whole += f" union all by name select * exclude (cluster) from {source(self.paths[keep:])} {older}"
        path = self.folder / f"{self.label}-{generation:08d}.parquet"
        write(connection, self.cluster, whole, path, order=self.instant)
        rows, first, last = connection.execute(
            f"select count(*), min({self.instant}), max({self.instant}) from {source([path])}"
        ).fetchall()[0]
        self.entries[keep:] = (
            [[path.name, rows, first.isoformat(), last.isoformat()]] if rows else []
        )


def write(
    connection: duckdb.DuckDBPyConnection, cluster: str, select: str, path: Path, order: str = ""
) -> int:
    """Write the rows of *select*, of one cluster, as one Parquet file, whole or not at all.

    Gives how many they were.
    """
    ordered = f" order by {order}" if order else ""
    with publish(path) as draft:
        copied = connection.execute(
            f"copy (select {quote(cluster)} as cluster, * from ({select}){ordered})"
            f" to {quote(draft)}"
            f" (format parquet, compression zstd, row_group_size {_ROW_GROUP})"
        ).fetchall()
    rows: int = copied[0][0]
    return rows


def named(manifest: dict[str, Any]) -> set[str]:
    """Every file that *manifest* names."""
    names = {entry[0] for entry in manifest["attempts"]}
    for table in manifest["tables"].values():
        names |= {entry[0] for entry in table["closed"]}
        names |= {table["open"]} - {None}
    return names


def retire(before: dict[str, Any], after: dict[str, Any], grace: float, most: int = 64) -> None:
    """Note in *after* which files left the manifest, and when by the wall clock.

    Readers of the last manifests get *grace* seconds to finish; nobody needs more than
    *most* files of the past.
    """
    present = time.time()
    left = {name: when for name, when in after["retired"].items() if present - when < grace}
    if before:
        left |= dict.fromkeys(named(before) - named(after), present)
    newest = sorted(left.items(), key=lambda item: (-item[1], item[0]))[:most]
    after["retired"] = dict(sorted(newest))


def sweep(folder: Path, manifest: dict[str, Any]) -> None:
    """Delete what no reader can need: neither named, nor lately retired, or never finished."""
    wanted = named(manifest) | set(manifest["retired"])
    for path in folder.glob("*.parquet"):
        if path.name not in wanted:
            path.unlink(missing_ok=True)
    for draft in folder.glob(".*.parquet.*"):
        draft.unlink(missing_ok=True)
