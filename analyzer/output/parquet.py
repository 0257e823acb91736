"""Parquet, with the types that DuckDB gave."""

from pathlib import Path
from typing import Any

import polars as pl

from analyzer.report.run import Report

_TYPES: dict[str, pl.DataType] = {
    "BIGINT": pl.Int64(),
    "HUGEINT": pl.Int64(),
    "INTEGER": pl.Int64(),
    "DOUBLE": pl.Float64(),
    "BOOLEAN": pl.Boolean(),
    "TIMESTAMP": pl.Datetime("us"),
    "VARCHAR[]": pl.List(pl.String()),
}


def write(report: Report, path: Path) -> None:
    """Write the rows to *path*."""
    schema = {column.name: _TYPES.get(column.type, pl.String()) for column in report.columns}
    rows = [
        tuple(_fit(value, kind) for value, kind in zip(row, schema.values(), strict=True))
        for row in report.rows
    ]
    pl.DataFrame(rows, schema=schema, orient="row").write_parquet(path)


def _fit(value: Any, kind: pl.DataType) -> Any:
    if value is None or kind != pl.String():
        return value
    return value if isinstance(value, str) else str(value)
