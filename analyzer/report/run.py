"""A report: the rows that a query returns, with the words of its own header around them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from analyzer import clock
from analyzer.config import rules
from analyzer.engine.engine import Row
from analyzer.engine.tables import COLUMNS
from analyzer.errors import NothingSeen, UsageError
from analyzer.report import compose, typed_rows, versus
from analyzer.report import names as wildcards
from analyzer.report.catalog import Catalog
from analyzer.report.coverage import Coverage, coverage
from analyzer.report.header import Query
from analyzer.report.severity import lowered
from analyzer.report.times import DAY
from analyzer.schema import Mark
from analyzer.store import marks

if TYPE_CHECKING:
    import polars as pl

_WORDS = {"severity", "detail"}  # columns that may change of one finding


class ReportColumn(msgspec.Struct, frozen=True):
    """A column of a report; *type* is DuckDB's word for it."""

    name: str
    sentence: str
    type: str


class DataAge(msgspec.Struct, frozen=True):
    """The last complete snapshot of a cluster at the end of the window; *stale*: it is too old."""

    cluster: str
    taken_at: datetime | None
    stale: bool


class Report(msgspec.Struct, frozen=True):
    """The result of a report: words, columns, rows, and coverage.

    Instants in *rows* are naive UTC; *coverage* has one of each cluster; *inputs* are the tables of
    the store that the SQL reads. *brief*, *series*, *picture*, *identity*, *began* and *ended* are
    as the header of the query has them. Tables for people write times in *zone*; *window* is from
    the first snapshot that is read to the requested end; *data* says how old the data is at that
    end; *marks* are those of the window; *ignored* counts the rows that were not to be shown, by
    the wildcard that hid them.
    """

    name: str
    title: str
    description: str
    parameters: Mapping[str, Any]
    columns: tuple[ReportColumn, ...]
    rows: list[tuple[Any, ...]]
    coverage: list[Coverage]
    kind: str
    cannot_see: str | None
    sql: str
    inputs: tuple[str, ...] = ()
    brief: tuple[str, ...] = ()
    series: str | None = None
    picture: str | None = None
    identity: tuple[str, ...] = ()
    began: tuple[str, str] | None = None
    ended: tuple[str, ...] = ()
    zone: tzinfo = UTC
    window: tuple[datetime, datetime] | None = None
    data: tuple[DataAge, ...] = ()
    marks: tuple[Mark, ...] = ()
    ignored: Mapping[str, int] = {}

    @property
    def names(self) -> list[str]:
        """The names of the columns, in their documented order."""
        return [column.name for column in self.columns]

    @property
    def identifying(self) -> list[str]:
        """The columns that say which finding a row is; all but its words, if the header is silent."""
        return list(self.identity) or [name for name in self.names if name not in _WORDS]

    def records(self) -> list[Row]:
        """The rows as dictionaries, in the documented order of columns."""
        names = self.names
        return [dict(zip(names, row, strict=True)) for row in self.rows]

    def is_over(self, row: Row) -> bool:
        """Whether the row is of something that has ended, as the header says."""
        return row.get("status") in self.ended

    def frame(self) -> "pl.DataFrame":
        """The rows as a Polars frame with the types that the query gave."""
        return typed_rows.frame(self.columns, self.rows)

    def objects(self) -> list[Any]:
        """The rows as named tuples: ``row.initiator``, ``row.lost_by``."""
        return typed_rows.objects(self.name, self.columns, self.rows)

    def at_least(self, severity: str) -> "Report":
        """The report with only the rows that are at least that severe, or have no severity."""
        if "severity" not in self.names:
            return self
        severities, place = rules.at_least(severity), self.names.index("severity")
        return replace(
            self, rows=[row for row in self.rows if row[place] is None or row[place] in severities]
        )

    def worse(self, least: str) -> bool:
        """Whether a row is at least that severe, and not of a finding that is gone."""
        return any(row["severity"] in rules.at_least(least) for row in self.present())

    def present(self) -> list[Row]:
        """The rows as dictionaries, but those of findings that are gone."""
        gone = versus.GONE if "versus" in self.parameters else object()
        return [row for row in self.records() if row.get(versus.COLUMN) != gone]


class ReportRequest(msgspec.Struct, frozen=True):
    """A request for a report: times as the user wrote them, own parameters, filters by wildcard.

    *ignore* are wildcards of what is not to be shown, of reports whose header says of which column.
    With *severity*, only rows at least that severe. Without *covered*, nothing is said of what could
    not be seen: the caller shows that itself.
    """

    since: str = "24h"
    until: str = "now"
    at: str = "latest"
    versus: str | None = None
    before: str | None = None  # what the header of the report says
    after: str = "latest"
    params: Mapping[str, Any] = {}
    filters: Mapping[str, Sequence[str]] = {}
    ignore: Sequence[str] = ()
    severity: str = "info"
    zone: tzinfo = UTC
    covered: bool = True


def run(catalog: Catalog, query: Query, request: ReportRequest | None = None) -> Report:
    """Ask one query of one catalog.

    Raises:
        UsageError: a time, a parameter or the query is wrong, or nothing was seen by then.
    """
    request = request or ReportRequest()
    report = _run(catalog, query, request)
    if request.versus is not None and query.time == "instant":
        at = report.parameters["at"]
        other = moment(catalog, request.versus, request.zone)
        if other > at:
            raise UsageError(f"--versus {clock.iso(other)} is later than --at {clock.iso(at)}")
        then = _run(catalog, query, replace(request, at=clock.iso(other)))
        report = versus.compared(catalog, report, then, at, other)
    return report.at_least(request.severity)


def _run(catalog: Catalog, query: Query, request: ReportRequest) -> Report:
    """The report with rows of every severity."""
    if not catalog.clusters and _reads_snapshots(catalog, query):
        raise NothingSeen(
            f"{catalog.store.root} holds no snapshots yet; 'analyzer collect' or"
            " 'analyzer import' takes the first"
        )
    times, window = _times(catalog, query, request)
    own = {name: request.params.get(name, param.default) for name, param in query.params.items()}
    unknown = sorted(set(request.params) - set(own))
    if unknown:
        raise UsageError(f"report {query.name} has no parameter '{unknown[0]}'")
    for name, param in query.params.items():
        param.check(name, own[name])
    result = catalog.run_query(query, {**times, **own}, request.filters)
    names = [name for name, _ in result.columns]
    if names != list(query.columns):
        raise UsageError(
            f"{query.path}: returns columns {', '.join(names)};"
            f" its header declares {', '.join(query.columns)}"
        )
    rows = lowered(catalog, query, names, result.rows, times)
    rows, ignored = wildcards.ignored(catalog, query, rows, request.ignore)
    return Report(
        name=query.name,
        title=query.title,
        description=query.description,
        parameters={
            **{name: value for name, value in times.items() if value is not None and name != "now"},
            **own,
            **{name: list(patterns) for name, patterns in request.filters.items() if patterns},
            **({"ignore": list(request.ignore)} if request.ignore else {}),
        },
        columns=tuple(
            ReportColumn(name, query.columns[name], kind) for name, kind in result.columns
        ),
        rows=rows,
        coverage=coverage(catalog, query, {**times, **own}, window) if request.covered else [],
        kind=query.kind,
        cannot_see=query.cannot_see,
        sql=compose.script(query, catalog.models),
        inputs=tuple(catalog.inputs(query)),
        brief=query.brief,
        series=query.series,
        picture=query.picture,
        identity=query.identity,
        began=query.began,
        ended=query.ended,
        zone=request.zone,
        window=window,
        data=_data(catalog, window[1]),
        marks=marks.between(catalog.marks, *window),
        ignored=ignored,
    )


def _times(
    catalog: Catalog, query: Query, request: ReportRequest
) -> tuple[dict[str, datetime | None], tuple[datetime, datetime]]:
    """The standard parameters, and the window whose coverage concerns the answer."""
    present = catalog.now
    if query.time == "window":
        until = moment(catalog, request.until, request.zone)
        since = moment(catalog, request.since, request.zone)
        clock.check_window(since, until)
        return {"since": since, "until": until, "now": present}, (since, until)
    if query.time == "pair":
        after = moment(catalog, request.after, request.zone)
        before = _before(catalog, query, request, after)
        if before is not None and before > after:
            raise UsageError(
                f"--before {clock.iso(before)} is later than --after {clock.iso(after)}"
            )
        start = _seen(catalog, before or after, previous=before is None)
        return {"before": before, "after": after, "now": present}, (before or start, after)
    at = moment(catalog, request.at, request.zone)
    if query.time == "instant" and not _reads_snapshots(catalog, query):
        return {"at": at, "now": present}, (at, at)
    if query.time == "instant":
        return {"at": at, "now": present}, (_seen(catalog, at), at)
    return {"now": present}, (present - DAY, present)


def _reads_snapshots(catalog: Catalog, query: Query) -> bool:
    """Whether it reads what snapshots hold, and not only whether and when there were any."""
    return bool(compose.inputs(query, catalog.models) & (COLUMNS.keys() - {"attempts"}))


def _before(
    catalog: Catalog, query: Query, request: ReportRequest, after: datetime
) -> datetime | None:
    """The first instant of a pair; None is the complete snapshot before the second, by cluster."""
    text = request.before
    baseline = marks.baseline(catalog.marks)
    if text is None and baseline is not None and baseline.instant <= after:
        return baseline.instant
    if text is None and query.before is not None:
        if query.before not in catalog.models:
            raise UsageError(f"{query.path}: there is no model '{query.before}'")
        times = {"since": after - DAY, "until": after, "now": catalog.now}
        ((before,),) = catalog.run_query(catalog.models[query.before], times).rows
        return before or max(after - DAY, first(catalog))
    return None if text in {None, "previous"} else moment(catalog, str(text), request.zone)


def first(catalog: Catalog) -> datetime:
    """The first complete snapshot of all; the clock's time if there is none."""
    ((first,),) = catalog.select(
        "select min(taken_at) from attempts where status = 'complete'"
    ).rows
    return first or catalog.now


def moment(catalog: Catalog, text: str, zone: tzinfo = UTC) -> datetime:
    """Read a time as a user writes it for a report, the name of a mark among them.

    Raises:
        UsageError: it is none; names the nearest marks.
    """
    if text == "latest":
        return catalog.now
    if text == "previous":
        return _seen(catalog, catalog.now, previous=True)
    return marks.moment(catalog.store, text, zone, catalog.now)


def _seen(catalog: Catalog, instant: datetime, *, previous: bool = False) -> datetime:
    """The earliest, over the clusters, of their last complete snapshots by then, or the *previous*."""
    latest = catalog.run_query(catalog.models["latest_complete"], {"at": instant}).records()
    column = "previous_at" if previous else "taken_at"
    snapshots: list[datetime] = [row[column] for row in latest if row[column] is not None]
    if not snapshots:
        missing = "fewer than two complete snapshots" if previous else "no complete snapshot"
        raise NothingSeen(
            f"{', '.join(catalog.clusters)}: {missing} by {clock.iso(instant)};"
            " 'analyzer snapshots' lists every attempt"
        )
    return min(snapshots)


def _data(catalog: Catalog, end: datetime) -> tuple[DataAge, ...]:
    result = catalog.run_query(catalog.models["data_age"], {"at": min(end, catalog.now)})
    # A model's rows have no order.
    return tuple(DataAge(**row) for row in sorted(result.records(), key=lambda row: row["cluster"]))
