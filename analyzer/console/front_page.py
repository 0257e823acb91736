"""The first page: the facts of ``analyzer status``, with links to what they are about."""

from dataclasses import dataclass

from analyzer.console.sheet import CellPart, named, object_of
from analyzer.console.view import View
from analyzer.output import status_screen
from analyzer.output.status_screen import StatusFinding
from analyzer.report import status
from analyzer.report.run import Report
from analyzer.report.status import StatusPart
from analyzer.text import beginning, escape_controls

_LONGEST = 1_000  # characters
_MOST = 12  # findings of a section that are listed


@dataclass(frozen=True, slots=True)
class FrontFinding:
    """One line: how severe, where, who, when it began, in words; *over* is its status if it ended."""

    severity: str
    cluster: CellPart | None
    who: CellPart | None
    about: CellPart | None
    when: CellPart | None
    detail: str
    over: str | None


@dataclass(frozen=True, slots=True)
class FrontSection:
    """A section as the page shows it; *worst* is its severity, '' if there is nothing."""

    label: str
    summary: str
    worst: str
    findings: list[FrontFinding]
    more: int
    command: str
    href: str


@dataclass(frozen=True, slots=True)
class Front:
    """The clusters, a line for each of those without data, a section a question."""

    clusters: Report
    lost: list[str]
    sections: list[FrontSection]


def page(view: View) -> str:
    """What is open, still missing and new, how old the data is, ready for an upgrade or not."""
    return view.render("front.html", status=front(view))


def front(view: View) -> Front:
    """The content of the first screen.

    Raises:
        NothingSeen: the store is empty.
    """
    answer = status.status(view.catalog, view.request())
    sections = [_section(view, part) for part in answer.parts]
    return Front(answer.clusters, status_screen.without_data(answer.clusters), sections)


def _section(view: View, part: StatusPart) -> FrontSection:
    """A section of the status, with links."""
    query = view.catalog.reports[part.name]
    times: dict[str, str | None] = {name: view.address.value(name) for name in query.time_options}
    for name in times.keys() & {"at", "after"}:  # the end of the window, here
        times[name] = view.address.value("until")
    severity = {"severity": "low"}
    findings = status_screen.findings(part, whole=True)
    still_open = [item for item in findings if item.over is None]
    return FrontSection(
        label=part.words.label,
        summary=status_screen.summary(part),
        worst="none" if part.reason else still_open[0].severity if still_open else "",
        findings=[_finding(view, part.report, item) for item in findings[:_MOST] if part.report],
        more=len(findings) - _MOST,
        command=view.command(f"report {part.name}", **times, **severity),
        href=view.link(f"/reports/{part.name}", **{**times, **severity}),
    )


def _finding(view: View, report: Report, finding: StatusFinding) -> FrontFinding:
    cluster, who, when, about = None, None, None, None
    if finding.cluster:
        cluster = named(_harmless(finding.cluster), view.link("/", cluster=finding.cluster))
    if finding.initiator:
        who = named(_harmless(finding.initiator), view.of_object("initiator", finding.initiator))
    if finding.after or finding.by:
        href = view.incident(finding.after, finding.by, finding.row.get("back_by"))
        when = CellPart(status_screen.began(report, finding), "", href)
    for name in ("cause", "object"):
        kind = object_of(name, finding.row)
        if (
            kind
            and finding.row[name]
            and (kind, finding.row[name]) != ("initiator", finding.initiator)
        ):
            about = named(_harmless(finding.row[name]), view.of_object(kind, finding.row[name]))
    detail = _harmless(finding.detail)
    return FrontFinding(finding.severity, cluster, who, about, when, detail, finding.over)


def _harmless(text: str) -> str:
    """An array's text, cut to the length of a line of the page; the report shows it whole."""
    return escape_controls(beginning(text, _LONGEST))
