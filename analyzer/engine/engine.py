"""The protocol of query engines: tables of a store, and statements over them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import msgspec

from analyzer.engine.statement import Statement
from analyzer.errors import StoreError, UsageError

Row = dict[str, Any]  # of a statement, by its columns, which only the statement knows
Columns = Mapping[str, str]  # of a table: name and DuckDB's word for the type
Values = Mapping[str, object]  # of a statement's parameters, by their names
Extra = Mapping[str, tuple[Columns, Sequence[Sequence[Any]]]]  # tables beside the store's


class FileRetired(StoreError):
    """A file that the manifest named is no longer there: a writer replaced it meanwhile."""


class StatementFailed(UsageError):
    """A valid statement failed over these rows: its own values, or a damaged file."""


class Result(msgspec.Struct, frozen=True):
    """Rows as DuckDB gives them, with their columns' names and types."""

    columns: list[tuple[str, str]]
    rows: list[tuple[Any, ...]]

    def records(self) -> list[Row]:
        names = [name for name, _ in self.columns]
        return [dict(zip(names, row, strict=True)) for row in self.rows]


class Engine(Protocol):
    """Tables over the files that the manifests named when it was opened, read-only.

    Statements are one SELECT each, in a sandbox: they see the tables and nothing else. Each method
    but ``close`` raises ``FileRetired`` where a file is no longer there, ``StatementFailed`` where
    rows cannot be worked out, and ``UsageError`` where the statement is wrong.
    """

    @property
    def columns(self) -> Mapping[str, Columns]:
        """The store's tables and those of the policy, with their columns."""

    @property
    def ahead(self) -> bool:
        """Whether the store holds snapshots that are later than the clock, and not seen."""

    def create_table(self, name: str, statement: Statement, parameters: Values) -> None:
        """Make a temporary table of a statement's rows."""

    def rename_table(self, name: str, new: str) -> None:
        """Give a temporary table another name, which no table has."""

    def drop_table(self, name: str) -> None: ...

    def run_query(self, statement: Statement, parameters: Values) -> Result: ...

    def stream_query(
        self, statement: Statement, parameters: Values
    ) -> Iterator[Sequence[tuple[Any, ...]]]:
        """Rows in batches, for more of them than memory holds; run no other statement meanwhile."""

    def describe(self, statement: Statement, parameters: Values) -> list[tuple[str, str]]:
        """Names and types of a statement's columns, without its rows."""

    def time_limit(self, seconds: float) -> AbstractContextManager[None]:
        """Interrupt statements that run longer; they raise ``Busy``."""

    def close(self) -> None: ...
