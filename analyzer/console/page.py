"""The standing report: what an administrator wants to look at every morning, as one HTML file."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from analyzer.errors import NothingSeen
from analyzer.output import chart, html
from analyzer.report import run
from analyzer.report.catalog import Catalog
from analyzer.report.header import Query
from analyzer.report.run import Report, Request

TITLE = "iSCSI sessions"


def sections(queries: Iterable[Query]) -> list[Query]:
    """Those whose header has a ``page``, in that order."""
    return sorted(
        (query for query in queries if query.page is not None), key=lambda query: query.page or 0
    )


def reports(catalog: Catalog, request: Request, queries: Iterable[Query]) -> list[Report]:
    """The reports of these queries, over the request's window.

    A pair compares the window's two ends, an instant is its end. A section that has no answer yet
    (one snapshot makes no pair) is left out.

    Raises:
        UsageError: the window is wrong, or nothing was seen by its end.
    """
    ends = replace(request, at=request.until, before=request.since, after=request.until)
    made = []
    for query in queries:
        try:
            made.append(run.run(catalog, query, ends))
        except NothingSeen:
            if query.time == "window":
                raise
    return made


def bound(made: Sequence[Report], title: str | None = None) -> str:
    """Reports as one page, with their pictures."""
    return html.page(made, title=title, figures=_figures(made), note=_note())


def standing(catalog: Catalog, request: Request) -> str:
    """The standing report as a page.

    Raises:
        UsageError: the window is wrong, or nothing was seen by its end.
    """
    return bound(
        reports(catalog, request, sections(catalog.reports.values())),
        f"{TITLE}: {', '.join(catalog.clusters)}",
    )


def _figures(made: Sequence[Report]) -> html.Figures:
    ahead = next((found for found in made if found.picture == "forecast"), None)
    return {
        found.name: [
            (picture.title, picture.text, picture.svg()) for picture in chart.draw(found, ahead)
        ]
        for found in made
    }


def _note() -> str | None:
    return None if chart.available() else f"{chart.MISSING}."
