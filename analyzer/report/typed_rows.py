"""The rows of a report as a Polars frame, or as objects with an attribute for each column."""

import keyword
import re
from collections import namedtuple
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

    from analyzer.report.run import ReportColumn


def frame(columns: "Sequence[ReportColumn]", rows: Sequence[tuple[Any, ...]]) -> "pl.DataFrame":
    """A frame with DuckDB's types; instants are naive UTC."""
    import polars as pl  # noqa: PLC0415  # only a frame needs it

    types = {
        "BOOLEAN": pl.Boolean(), "VARCHAR": pl.String(), "DATE": pl.Date(), "DOUBLE": pl.Float64(),
        "TIMESTAMP": pl.Datetime("us"), "TINYINT": pl.Int8(), "SMALLINT": pl.Int16(),
        "INTEGER": pl.Int32(), "BIGINT": pl.Int64(), "HUGEINT": pl.Int128(),
    }  # fmt: skip

    def kind(name: str) -> Any:
        if name.endswith("[]"):
            return pl.List(kind(name.removesuffix("[]")))
        if decimal := re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", name):
            return pl.Decimal(int(decimal[1]), int(decimal[2]))
        return types.get(name, pl.String() if name == '"NULL"' else None)

    schema = {column.name: kind(column.type) for column in columns}
    return pl.DataFrame([list(row) for row in rows], schema=schema, orient="row")


def objects(
    name: str, columns: "Sequence[ReportColumn]", rows: Sequence[tuple[Any, ...]]
) -> list[Any]:
    """Named tuples; a column that is a word of Python's gets an underscore behind it."""
    fields = [f"{c.name}_" if keyword.iskeyword(c.name) else c.name for c in columns]
    row_type = namedtuple(re.sub(r"\W", "_", name), fields, rename=True)  # type: ignore[misc]  # noqa: PYI024  # the columns are known at run time only
    return [row_type(*row) for row in rows]
