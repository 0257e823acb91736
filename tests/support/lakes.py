"""What engines read from an export, as rows that can be compared."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
from deltalake import DeltaTable

import analyzer
from analyzer.engine.tables import COLUMNS
from analyzer.store.layout import Store

Rows = list[str]
Read = Callable[[str, str], Rows]


def plain(value: Any) -> Any:
    """A value as every engine has it: instants in UTC, lists and structs of Python."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def rows(table: str, records: list[dict[str, Any]]) -> Rows:
    """The rows of a table in an order of their own."""
    return sorted(repr([plain(record[name]) for name in COLUMNS[table]]) for record in records)


def ours(store: Store) -> dict[str, Rows]:
    """The rows that we read of every table."""
    with analyzer.open(store.root) as archive:
        return {table: rows(table, archive.run(f"from {table}").records()) for table in COLUMNS}


def by_polars(target: str, table: str) -> Rows:
    return rows(table, pl.read_delta(f"{target}/{table}").to_dicts())


def by_deltalake(target: str, table: str) -> Rows:
    return rows(table, DeltaTable(f"{target}/{table}").to_pyarrow_table().to_pylist())


def by_duckdb_from_delta(target: str, table: str) -> Rows:
    """DuckDB's own extension is not in its wheel: it reads the table's files as Arrow."""
    there = DeltaTable(f"{target}/{table}").to_pyarrow_dataset()
    return _of_duckdb(table, "from there", there=there)


def by_duckdb(target: str, table: str) -> Rows:
    files = f"{target}/latest/{table}/**/*.parquet"
    return _of_duckdb(
        table,
        "from read_parquet($files, hive_partitioning = true, hive_types = {'cluster': varchar})",
        {"files": files},
    )


def by_polars_from_parquet(target: str, table: str) -> Rows:
    schema = {"cluster": pl.String(), "year": pl.Int32()}
    there = pl.scan_parquet(f"{target}/latest/{table}/", hive_partitioning=True, hive_schema=schema)
    return rows(table, there.collect().to_dicts())


def _of_duckdb(
    table: str, text: str, parameters: dict[str, Any] | None = None, **views: Any
) -> Rows:
    with _database().cursor() as session:
        session.execute("set timezone = 'UTC'")
        for name, view in views.items():
            session.register(name, view)
        cursor = session.execute(text, parameters)
        names = [column[0] for column in cursor.description]
        return rows(table, [dict(zip(names, row, strict=True)) for row in cursor.fetchall()])


@cache
def _database() -> duckdb.DuckDBPyConnection:
    """One for all reads, since to make one takes longer than to read; it remembers no file."""
    database = duckdb.connect()
    database.execute("set enable_external_file_cache = false")
    return database


DELTA: dict[str, Read] = {
    "Polars": by_polars, "deltalake": by_deltalake, "DuckDB": by_duckdb_from_delta,
}  # fmt: skip
PARQUET: dict[str, Read] = {"DuckDB": by_duckdb, "Polars": by_polars_from_parquet}


def files(folder: Path) -> dict[str, int]:
    """The files below a folder, and their inodes: one that was linked has that of its source."""
    return {
        path.relative_to(folder).as_posix(): path.stat().st_ino
        for path in sorted(folder.rglob("*.parquet"))
    }
