"""Declarations of stored columns and inventories.

Types are spelled as DuckDB does, so that a report loads no Polars; ``Inventory.schema`` translates
them.
"""

from functools import cache
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import polars as pl

TEXT = "varchar"
TEXTS = "varchar[]"
NUMBER = "bigint"
REAL = "double"
FLAG = "boolean"
INSTANT = "timestamp"  # naive UTC, microseconds
IGROUP_LIST = "struct(uuid varchar, name varchar)[]"
PARAMETER_LIST = "struct(name varchar, value varchar)[]"
LOGIN_LIST = "struct(initiator varchar, interface_uuid varchar, last_seen timestamp)[]"


class Column(msgspec.Struct, frozen=True):
    """One column of a stored table; *type* is DuckDB's word for it.

    Files of earlier versions do not have a column that was *added*: it is null for their rows, and
    a row in which it is null has the hash that it always had. Added columns stand last.
    """

    name: str
    type: str
    sentence: str
    added: bool = False


@cache
def polars_schema(columns: tuple[Column, ...]) -> "dict[str, pl.DataType]":
    """The columns' names and types for Polars."""
    import polars as pl  # noqa: PLC0415  # reports need the names only

    types: dict[str, pl.DataType] = {
        TEXT: pl.String(),
        TEXTS: pl.List(pl.String()),
        NUMBER: pl.Int64(),
        REAL: pl.Float64(),
        FLAG: pl.Boolean(),
        INSTANT: pl.Datetime("us"),
        IGROUP_LIST: pl.List(pl.Struct({"uuid": pl.String(), "name": pl.String()})),
        PARAMETER_LIST: pl.List(pl.Struct({"name": pl.String(), "value": pl.String()})),
        LOGIN_LIST: pl.List(
            pl.Struct(
                {
                    "initiator": pl.String(),
                    "interface_uuid": pl.String(),
                    "last_seen": pl.Datetime("us"),
                }
            )
        ),
    }
    return {column.name: types[column.type] for column in columns}


class Inventory(msgspec.Struct, frozen=True):
    """One thing that a cluster lists: its table's name, what it is, its columns.

    *key* are the columns that identify a row, by which its rows are sorted. Earlier versions did
    not list an inventory that was *added*: an attempt that did not request it has the hash that it
    always had. A *rare* one is not requested in every run. *lost* says what reports cannot show
    without it.
    """

    name: str
    sentence: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ("uuid",)
    lost: str = ""
    rare: bool = False
    added: bool = False

    @property
    def schema(self) -> "dict[str, pl.DataType]":
        return polars_schema(self.columns)
