"""DuckDB over the store's files, in a sandbox.

What is small is read into memory, what is large stays a view of its files; then the database is
locked: those files are all that any statement can open, whoever wrote it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any

import _duckdb as duckdb

from analyzer.engine import tables
from analyzer.engine.engine import Columns, Extra, FileRetired, Result, StatementFailed, Values
from analyzer.engine.statement import Statement
from analyzer.errors import Busy, StoreError, UsageError
from analyzer.history.parts import check_digest, engine, escape_glob, quote
from analyzer.store.layout import Store
from analyzer.text import first_line

# Optimizers that cost a small store more than a better plan saves it. Those of the second list are
# worth their time as soon as sessions or attempts are many: they build a hash table of the smaller
# side of a join, and skip what no join partner is in.
_FOR_LARGE_TABLES = (
    "join_order,statistics_propagation,outer_join_simplification,projection_pullup,"
    "distinct_aggregate_rewrite"
)
_FOR_SMALL_TABLES = (
    "build_side_probe_side,join_filter_pushdown,cte_filter_pusher,filter_pullup,reorder_filter,"
    "partial_aggregate_pushdown,common_subexpressions,common_subplan,duplicate_groups,"
    "aggregate_reuse,grouping_sets,join_elimination,self_join_aggregate,redundant_order_keys"
)
_FEW_SESSIONS = 5_000
# What makes the models, parsed: one process opens many catalogs, and parsing is a fifth of the work.
_trees: dict[str, duckdb.Statement] = {}
_TREES = 500  # that are held; a server makes tables without end
_BATCH = 10_000  # rows of a stream that are held at a time
# Python's datetime has no nanoseconds and its timedelta no months; quoted are names and values.
_TYPE_WORD = re.compile(
    r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|\b(TIMESTAMP(?:TZ)?_NS|TIME_NS|INTERVAL)\b"""
)


def _text_type(word: re.Match[str]) -> str:
    return "VARCHAR" if word[1] else word[0]


def _disabled_optimizers(files: Mapping[str, tables.Files]) -> str:
    """Those that small tables do not need."""
    if files[tables.ATTEMPTS].small and files["spells"].sessions <= _FEW_SESSIONS:
        return f"{_FOR_LARGE_TABLES},{_FOR_SMALL_TABLES}"
    return _FOR_LARGE_TABLES


@contextmanager
def _readable() -> Iterator[None]:
    """What cannot be read of a store's files is a StoreError that says why."""
    try:
        yield
    except (OSError, duckdb.Error, UnicodeDecodeError) as error:
        why = first_line(error)  # the rest quotes our own statement
        raise StoreError(f"a file of the history cannot be read: {why}") from error


class DuckDB:
    """An ``Engine`` in this process: the tables of *clusters* as they were known at *now*."""

    def __init__(self, store: Store, clusters: Sequence[str], extra: Extra, now: datetime) -> None:
        """Take the manifests, and make the tables.

        Raises:
            StoreError: a file that they name is damaged or gone.
        """
        self._extra = extra
        with _readable():  # first: a manifest that is damaged is noticed before an engine starts
            files = tables.files(store, clusters)
        self._connection = engine()
        # A page reads a large file dozens of times: the footer of a file that never changes, once.
        self._connection.execute("set parquet_metadata_cache = true")
        # Tables in memory or without rows: each is created when a statement first reads it.
        self._waiting: dict[str, tuple[Columns, Sequence[Sequence[Any]]]] = dict(extra)
        try:
            with _readable():
                self.ahead, large = self._open_store(files, now)
                self._lock(large)
        except StoreError:
            self.close()
            raise

    def _open_store(
        self, files: Mapping[str, tables.Files], now: datetime
    ) -> tuple[bool, list[Path]]:
        """Make the store's tables; says whether it is ahead, and which files are still read."""
        large: list[Path] = []
        ahead = False
        # To share small files out among threads takes longer than to read them, and the work of few
        # rows likewise.
        self._connection.execute("set threads = 1")
        few = all(source.small for name, source in files.items() if name != tables.ATTEMPTS)
        if few:
            self._connection.execute(f"set disabled_optimizers = '{_disabled_optimizers(files)}'")
        for name, source in files.items():
            if not (source.closed or source.opened):
                self._waiting[name] = tables.COLUMNS[name], ()
                continue
            select = tables.rows(name, source, mixed=source.small or self._is_mixed(name, source))
            if name == tables.ATTEMPTS:
                ahead = source.last is not None and source.last > now
                if ahead:
                    select = tables.attempts_until(select, now)
            elif ahead:
                select = tables.rows(name, source, latest=tables.latest_until(name))
            if source.small:
                # A report scans a table dozens of times: what is small is read once, and it costs
                # little to see that it is what was written.
                for path, digest in source.digests.items():
                    check_digest(path, digest)
                self._connection.execute(f"create temp table {name} as {select}")
            else:
                large += [*source.closed, *source.opened]
                self._connection.execute(f"create temp view {name} as {select}")
        if not few:
            self._connection.execute("reset threads")
        return ahead, large

    def _is_mixed(self, name: str, source: tables.Files) -> bool:
        """Whether a file of a table lacks a column that was added since it was written.

        To bind such files by name costs every scan more than this one look at their footers.
        """
        added = [column.name for column in tables.STORED[name] if column.added]
        paths = [escape_glob(path) for path in (*source.closed, *source.opened)]
        if not added:
            return False
        ((whole,),) = self._connection.execute(
            "select count(*) from (select file_name from parquet_schema($paths)"
            " where list_contains($added, name)"
            " group by file_name having count(distinct name) = len($added))",
            {"paths": paths, "added": added},
        ).fetchall()
        return bool(whole < len(paths))

    def _make(self, names: frozenset[str]) -> None:
        """Make those tables that are not there yet."""
        for name in sorted(names & self._waiting.keys()):
            columns, rows = self._waiting.pop(name)
            listed = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
            self._connection.execute(f'create temp table "{name}" ({listed})')
            if rows:
                values = ", ".join(f"unnest(?::{kind}[])" for kind in columns.values())
                self._connection.execute(
                    f'insert into "{name}" select {values}',
                    list(map(list, zip(*rows, strict=True))),
                )

    def _lock(self, files: Sequence[Path]) -> None:
        """From here on no statement opens anything but these files, or changes a setting."""
        self._connection.execute("set python_enable_replacements = false")
        self._connection.execute(f"set allowed_paths = [{', '.join(map(quote, files))}]")
        self._connection.execute("set enable_external_access = false")
        self._connection.execute("set lock_configuration = true")

    @property
    def columns(self) -> dict[str, Columns]:
        return tables.COLUMNS | {name: columns for name, (columns, _) in self._extra.items()}

    def create_table(self, name: str, statement: Statement, parameters: Values) -> None:
        text = f'create or replace temp table "{name}" as {statement.text}'
        with self._answers(statement.where):
            if (tree := _trees.get(text)) is None:
                (tree,) = self._connection.extract_statements(text)
                if len(_trees) >= _TREES:
                    _trees.clear()
                _trees[text] = tree
            self._execute(statement, parameters, tree).fetchall()

    def rename_table(self, name: str, new: str) -> None:
        with self._answers(name):
            self._connection.execute(f'alter table "{name}" rename to "{new}"')

    def drop_table(self, name: str) -> None:
        with self._answers(name):
            self._connection.execute(f'drop table "{name}"')

    def run_query(self, statement: Statement, parameters: Values) -> Result:
        return self._run(statement, parameters)

    def describe(self, statement: Statement, parameters: Values) -> list[tuple[str, str]]:
        return self._run(statement.filtered("false", ()), parameters).columns

    def stream_query(
        self, statement: Statement, parameters: Values
    ) -> Iterator[Sequence[tuple[Any, ...]]]:
        with self._answers(statement.where):
            relation = self._execute(statement, parameters, statement.text)
            while rows := relation.fetchmany(_BATCH):
                yield rows

    def _run(self, statement: Statement, parameters: Values) -> Result:
        with self._answers(statement.where):
            relation = self._execute(statement, parameters, statement.text)
            columns = [(column[0], str(column[1])) for column in relation.description or ()]
            exact = [(name, _TYPE_WORD.sub(_text_type, type_)) for name, type_ in columns]
            if exact != columns:
                relation = self._as_text(statement, parameters, [type_ for _, type_ in exact])
            return Result(exact, relation.fetchall())

    def _as_text(
        self, statement: Statement, parameters: Values, types: Sequence[str]
    ) -> duckdb.DuckDBPyConnection:
        """The rows with these types: DuckDB writes as text what Python would round."""
        text = f'create or replace temp table "rounded" as {statement.text}'
        self._execute(statement, parameters, text)
        cast = ", ".join(f"#{k}::{type_}" for k, type_ in enumerate(types, 1))
        return self._connection.execute(f'select {cast} from "rounded"')

    def _execute(
        self, statement: Statement, parameters: Values, text: str | duckdb.Statement
    ) -> duckdb.DuckDBPyConnection:
        names = statement.parameters
        missing = sorted(names - parameters.keys())
        if missing:
            raise UsageError(f"{statement.where}: parameter ${missing[0]} is not declared")
        self._make(statement.tables)
        return self._connection.execute(text, {name: parameters[name] for name in names})

    @contextmanager
    def _answers(self, where: object) -> Iterator[None]:
        """Errors of DuckDB as ``Engine`` names them; rows may fail as late as they are fetched."""
        try:
            yield
        except duckdb.IOException as error:
            raise FileRetired(str(error)) from error
        except duckdb.InterruptException as error:
            raise Busy(f"{where} took too long") from error
        except (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException) as error:
            raise UsageError(f"{where}: {error}") from error
        except (duckdb.Error, UnicodeDecodeError) as error:
            raise StatementFailed(f"{where}: {error}") from error

    @contextmanager
    def time_limit(self, seconds: float) -> Iterator[None]:
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

    def close(self) -> None:
        self._connection.close()
