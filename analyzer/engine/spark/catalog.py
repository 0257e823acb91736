"""The tables of a store in a Spark session, and what is asked of them there.

DuckDB says what the columns of a statement are, so that an answer reads the same to everybody;
Spark, or what speaks its protocol, says what the rows are. The files are those that the
manifests name, and every worker must find them under the same path.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pyspark.errors import PySparkException

from analyzer.engine.spark.dialect import translate
from analyzer.engine.spark.run import Kept, Run
from analyzer.engine.spark.session import connect
from analyzer.engine.tables import CLOSED_BY, COLUMNS, files, joined
from analyzer.errors import Unreachable, UsageError
from analyzer.report.catalog import Catalog, Gone, Result

_TYPES = {
    "varchar": "string",
    "bigint": "bigint",
    "boolean": "boolean",
    "double": "double",
    "timestamp": "timestamp_ntz",
    "varchar[]": "array<string>",
    "struct(uuid varchar, name varchar)[]": "array<struct<uuid:string,name:string>>",
}
_SPELLS = ("closed", "open")
# A file that a writer retired, or what a lost executor had kept: to be read and worked out anew.
_GONE = ("FILE_NOT_EXIST", "PATH_NOT_FOUND", "CHECKPOINT_RDD_BLOCK_ID_NOT_FOUND")
_LATEST = {"cluster": "varchar", "svm_id": "varchar", "taken_at": "timestamp"}


class Spark(Catalog):
    """The tables of one store, asked through a Spark Connect server."""

    def __init__(self, url: str, *arguments: Any, **more: Any) -> None:
        """Open the store's tables there; the rest is as for ``Catalog``."""
        self._session = connect(url)
        super().__init__(*arguments, **more)

    def close(self) -> None:
        self._session.stop()
        super().close()

    def _open(self) -> None:
        super()._open()
        self._kept: dict[str, Kept] = {}
        known = files(self.store, self.clusters)
        for name, columns in COLUMNS.items():
            told = known[name]
            carried = {one: kind for one, kind in columns.items() if one not in CLOSED_BY}
            there = {f"{name}_latest": _LATEST}
            self._view(f"{name}_latest", self._frame(told.latest, _LATEST))
            for what, paths, kinds in (
                (f"{name}_closed", told.closed, columns),
                (f"{name}_open", told.opened, carried),
            ):
                if paths:
                    there[what] = dict(kinds)
                    read = self._session.read.schema(_schema(kinds))
                    self._view(what, read.parquet(*map(str, paths)))
            closed, opened = (f"{name}_{w}" if f"{name}_{w}" in there else None for w in _SPELLS)
            text = joined(name, closed, opened, f"{name}_latest")
            self._view(name, self._session.sql(translate(text, there, {}).sql))
        for name, (declared, rows) in self._tables.items():
            self._view(name, self._frame(rows, declared))

    def _view(self, name: str, frame: Any) -> None:
        frame.createOrReplaceTempView(name)

    def _frame(self, rows: Sequence[Sequence[Any]], columns: Mapping[str, str]) -> Any:
        return self._session.createDataFrame([tuple(row) for row in rows], _schema(columns))

    def _answer(self, text: str, bound: dict[str, Any], where: object) -> Result:
        columns = self.describe(text, bound)
        try:
            told = translate(text, self.columns, bound)
        except UsageError as error:
            raise UsageError(f"{where}: {error}") from error
        try:
            table = Run(self._session, told, bound, self._kept).table()
        except PySparkException as error:
            if any(word in str(error) for word in _GONE):
                raise Gone(str(error)) from error
            if "StatusCode.UNAVAILABLE" in str(error):
                raise Unreachable(
                    "the Spark Connect server is gone; nothing was answered"
                ) from error
            raise UsageError(f"{where}: {str(error).splitlines()[0]}") from error
        reads = [_reader(kind) for _, kind in columns]
        told_rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
        rows = [
            tuple(read(value) for read, value in zip(reads, row, strict=True)) for row in told_rows
        ]
        return Result(columns, rows)


def _schema(columns: Mapping[str, str]) -> str:
    return ", ".join(f"`{name}` {_TYPES[kind]}" for name, kind in columns.items())


def _reader(kind: str) -> Callable[[Any], Any]:
    """From Spark's value to what DuckDB would have given for that type."""
    if kind.endswith("[]"):
        each = _reader(kind.removesuffix("[]"))
        return lambda value: None if value is None else [each(one) for one in value]
    made = _READERS.get(kind)
    if made is None:
        return lambda value: value
    return lambda value: None if value is None else made(value)


def _instant(value: datetime) -> datetime:
    return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value


_READERS: dict[str, Callable[[Any], Any]] = {
    "DOUBLE": float,
    "TIMESTAMP": _instant,
    **dict.fromkeys(("INTEGER", "BIGINT", "HUGEINT"), int),
}
