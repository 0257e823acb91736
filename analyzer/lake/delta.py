"""Delta tables, in a folder or in object storage: the only door to ``deltalake``.

Each table is written in one commit, whose metadata says which parts of the history it has: what
an export replaces is what came after those that both have.
"""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import duckdb
import msgspec
from deltalake import CommitProperties, DeltaTable, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError

from analyzer import clock
from analyzer.errors import Busy, StoreError
from analyzer.history.parts import engine, quote
from analyzer.lake import holding
from analyzer.lake.holding import FORMAT, NO_END, PARTITIONS, Change, ExportState, Holding
from analyzer.text import first_line
from analyzer.version import __version__

_CAUSE = re.compile(r"\n\s*(?:\x1b\[\d+m)?\u21b3(?:\x1b\[\d+m)?\s*")
_KEY = "analyzer"  # of a commit's metadata
# What a table's own care does; it changes no row.
_CARE = {"OPTIMIZE", "VACUUM START", "VACUUM END", "SET TBLPROPERTIES", "FSCK"}


@dataclass(frozen=True, slots=True)
class ExportedTable:
    """Result of one commit: how many clusters and rows; zero where nothing had changed."""

    table: str
    clusters: int
    rows: int


def write(holdings: Sequence[Holding], table: str, target: str) -> ExportedTable:
    """Bring one Delta table below *target* up to what the history has, in one commit.

    Clusters that did not change are not touched, and neither are those of other stores.

    Raises:
        Busy: somebody else committed to the table meanwhile.
        StoreError: a file of the history, or the target, cannot be read or written.
    """
    uri = f"{target.rstrip('/')}/{table}"
    try:
        there = _open(uri)
        state = _state(there) if there is not None else ExportState()
        pairs = (
            (item, holding.change(item, state.clusters.get(item.cluster))) for item in holdings
        )
        changes = [change for _, change in pairs if change is not None]
        if not changes:
            return ExportedTable(table, 0, 0)
        newest = {item.holding.cluster: item.holding.exported for item in changes}
        state = ExportState(clusters=state.clusters | newest)
        with _without_panics():
            return ExportedTable(table, len(changes), _commit(there, uri, table, changes, state))
    except CommitFailedError as error:
        raise Busy(f"{uri}: somebody else wrote to it meanwhile; try again") from error
    except (DeltaError, OSError, duckdb.Error, ValueError) as error:
        raise StoreError(f"cannot write {uri}: {_sentence(error)}") from error


@contextmanager
def _without_panics() -> Iterator[None]:
    """Nothing on file descriptor 2: on a full disk a thread of the library panics there.

    The error that it raises besides says what was wrong.
    """
    original, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nothing, 2)
        yield
    finally:
        os.dup2(original, 2)
        os.close(original)
        os.close(nothing)


def _sentence(error: Exception) -> str:
    """The first line of an error; object_store draws its causes as a tree, a line each, in colours."""
    return first_line(Exception(_CAUSE.sub(": ", str(error))))


def _open(uri: str) -> DeltaTable | None:
    try:
        return DeltaTable(uri)
    except TableNotFoundError:
        return None


def _state(table: DeltaTable) -> ExportState:
    """The state of the last export; empty if rows were changed by somebody else since."""
    for commit in table.history():
        if text := commit.get(_KEY):
            state = msgspec.json.decode(text, type=ExportState)
            return state if state.format == FORMAT else ExportState()
        if commit.get("operation") not in _CARE:
            break
    return ExportState()


def _commit(
    there: DeltaTable | None, uri: str, table: str, changes: Sequence[Change], state: ExportState
) -> int:
    """Write the rows of the changes in one commit; returns how many."""
    session = engine()
    try:
        rows = session.sql(holding.select(table, holding.merged(changes)))
        write_deltalake(
            uri if there is None else there,
            rows,
            partition_by=list(PARTITIONS),
            mode="overwrite",
            predicate=None if there is None else _replaced(table, changes),
            schema_mode=None if there is None else "merge",
            name=table,
            description=f"{table} of iSCSI session histories, by analyzer {__version__}",
            commit_properties=CommitProperties(
                custom_metadata={_KEY: msgspec.json.encode(state).decode()}
            ),
        )
        (commit,) = DeltaTable(uri).history(1)
        return int(commit["operationMetrics"]["num_added_rows"])
    finally:
        session.close()


def _replaced(table: str, changes: Iterable[Change]) -> str:
    """The rows of earlier exports that those of the changes replace."""
    return " or ".join(_of(table, item.holding.cluster, item.since) for item in changes)


def _of(table: str, cluster: str, since: datetime | None) -> str:
    named = f"cluster = {quote(cluster)}"
    if since is None:
        return f"({named})"
    column = holding.instant(table)
    # What goes on lies in files of its own: they are replaced without being read.
    return f"({named} and (year = {NO_END} or {column} > {quote(clock.iso(since))}))"
