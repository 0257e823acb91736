"""A snapshot restored from the history, row for row."""

from datetime import datetime
from typing import Any

import msgspec
import polars as pl

from analyzer import clock, schema
from analyzer.errors import StoreError
from analyzer.history.attempts import HELD
from analyzer.history.history import History
from analyzer.history.parts import timestamp
from analyzer.inventories import INVENTORIES
from analyzer.schema import TABLES, Attempt, Table
from analyzer.store.layout import Store
from analyzer.store.snapshot import Listing, Snapshot, empty

_TABLES = {table.name: table for table in TABLES}


def restore(history: History, attempt: Attempt) -> Snapshot:
    """The whole snapshot of an attempt, inventories included."""
    inventories = {
        name: Listing("complete", None, _frame(history, _TABLES[name], attempt, inventory.schema))
        for name, inventory in INVENTORIES.items()
        if attempt.inventory_status(name) == "complete"
    }
    rows = empty()
    if attempt.status in HELD:
        table = _TABLES[HELD[attempt.status]]
        rows = _frame(history, table, attempt, schema.SESSIONS.schema)
    listing = Listing(attempt.answered, attempt.reason, rows, attempt.pages)
    return Snapshot(history.cluster, attempt.taken_at, listing, inventories)


def _frame(
    history: History, table: Table, attempt: Attempt, columns: dict[str, pl.DataType]
) -> pl.DataFrame:
    return pl.DataFrame(rows_of(history, table, attempt), schema=columns, orient="row")


def as_answered(attempt: Attempt) -> Attempt:
    """The attempt as it was before anything came after it."""
    reason = None if attempt.answered == "complete" else attempt.reason
    return msgspec.structs.replace(
        attempt, status=attempt.answered, scope=attempt.listed, reason=reason
    )


def rows(store: Store, cluster: str, taken_at: datetime) -> list[tuple[Any, ...]]:
    """The session rows of any snapshot.

    Raises:
        StoreError: the history does not have it.
    """
    with History.read(store, cluster) as history:
        attempts = history.attempts(f"where taken_at = {timestamp(taken_at)}")
        if not attempts:
            raise StoreError(f"{cluster} has no snapshot of {clock.iso(taken_at)}")
        if attempts[0].status not in HELD:
            return []
        return rows_of(history, _TABLES[HELD[attempts[0].status]], attempts[0])


def rows_of(history: History, table: Table, attempt: Attempt) -> list[tuple[Any, ...]]:
    """The rows of one table that the attempt listed."""
    history.table(table).load(late=True)
    instant = timestamp(attempt.taken_at)
    scoped = " and list_contains($scope, svm_id)" if table.scoped else ""
    return history.session.rows(
        f"select {table.listed} from old"
        f" where first_seen <= {instant} and last_seen >= {instant}{scoped} order by all",
        {"scope": attempt.scope} if table.scoped else None,
    )
