"""Reports on Spark, over Spark Connect: the only door to pyspark.

DuckDB says what the columns of a statement are, so that an answer is the same to whoever reads
it; Spark, or what speaks its protocol, says what the rows are. The files are those that the
manifests name, and every worker must see them under the same path.
"""

import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from analyzer import dialect
from analyzer.catalog import CLOSED_BY, COLUMNS, Catalog, Gone, Result, files, rows_of
from analyzer.dialect import Part, Statement
from analyzer.errors import Unreachable, UsageError

_WAIT = 10.0  # seconds to be answered at all
_TYPES = {
    "varchar": "string",
    "bigint": "bigint",
    "boolean": "boolean",
    "double": "double",
    "timestamp": "timestamp_ntz",
    "varchar[]": "array<string>",
    "struct(uuid varchar, name varchar)[]": "array<struct<uuid:string,name:string>>",
}
_LATEST = {"cluster": "varchar", "svm_id": "varchar", "taken_at": "timestamp"}


def connect(url: str) -> Any:
    """A session of its own at *url*.

    Raises:
        UsageError: the client is not installed, or the address is none.
        Unreachable: nobody answers there.
    """
    try:
        with warnings.catch_warnings():
            # What the client says of its own libraries' futures is nothing to a reader of reports.
            warnings.simplefilter("ignore")
            import grpc  # noqa: PLC0415  # an extra
            from pyspark.errors import PySparkException  # noqa: PLC0415  # an extra
            from pyspark.sql.connect.client import DefaultChannelBuilder  # noqa: PLC0415  # an extra
            from pyspark.sql.connect.session import SparkSession  # noqa: PLC0415  # an extra
    except ImportError as error:
        raise UsageError(
            f"--engine {url} needs the Spark client: pip install 'analyzer[spark]' ({error})"
        ) from error
    try:
        told = DefaultChannelBuilder(url)
        channel = told.toChannel()
    except PySparkException as error:
        raise UsageError(f"--engine {url}: write duckdb, or sc://host:15002") from error
    try:
        # The client itself would try for ten minutes.
        grpc.channel_ready_future(channel).result(timeout=_WAIT)
    except grpc.FutureTimeoutError as error:
        raise Unreachable(f"{urlsplit(url).netloc}: no Spark Connect server answers") from error
    finally:
        channel.close()
    session = SparkSession.builder.remote(url).create()
    session.conf.set("spark.sql.session.timeZone", "UTC")
    session.conf.set("spark.sql.ansi.enabled", "true")
    return session


@dataclass(frozen=True, slots=True)
class _Kept:
    """A relation that was worked out; its frame is held, or the server would forget it."""

    view: str
    frame: Any


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
        self._kept: dict[str, _Kept] = {}
        known = files(self.store, self.clusters)
        for name, columns in COLUMNS.items():
            told = known[name]
            carried = {one: kind for one, kind in columns.items() if one not in CLOSED_BY}
            pieces = {
                "closed": (self._read(told.closed, columns), columns),
                "opened": (self._read(told.opened, carried), carried),
                "latest": (self._frame(told.latest, _LATEST), _LATEST),
            }
            there = {}
            for what, (frame, kinds) in pieces.items():
                if frame is not None:
                    frame.createOrReplaceTempView(f"{name}_{what}")
                    there[f"{name}_{what}"] = kinds
            text = rows_of(name, *(f"{name}_{w}" if f"{name}_{w}" in there else None for w in pieces))
            sql = dialect.translate(text, there, {}).sql
            self._session.sql(sql).createOrReplaceTempView(name)
        for name, (kinds, rows) in self._tables.items():
            self._frame(rows, kinds).createOrReplaceTempView(name)

    def _read(self, paths: Sequence[Path], columns: Mapping[str, str]) -> Any:
        if not paths:
            return None
        return self._session.read.schema(_schema(columns)).parquet(*map(str, paths))

    def _frame(self, rows: Sequence[Sequence[Any]], columns: Mapping[str, str]) -> Any:
        return self._session.createDataFrame([tuple(row) for row in rows], _schema(columns))

    def _answer(self, text: str, bound: dict[str, Any], where: object) -> Result:
        columns = self.describe(text, bound)
        try:
            told = dialect.translate(text, self.columns, bound)
        except UsageError as error:
            raise UsageError(f"{where}: {error}") from error
        from pyspark.errors import PySparkException  # noqa: PLC0415  # an extra

        try:
            table = _Run(self._session, told, bound, self._kept).table()
        except PySparkException as error:
            if "FILE_NOT_EXIST" in str(error) or "PATH_NOT_FOUND" in str(error):
                raise Gone(str(error)) from error
            raise UsageError(f"{where}: {str(error).splitlines()[0]}") from error
        reads = [_reader(kind) for _, kind in columns]
        told_rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
        rows = [
            tuple(read(value) for read, value in zip(reads, row, strict=True)) for row in told_rows
        ]
        return Result(columns, rows)


class _Run:
    """One statement being run.

    A relation that several others stand on is worked out once and kept: Spark would work it out
    anew for each. *kept* holds the views of such relations by what they were made of.
    """

    def __init__(
        self, session: Any, told: Statement, bound: Mapping[str, Any], kept: dict[str, _Kept]
    ) -> None:
        self._session = session
        self._told = told
        self._bound = {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in bound.items()
        }
        self._kept = kept
        self._parts = {part.name: part for part in told.parts}
        self._sql = {part.name: part.sql for part in told.parts}

    def table(self) -> Any:
        wanted = Counter(self._told.uses)
        for part in self._told.parts:
            wanted.update(part.uses)
        for part in self._told.parts:
            if part.grows is not None:
                self._grow(part, part.grows)
            elif wanted[part.name] > 1:
                self._keep(part.name, self._front(part.sql, part.uses))
        return self._frame(self._front(self._told.sql, self._told.uses)).toArrow()

    def _front(self, sql: str, uses: Iterable[str]) -> str:
        """The statement *sql* behind the relations that it stands on."""
        needed: set[str] = set()
        waiting = list(uses)
        while waiting:
            name = waiting.pop()
            if name not in needed:
                needed.add(name)
                # What is kept stands on nothing any more.
                waiting += () if self._sql[name] != self._parts[name].sql else self._parts[name].uses
        front = ", ".join(f"{name} AS ({self._sql[name]})" for name in self._parts if name in needed)
        return f"WITH {front} {sql}" if front else sql

    def _frame(self, sql: str) -> Any:
        return self._session.sql(sql, args=self._bound)

    def _keep(self, name: str, sql: str) -> Any:
        told = sorted(item for item in self._bound.items() if f":{item[0]}" in sql)
        key = f"{sql} {told}"
        if key not in self._kept:
            view = f"kept_{len(self._kept)}"
            frame = self._frame(sql).localCheckpoint()
            frame.createOrReplaceTempView(view)
            self._kept[key] = _Kept(view, frame)
        self._sql[name] = f"SELECT * FROM {self._kept[key].view}"
        return self._kept[key].frame

    def _grow(self, part: Part, grows: str) -> None:
        """Round by round, each standing on the one before it, until nothing is added."""
        rounds = []
        frame = self._keep(part.name, self._front(part.sql, part.uses))
        while not frame.isEmpty():
            rounds.append(self._sql[part.name])
            frame = self._keep(part.name, self._front(grows, {part.name, *part.uses}))
        self._sql[part.name] = " UNION ALL ".join(rounds) or self._sql[part.name]


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
