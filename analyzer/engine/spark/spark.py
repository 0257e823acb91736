"""The tables of a store in a Spark session, and statements over them.

A DuckDB whose tables have no rows says what the columns of a statement are, and refuses what is no
question, so that an answer and an error read the same to everybody; Spark, or what speaks its
protocol, says what the rows are. The files are those that the manifests name, and every worker
must find them under the same path.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from pyspark.errors import PySparkException

from analyzer.engine import tables
from analyzer.engine.duckdb import DuckDB
from analyzer.engine.engine import Columns, Extra, FileRetired, Result, Values
from analyzer.engine.spark.dialect import translate
from analyzer.engine.spark.relations import Run
from analyzer.engine.spark.session import checkpoint, connect, release
from analyzer.engine.statement import Statement, own
from analyzer.errors import Unreachable, UsageError
from analyzer.store.layout import Store

_TYPES = {
    "varchar": "string",
    "bigint": "bigint",
    "boolean": "boolean",
    "double": "double",
    "date": "date",
    "timestamp": "timestamp_ntz",
    "varchar[]": "array<string>",
    "struct(uuid varchar, name varchar)[]": "array<struct<uuid:string,name:string>>",
    "struct(name varchar, value varchar)[]": "array<struct<name:string,value:string>>",
    "struct(initiator varchar, interface_uuid varchar, last_seen timestamp)[]": "array<struct<initiator:string,interface_uuid:string,last_seen:timestamp_ntz>>",
}
_SPELLS = ("closed", "open")
# A file that a writer retired, or a checkpoint lost with its executor: to be computed anew.
_RETIRED = ("FILE_NOT_EXIST", "PATH_NOT_FOUND", "CHECKPOINT_RDD_BLOCK_ID_NOT_FOUND")
_LATEST = {"cluster": "varchar", "svm_id": "varchar", "taken_at": "timestamp"}


class Spark:
    """An ``Engine`` at a Spark Connect server."""

    def __init__(
        self, url: str, store: Store, clusters: Sequence[str], extra: Extra, now: datetime
    ) -> None:
        """Open the tables of *clusters* there, as they were known at *now*.

        Raises:
            UsageError: *url* is no address.
            Unreachable: no server answers there.
            StoreError: a file of the store is damaged or gone.
        """
        self._types = DuckDB(store, (), extra, now)
        self._session = connect(url)
        self._frames: dict[str, object] = {}  # the server forgets a table that nobody holds
        self._temporary: dict[str, Columns] = {}
        self.ahead = False
        files = tables.files(store, clusters)
        for name, columns in tables.COLUMNS.items():
            text, there = self._store_table(name, columns, files[name])
            if name == tables.ATTEMPTS:
                last = files[name].last
                self.ahead = last is not None and last > now
                if self.ahead:
                    text = tables.attempts_until(text, now)
            self._view(name, self._session.sql(translate(text, there, {}).sql))
        for name, (declared, rows) in extra.items():
            self._view(name, self._frame(rows, declared))

    def _store_table(
        self, name: str, columns: Columns, files: tables.Files
    ) -> tuple[str, dict[str, Columns]]:
        """The statement of one of the store's tables, and the views of files that it reads."""
        carried = {
            column: kind for column, kind in columns.items() if column not in tables.CLOSED_BY
        }
        there: dict[str, Columns] = {f"{name}_latest": _LATEST}
        self._view(f"{name}_latest", self._frame(files.latest, _LATEST))
        for view, paths, kinds in (
            (f"{name}_closed", files.closed, columns),
            (f"{name}_open", files.opened, carried),
        ):
            if paths:
                there[view] = dict(kinds)
                read = self._session.read.schema(_schema(kinds))
                self._view(view, read.parquet(*map(str, paths)))
        closed, opened = (f"{name}_{w}" if f"{name}_{w}" in there else None for w in _SPELLS)
        if self.ahead:
            there[tables.ATTEMPTS] = tables.COLUMNS[tables.ATTEMPTS]
            return tables.joined(
                name, closed, opened, tables.latest_until(name), clipped=True
            ), there
        return tables.joined(name, closed, opened, f"{name}_latest"), there

    def _view(self, name: str, frame: Any) -> None:
        frame.createOrReplaceTempView(name)

    def _frame(self, rows: Sequence[Sequence[Any]], columns: Columns) -> Any:
        return self._session.createDataFrame([tuple(row) for row in rows], _schema(columns))

    @property
    def columns(self) -> Mapping[str, Columns]:
        return self._types.columns

    def create_table(self, name: str, statement: Statement, parameters: Values) -> None:
        self._types.create_table(name, statement, parameters)
        with self._answers(statement.where):
            frame = checkpoint(self._session, self._run(statement, parameters).frame())
            self._view(name, frame)
        self._frames[name] = frame
        self._temporary[name] = dict(self._types.describe(own(f'from "{name}"'), {}))

    def rename_table(self, name: str, new: str) -> None:
        self._types.rename_table(name, new)
        self._frames[new], self._temporary[new] = self._frames.pop(name), self._temporary.pop(name)
        self._view(new, self._frames[new])
        self._session.catalog.dropTempView(name)

    def drop_table(self, name: str) -> None:
        self._types.drop_table(name)
        self._session.catalog.dropTempView(name)
        del self._frames[name], self._temporary[name]

    def run_query(self, statement: Statement, parameters: Values) -> Result:
        columns = self._types.run_query(statement, parameters).columns
        with self._answers(statement.where):
            table = self._run(statement, parameters).table()
        readers = [_reader(kind) for _, kind in columns]
        values = zip(*(column.to_pylist() for column in table.columns), strict=True)
        rows = [
            tuple(read(value) for read, value in zip(readers, row, strict=True)) for row in values
        ]
        return Result(columns, rows)

    def stream_query(
        self, statement: Statement, parameters: Values
    ) -> Iterator[Sequence[tuple[Any, ...]]]:
        yield self.run_query(statement, parameters).rows

    def _run(self, statement: Statement, parameters: Values) -> Run:
        try:
            translated = translate(statement.text, {**self.columns, **self._temporary}, parameters)
        except UsageError as error:
            raise UsageError(f"{statement.where}: {error}") from error
        return Run(self._session, translated, parameters)

    @contextmanager
    def _answers(self, where: object) -> Iterator[None]:
        try:
            yield
        except PySparkException as error:
            if any(word in str(error) for word in _RETIRED):
                raise FileRetired(str(error)) from error
            if "StatusCode.UNAVAILABLE" in str(error):
                raise Unreachable(
                    "the Spark Connect server is gone; nothing was answered"
                ) from error
            raise UsageError(f"{where}: {str(error).splitlines()[0]}") from error

    def describe(self, statement: Statement, parameters: Values) -> list[tuple[str, str]]:
        return self._types.describe(statement, parameters)

    @contextmanager
    def time_limit(self, seconds: float) -> Iterator[None]:
        """Only DuckDB's statements are interrupted: a server has limits of its own."""
        with self._types.time_limit(seconds):
            yield

    def close(self) -> None:
        release(self._session)
        self._types.close()


def _schema(columns: Columns) -> str:
    return ", ".join(f"`{name}` {_TYPES[kind]}" for name, kind in columns.items())


def _reader(kind: str) -> Callable[[Any], Any]:
    """The conversion of Spark's value to the value that DuckDB returns for that type."""
    if kind.endswith("[]"):
        each = _reader(kind.removesuffix("[]"))
        return lambda value: None if value is None else [each(item) for item in value]
    read = _READERS.get(kind)
    if read is None:
        return lambda value: value
    return lambda value: None if value is None else read(value)


def _naive(value: datetime) -> datetime:
    return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value


_READERS: dict[str, Callable[[Any], Any]] = {
    "DOUBLE": float,
    "TIMESTAMP": _naive,
    **dict.fromkeys(("INTEGER", "BIGINT", "HUGEINT"), int),
}
