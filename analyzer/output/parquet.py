"""Parquet, written by DuckDB with the types that the query gave."""

import errno
from pathlib import Path
from typing import Any

import _duckdb as duckdb

from analyzer.errors import UsageError
from analyzer.history.parts import engine, quote
from analyzer.report.run import Report, ReportColumn
from analyzer.text import first_line

_CHUNK = 10_000  # rows in one insert
_LONG = 2**63


def write(report: Report, path: Path) -> None:
    """Write the rows to *path*.

    Raises:
        UsageError: a column has a type that Parquet cannot hold.
        OSError: the disk would not take it.
    """
    columns = list(zip(*report.rows, strict=True)) or [()] * len(report.columns)
    types = [_type(column, values) for column, values in zip(report.columns, columns, strict=True)]
    names = [column.name.replace('"', '""') for column in report.columns]
    declared = ", ".join(f'"{name}" {type_}' for name, type_ in zip(names, types, strict=True))
    unnested = ", ".join(f"unnest(${k}::{type_}[])" for k, type_ in enumerate(types, 1))
    with engine() as connection:
        try:
            connection.execute(f"create temp table written ({declared})")
            for start in range(0, len(report.rows), _CHUNK):
                connection.execute(
                    f"insert into written select {unnested}",
                    [list(values[start : start + _CHUNK]) for values in columns],
                )
            connection.execute(f"copy written to {quote(path)} (format parquet)")
        except duckdb.IOException as error:
            raise OSError(errno.EIO, first_line(error)) from error
        except duckdb.Error as error:
            raise UsageError(
                f"Parquet cannot hold a column of this answer: {first_line(error)}"
            ) from error


def _type(column: ReportColumn, values: tuple[Any, ...]) -> str:
    """DuckDB's type, where Parquet has such a type: a HUGEINT, such as a sum, would become a DOUBLE."""
    if column.type == '"NULL"':
        return "VARCHAR"
    if column.type in {"HUGEINT", "UHUGEINT"}:
        small = all(value is None or -_LONG <= value < _LONG for value in values)
        return "BIGINT" if small else "DECIMAL(38,0)"
    return column.type
