"""What is folded, declared as data: the sessions and every companion by one machinery."""

from dataclasses import dataclass

import polars as pl

from analyzer import session
from analyzer.inventory import INVENTORIES
from analyzer.session import Column

BOUNDS = {
    "seen_after": "The comparable snapshot before first_seen; null in a baseline.",
    "first_seen": "First of the consecutive comparable snapshots that show it unchanged.",
    "last_seen": "Last of them.",
    "gone_by": "First comparable snapshot without it; null while it is still there.",
}


@dataclass(frozen=True, slots=True)
class Table:
    """One folded table.

    *taken* is the condition on an attempt that makes its listing count here; *scoped* tables
    are folded per SVM, the others as a whole; *companion* names the inventory they come from.
    """

    name: str
    columns: tuple[Column, ...]
    taken: str
    scoped: bool = False
    companion: str | None = None

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    @property
    def listed(self) -> str:
        """The columns, for a select list."""
        return ", ".join(f'"{name}"' for name in self.names)


TABLES = (
    Table("spells", session.COLUMNS, "status = 'complete'", scoped=True),
    # What partial answers showed: presence only, so it is a history of its own.
    Table("sightings", session.COLUMNS, "status = 'partial'", scoped=True),
    *(
        Table(name, inventory.columns, f"{name}_status = 'complete'", companion=name)
        for name, inventory in INVENTORIES.items()
    ),
)

_TYPES: dict[pl.DataType, str] = {
    pl.String(): "varchar",
    pl.Int64(): "bigint",
    pl.Boolean(): "boolean",
    pl.Float64(): "double",
    pl.Datetime("us"): "timestamp",
    pl.List(pl.String()): "varchar[]",
}


def duckdb_type(column: Column) -> str:
    """The column's type as DuckDB writes it."""
    return _TYPES.get(column.type, "struct(uuid varchar, name varchar)[]")


def blank_rows(table: Table) -> str:
    """A select of no rows with the table's columns and bounds."""
    columns = [f'null::{duckdb_type(column)} as "{column.name}"' for column in table.columns]
    bounds = [f"null::timestamp as {name}" for name in BOUNDS]
    return f"select {', '.join(columns + bounds)} where false"
