"""The only door to DuckDB for questions: tables over the store's files, and a statement run.

Opening takes each cluster's manifest once and keeps it: everything asked of one catalog is
asked of one consistent instant, whatever lands meanwhile.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Any

import duckdb

from analyzer import schema
from analyzer.config import policy
from analyzer.config.rules import SeverityRule
from analyzer.engine import tables
from analyzer.errors import Busy, StoreError, UsageError
from analyzer.history.parts import engine, quote
from analyzer.pattern import like, matches
from analyzer.report import compose, header
from analyzer.report.header import Query
from analyzer.schema import BOUNDS, TABLES
from analyzer.store.layout import Store


class Gone(Exception):  # noqa: N818  # nobody outside ever sees it
    """A file that the manifest named is no longer there."""


@dataclass(frozen=True, slots=True)
class Result:
    """Rows as DuckDB gave them, with their columns' names and types."""

    columns: list[tuple[str, str]]
    rows: list[tuple[Any, ...]]

    def records(self) -> list[dict[str, Any]]:
        names = [name for name, _ in self.columns]
        return [dict(zip(names, row, strict=True)) for row in self.rows]


class Catalog:
    """Tables over one store, for the clusters that match *clusters* (wildcards; all if none).

    *rules* are those of the configuration that lower severities.
    """

    def __init__(
        self,
        store: Store,
        clusters: Sequence[str] = (),
        folders: Iterable[Path] = (),
        tables: Mapping[str, tuple[Mapping[str, str], Sequence[Sequence[Any]]]] | None = None,
        rules: Sequence[SeverityRule] = (),
    ) -> None:
        self.store = store
        self.rules = rules
        self.clusters = [
            name
            for name in store.clusters()
            if not clusters or any(matches(pattern, name) for pattern in clusters)
        ]
        if clusters and not self.clusters:
            there = ", ".join(store.clusters()) or "none"
            raise UsageError(f"no cluster matches {', '.join(clusters)}; the store has {there}")
        self._folders = tuple(folders)
        self._tables = policy.tables(None) if tables is None else tables
        overrides = self._tables["threshold_overrides"][1]
        header.check_thresholds([name for name, _ in overrides], self.models)
        self._connection = engine()
        self._locked = False
        self._open()

    def _open(self) -> None:
        """Take the manifests, and make the tables.

        Raises:
            StoreError: a file that they name is damaged or gone.
        """
        try:
            for name, told in tables.files(self.store, self.clusters).items():
                select = tables.rows(name, told)
                if told.small:
                    # A report scans a table dozens of times: what is small is read once.
                    self._connection.execute(
                        f"create or replace temp table held_{name} as {select}"
                    )
                    select = f"from held_{name}"
                self._connection.execute(f"create or replace temp view {name} as {select}")
        except (OSError, duckdb.Error) as error:
            why = str(error).partition("\n")[0]  # the rest quotes our own statement
            raise StoreError(f"a file of the history cannot be read: {why}") from error
        for name, (columns, rows) in self._tables.items():
            listed = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
            self._connection.execute(f'create or replace temp table "{name}" ({listed})')
            if rows:
                marks = ", ".join("?" for _ in columns)
                self._connection.executemany(
                    f'insert into "{name}" values ({marks})', [list(row) for row in rows]
                )

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Give what is asked meanwhile no more than so long.

        Raises:
            Busy: it took longer.
        """
        over = Event()

        def watch() -> None:
            if not over.wait(seconds):
                while not over.wait(0.1):  # again, for the statement after the one that was ended
                    self._connection.interrupt()

        watching = Thread(target=watch, daemon=True)
        watching.start()
        try:
            yield
        finally:
            over.set()
            watching.join()

    def keep(self, table: str, text: str, parameters: Mapping[str, Any]) -> None:
        """Make a temporary table of a statement's rows."""
        self.run(f"create or replace temp table {table} as {text}", parameters)

    def drop(self, table: str) -> None:
        """Let go of a temporary table."""
        self._connection.execute(f"drop table {table}")

    @property
    def base(self) -> set[str]:
        """Names of the tables that every query may read: the store's, and those of the policy."""
        return set(self.columns)

    @property
    def columns(self) -> dict[str, dict[str, str]]:
        """The columns of those tables, with their types."""
        return tables.COLUMNS | {name: dict(columns) for name, (columns, _) in self._tables.items()}

    @property
    def models(self) -> dict[str, Query]:
        """Every model that no table stands for."""
        models = header.models(self._folders)
        return {name: query for name, query in models.items() if name not in self._tables}

    @property
    def reports(self) -> dict[str, Query]:
        return header.reports(self._folders)

    def ask(
        self,
        asked: Query,
        parameters: Mapping[str, Any],
        filters: Mapping[str, Sequence[str]] | None = None,
    ) -> Result:
        """Run a query; *filters* keep rows by wildcard.

        *parameters* are times and values of the query's own as they were asked for; a time that
        is not named is null, a value that is not named is its default.

        Raises:
            UsageError: the query is not valid, or has no column to filter by.
        """
        declared = compose.parameters(asked, self.models)
        bound = dict.fromkeys(header.STANDARD) | {
            name: parameters.get(name) for name in parameters if name not in declared
        }
        for name, parameter in declared.items():
            bound[name] = parameter.bound(parameters.get(name, parameter.default))
        return self.run(compose.statement(asked, self.models), bound, filters, asked.path)

    def run(
        self,
        text: str,
        parameters: Mapping[str, Any] | None = None,
        filters: Mapping[str, Sequence[str]] | None = None,
        where: object = "the statement",
    ) -> Result:
        """Run one statement; *where* names it in errors."""
        bound = dict(parameters or {})
        text = self._filtered(text, filters or {}, bound, where)
        for attempt in range(3):
            try:
                return self._answer(text, bound, where)
            except Gone as error:
                # A writer may have retired a file between the manifest and the scan.
                if attempt == 2:  # the third and last try
                    raise StoreError(f"a file of the history cannot be read: {error}") from error
                self._open()
        raise AssertionError

    def _answer(self, text: str, bound: dict[str, Any], where: object) -> Result:
        """The rows of a statement, from the engine that this catalog asks."""
        return self._run(text, bound, where)

    def _run(self, text: str, bound: dict[str, Any], where: object) -> Result:
        try:
            statements = self._connection.extract_statements(text)
            if len(statements) != 1:
                raise UsageError(f"{where}: one statement at a time, please")
            names = statements[0].named_parameters
            missing = sorted(names - bound.keys())
            if missing:
                raise UsageError(f"{where}: parameter ${missing[0]} is not declared")
            relation = self._connection.execute(text, {name: bound[name] for name in names})
            columns = [(column[0], str(column[1])) for column in relation.description or ()]
            return Result(columns, relation.fetchall())
        except duckdb.IOException as error:
            raise Gone(str(error)) from error
        except duckdb.InterruptException as error:
            raise Busy(f"{where} took too long") from error
        except duckdb.Error as error:
            raise UsageError(f"{where}: {error}") from error

    def _filtered(
        self,
        text: str,
        filters: Mapping[str, Sequence[str]],
        bound: dict[str, Any],
        where: object,
    ) -> str:
        wanted = {column: patterns for column, patterns in filters.items() if patterns}
        if not wanted:
            return text
        names = {name for name, _ in self.describe(text, bound)}
        conditions = []
        for column, patterns in wanted.items():
            kept = []
            for k, pattern in enumerate(patterns):
                bound[f"{column}_is_{k}"] = like(pattern)
                test = f"like lower(${column}_is_{k}) escape '^'"
                if column in names:
                    kept.append(f"lower({column}) {test}")
                elif column == "initiator" and "members" in names:
                    kept.append(f"len(list_filter(members, lambda m: lower(m) {test})) > 0")
                else:
                    raise UsageError(f"{where}: has no column '{column}' to filter by")
            conditions.append(f"({' or '.join(kept)})")
        return f"select * from (\n{text}\n) where {' and '.join(conditions)}"

    def describe(self, text: str, parameters: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Names and types of a statement's columns, without its rows."""
        result = self._run(f"select * from (\n{text}\n) limit 0", dict(parameters), "the statement")
        return result.columns

    def tables(self) -> Result:
        """Every table that ``look`` can ask: table, column, type, sentence."""
        told = [("attempts", column) for column in schema.ATTEMPT]
        told += [(table.name, column) for table in TABLES for column in table.columns]
        rows: list[tuple[Any, ...]] = [
            (table, column.name, column.type, column.sentence) for table, column in told
        ]
        rows += [(t.name, name, "timestamp", says) for t in TABLES for name, says in BOUNDS.items()]
        names = ("table", "column", "type", "what it is")
        return Result([(name, "VARCHAR") for name in names], sorted(rows, key=lambda row: row[0]))

    def look(self, text: str) -> Result:
        """Run a user's statement: it can only look, and only at the store's tables.

        Raises:
            UsageError: it is not one SELECT, or DuckDB refuses it.
        """
        session = self._connection
        try:
            statements = session.extract_statements(text)
        except duckdb.Error as error:
            raise UsageError(str(error)) from error
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise UsageError("sql runs one SELECT and nothing else")
        if not self._locked:
            session.execute(f"set allowed_directories = [{quote(f'{self.store.root}/')}]")
            session.execute("set enable_external_access = false")
            session.execute("set lock_configuration = true")
            self._locked = True
        return self.run(text)
