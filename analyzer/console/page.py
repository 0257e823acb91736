"""The standing report: what an administrator wants to look at every morning, as one HTML file."""

from collections.abc import Sequence
from dataclasses import replace

from analyzer.errors import UsageError
from analyzer.output import chart, html
from analyzer.report import header, run
from analyzer.report.catalog import Catalog
from analyzer.report.run import Report, Request

# Reports in the order in which a reader asks: what broke, is it back, what is new, what is next.
SECTIONS = (
    "coverage", "outages", "dropped-connections", "not-recovered", "new-initiators", "events",
    "multipath-imbalance", "paths", "sessions-over-time", "sessions-by-node", "forecast",
)  # fmt: skip
TITLE = "iSCSI sessions"


def reports(catalog: Catalog, request: Request, sections: Sequence[str] = SECTIONS) -> list[Report]:
    """Every section, over the request's window.

    A pair compares the window's two ends, an instant is its end. A section that has no answer yet
    (one snapshot makes no pair) is left out.

    Raises:
        UsageError: the window is wrong, or nothing was seen by its end.
    """
    known = header.reports()
    ends = replace(request, at=request.until, before=request.since, after=request.until)
    made = [run.run(catalog, known[sections[0]], ends)]
    for name in sections[1:]:
        try:
            made.append(run.run(catalog, known[name], ends))
        except UsageError:
            if known[name].over == "window":
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
    return bound(reports(catalog, request), f"{TITLE}: {', '.join(catalog.clusters)}")


def _figures(made: Sequence[Report]) -> html.Figures:
    ahead = next((found for found in made if found.name == "forecast"), None)
    return {
        found.name: [
            (picture.title, picture.text, picture.svg()) for picture in chart.draw(found, ahead)
        ]
        for found in made
    }


def _note() -> str | None:
    return None if chart.available() else f"{chart.MISSING}."
