"""The daily report: what an administrator wants to look at every morning, as one HTML file."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from analyzer.errors import NothingSeen
from analyzer.output import chart, html
from analyzer.output.html import Unanswered
from analyzer.report import run
from analyzer.report.catalog import Catalog
from analyzer.report.header import Query
from analyzer.report.run import Report, ReportRequest

TITLE = "iSCSI sessions"


def sections(queries: Iterable[Query]) -> list[Query]:
    """Those whose header has a ``page``, in that order."""
    return sorted(
        (query for query in queries if query.page is not None), key=lambda query: query.page or 0
    )


def reports(
    catalog: Catalog, request: ReportRequest, queries: Iterable[Query]
) -> list[Report | Unanswered]:
    """The reports of these queries, over the request's window.

    A pair compares the window's two ends, an instant is its end. One that has no answer yet (one
    snapshot makes no pair) says why.

    Raises:
        UsageError: the window is wrong, or a query is.
    """
    ends = replace(request, at=request.until, before=request.since, after=request.until)
    answers: list[Report | Unanswered] = []
    for query in queries:
        try:
            answers.append(run.run(catalog, query, ends))
        except NothingSeen as error:
            answers.append(Unanswered(query.name, query.title, str(error)))
    return answers


def bound(answers: Sequence[Report | Unanswered], title: str | None = None) -> str:
    """Reports as one page, with their pictures."""
    return html.page(answers, title=title, figures=_figures(answers), note=_note())


def standing(catalog: Catalog, request: ReportRequest) -> str:
    """The daily report as a page.

    Raises:
        UsageError: the window is wrong, or a query is.
    """
    return bound(
        reports(catalog, request, sections(catalog.reports.values())),
        f"{TITLE}: {', '.join(catalog.clusters)}",
    )


def _figures(answers: Sequence[Report | Unanswered]) -> html.Figures:
    reports = [answer for answer in answers if isinstance(answer, Report)]
    forecast = next((report for report in reports if report.picture == "forecast"), None)
    return {
        report.name: [
            (picture.title, picture.text, picture.svg()) for picture in chart.draw(report, forecast)
        ]
        for report in reports
    }


def _note() -> str | None:
    return None if chart.available() else f"{chart.MISSING}."
