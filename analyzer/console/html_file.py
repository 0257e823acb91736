"""Reports as one self-contained HTML file, the daily report among them.

It is rendered from the console's templates and can be mailed and opened years later: it loads
nothing from the network. A strict content security policy inside the file allows only its own style
and its own script, by hash; it works without scripts as plain tables.
"""

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources

from msgspec.structs import replace

from analyzer import clock
from analyzer.console import front_page
from analyzer.console.address import PageAddress
from analyzer.console.markup import render
from analyzer.console.sheet import Sheet, SheetOrder, sheet
from analyzer.console.view import View
from analyzer.errors import NothingSeen
from analyzer.output import chart, table, wording
from analyzer.report import run
from analyzer.report.catalog import Catalog
from analyzer.report.header import Query
from analyzer.report.run import Report, ReportRequest

TITLE = "iSCSI sessions"
_BYTES = 2_000_000  # of table rows in a page, shared by its reports
_LINES = 60  # of coverage, in each report


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A section that has no answer, and why."""

    name: str
    title: str
    reason: str


@dataclass(frozen=True, slots=True)
class FileView(View):
    """A view without a server: it links to nothing but the reports on the same page."""

    names: frozenset[str] = frozenset()

    def link(self, path: str, **values: str | Sequence[str] | None) -> str:
        del values
        name = path.removeprefix("/reports/")
        return f"#{name}" if name in self.names else ""

    def of_object(self, kind: str, name: str | None) -> str | None:
        del kind, name
        return None

    def incident(
        self, after: datetime | None, by: datetime | None, end: datetime | None = None
    ) -> str:
        del after, by, end
        return ""


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


def of_reports(answers: Sequence[Report | Unanswered], title: str | None = None) -> str:
    """Reports as one page, with their pictures."""
    return _page(answers, title)


def daily(catalog: Catalog, request: ReportRequest) -> str:
    """The daily report as a page; the status of its window stands first.

    Raises:
        UsageError: the window is wrong, or a query is.
    """
    answers = reports(catalog, request, sections(catalog.reports.values()))
    ends = {
        name: clock.iso(run.moment(catalog, text, request.zone))
        for name, text in (("since", request.since), ("until", request.until))
    }
    names = frozenset(answer.name for answer in answers)
    view = FileView(PageAddress("/", tuple(ends.items())), catalog, request.zone, names=names)
    try:
        status = front_page.front(view)
    except NothingSeen:
        status = None  # every section says why
    title = f"{TITLE}: {', '.join(catalog.clusters)}"
    return _page(answers, title, status=status, view=view)


def _page(
    answers: Sequence[Report | Unanswered],
    title: str | None,
    status: front_page.Front | None = None,
    view: View | None = None,
) -> str:
    """One self-contained page.

    Of a table that is too long the first rows are shown, and the command that gives the rest.
    """
    style, script = _asset("console.css"), _asset("table.js")
    zone = next((part.zone for part in answers if isinstance(part, Report)), UTC)
    now = clock.now()
    zone_name = clock.zone_name(zone, now)
    shown = {mark for part in answers if isinstance(part, Report) for mark in part.marks}
    return render(
        "page.html",
        title=title or (answers[0].title if answers else "analyzer"),
        policy=(
            f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}';"
            " img-src data:; base-uri 'none'; form-action 'none'"
        ),
        style=style,
        script=script,
        sections=answers,
        answered=lambda section: isinstance(section, Report),
        timestamp=clock.iso(now) if zone is UTC else wording.instant(now, zone, dated=True),
        zone=zone_name if zone is UTC else f"{zone} ({zone_name})",
        marks=[
            (wording.instant(mark.instant, zone, dated=True), mark)
            for mark in sorted(shown, key=lambda mark: (mark.instant, mark.name))
        ],
        figures=_figures(answers),
        note=None if chart.available() else f"{chart.MISSING}.",
        sheet=lambda report: _sheet(report, _BYTES // len(answers)),
        coverage=_coverage,
        headline=table.headline,
        heading=table.heading,
        status=status,
        view=view,
    )


def _sheet(report: Report, room: int) -> Sheet:
    return sheet(report, SheetOrder(most=len(report.rows), room=room))


def _coverage(report: Report) -> str:
    """Coverage; of very many gaps the first."""
    lines = table.coverage(report, report.zone).splitlines()
    rest = len(lines) - _LINES
    if rest > 0:
        lines[_LINES:] = [f"  … {rest} more lines; 'analyzer report coverage' has them all"]
    return "\n".join(lines)


def _figures(answers: Sequence[Report | Unanswered]) -> dict[str, list[tuple[str, str, str]]]:
    """Of each report by name: title, text and safe SVG."""
    answered = [answer for answer in answers if isinstance(answer, Report)]
    forecast = next((report for report in answered if report.picture == "forecast"), None)
    return {
        report.name: [
            (picture.title, picture.text, picture.svg()) for picture in chart.draw(report, forecast)
        ]
        for report in answered
    }


def _asset(name: str) -> str:
    return resources.files("analyzer.console").joinpath("static", name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
