"""The first screen: each cluster's data, and what the reports say that have a place in it."""

from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from analyzer.errors import NothingSeen
from analyzer.report import run
from analyzer.report.catalog import Catalog
from analyzer.report.header import Query, StatusSection
from analyzer.report.run import Report, ReportRequest
from analyzer.store import marks

CLUSTERS = "clusters"  # the report of each cluster's data


class StatusPart(msgspec.Struct, frozen=True):
    """One section: its words, its report's name, what is to be shown, and why that is no answer."""

    words: StatusSection
    name: str
    report: Report | None
    reason: str = ""


class Status(msgspec.Struct, frozen=True):
    """All that the first screen shows; *clusters* has a row for each."""

    clusters: Report
    parts: list[StatusPart]


def status(catalog: Catalog, request: ReportRequest | None = None) -> Status:
    """Run the reports whose header has a ``status``, over the request's window and at its end.

    What could not be seen is said with the clusters, and with each section if the request is
    *covered*.

    Raises:
        UsageError: the store is empty, or a time is wrong.
    """
    request = request or ReportRequest()
    request = replace(request, at=request.until, after=request.until)
    return Status(
        run.run(catalog, catalog.reports[CLUSTERS], replace(request, covered=True)),
        [_part(catalog, query, words, request) for query, words in _sections(catalog)],
    )


def _sections(catalog: Catalog) -> Iterator[tuple[Query, StatusSection]]:
    compared = marks.baseline(catalog.marks) is not None
    queries = [
        (query, query.status)
        for query in catalog.reports.values()
        if query.status and (compared or not query.status.baseline)
    ]
    yield from sorted(queries, key=lambda pair: pair[1].place)


def _part(
    catalog: Catalog, query: Query, words: StatusSection, request: ReportRequest
) -> StatusPart:
    try:
        report = run.run(catalog, query, request).at_least("low")
    except NothingSeen as error:
        return StatusPart(words, query.name, None, str(error))
    pairs = zip(report.rows, report.records(), strict=True)
    rows = [row for row, record in pairs if words.ended or not report.is_over(record)]
    # Of an instant that nobody saw, no finding is no pass.
    stale = [age.cluster for age in report.data if age.stale]
    reason = ""
    if stale and not rows and query.time != "window":
        reason = f"no recent complete snapshot of {', '.join(stale)}"
    return StatusPart(words, query.name, replace(report, rows=rows), reason)
