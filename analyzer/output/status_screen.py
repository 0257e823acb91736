"""The first screen as text: for a terminal of 80 columns and 24 lines, and for a ticket."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from textwrap import wrap
from typing import Any

import msgspec
from msgspec.structs import replace

from analyzer.config.rules import SEVERITIES
from analyzer.engine.engine import Row
from analyzer.output import table, table_layout, wording
from analyzer.output.json import envelope
from analyzer.output.screen import Piece, Screen
from analyzer.report.run import Report
from analyzer.report.status import Status, StatusPart
from analyzer.text import counted, escape_controls, escape_markdown

_ROWS = 3  # of a section, at most
_LINES = 23  # of a screen, with one for the prompt
_LABEL = 15  # columns


class StatusFinding(msgspec.Struct, frozen=True):
    """One row of a section; it began between *after* and *by*; *over* is its status if it ended.

    *cluster* is named where there are several.
    """

    severity: str
    cluster: str | None
    initiator: str | None
    after: datetime | None
    by: datetime | None
    over: str | None
    detail: str
    row: Mapping[str, Any]


def render(status: Status, width: int | None) -> str:
    """The screen; *width* None is the terminal's, and colours as it can.

    Of each section it shows as many rows as leave the whole on one screen, at least one.
    """
    screen = ""
    for most in range(_ROWS, 0, -1):
        screen = _screen(status, width, most)
        if screen.count("\n") <= _LINES:
            break
    return screen


def _screen(status: Status, width: int | None, most: int) -> str:
    screen = Screen(width)
    for row in status.clusters.records():
        screen.prose(cluster(row, status.clusters), "bold")
    for line in without_data(status.clusters):
        screen.prose(line, "bold red")
    for part in status.parts:
        lines = _lines(part)
        head = Piece(f"{part.words.label.upper():<{_LABEL}}", "bold")
        screen.line(head, Piece(summary(part)))
        for severity, line in lines[:most]:
            _finding(screen, severity, line)
        if len(lines) > most:
            rest = f"    … {len(lines) - most} more: analyzer report {part.name}"
            screen.prose(rest, "dim")
    more = "more: analyzer timeline HOST · analyzer paths · analyzer report"
    screen.prose(more, "dim")
    return screen.text()


def text(status: Status) -> str:
    """The same as Markdown for a ticket: every row, names whole."""
    heading = table.heading(replace(status.clusters, title="iSCSI sessions"))
    lines = [f"**{heading}**", ""]
    rows = status.clusters.records()
    lines += [f"- {escape_markdown(cluster(row, status.clusters))}" for row in rows]
    lines += [f"- {escape_markdown(line)}" for line in without_data(status.clusters)]
    for part in status.parts:
        findings = _lines(part, whole=True)
        lines += ["", f"**{part.words.label}**: {escape_markdown(summary(part))}"]
        lines += [""] * bool(findings)
        lines += [f"- {severity}: {escape_markdown(line)}" for severity, line in findings]
    return "\n".join(lines) + "\n"


def as_json(status: Status) -> Mapping[str, Any]:
    """The same for programs: the reports that the screen shows."""
    return {
        "clusters": envelope(status.clusters),
        "sections": [
            {
                "label": part.words.label,
                "reason": part.reason or None,
                "report": envelope(part.report) if part.report is not None else None,
            }
            for part in status.parts
        ],
    }


def without_data(report: Report) -> list[str]:
    """A line for each cluster that has no row, such as one whose history is damaged."""
    clusters = {row["cluster"] for row in report.records()}
    return [
        f"{escape_controls(cover.cluster)}  NO DATA: {escape_controls(gap.reason or '')}"
        for cover in report.coverage
        for gap in cover.unknown
        if cover.cluster not in clusters
    ]


def cluster(row: Row, report: Report) -> str:
    """How old the data of a cluster is, and what nobody saw in the window."""
    name = escape_controls(row["cluster"])
    if row["last_seen"] is None:
        return f"{name}  NO COMPLETE SNAPSHOT YET"
    zone = report.zone
    now = report.parameters["until"]
    dated = not wording.same_day(row["last_seen"], now, zone)
    seen = wording.instant(row["last_seen"], zone, dated=dated, named=True)
    text = f"{name}  last snapshot {seen}"
    if zone is not UTC:
        text += f" ({wording.instant(row['last_seen'], UTC, dated=False, named=True)})"
    text += f", {wording.length(row['age_seconds'])} ago, {counted(row['sessions'], 'session')}"
    if not row["gaps"]:
        return f"{text}; no data missing"
    missing = wording.length(int(row["unknown_seconds"]))
    return f"{text}; {counted(row['gaps'], 'gap')}, {missing} unknown"


def summary(part: StatusPart) -> str:
    """The summary of a section, before its rows."""
    if part.report is None or part.reason:
        return f"no answer: {part.reason}"
    if not part.report.rows:
        return part.words.none
    rows = part.report.records()
    counts = Counter(row["severity"] for row in rows)
    over = sum(map(part.report.is_over, rows))
    parts = [f"{counts[severity]} {severity}" for severity in SEVERITIES if counts[severity]]
    if over:
        parts.append(f"{over} of {len(rows)} over")
    text = ", ".join(parts)
    return f"{part.words.some}: {text}" if part.words.some else text


def findings(part: StatusPart, *, whole: bool = False) -> list[StatusFinding]:
    """The findings of a section, the open and severe ones first; names are shortened, or *whole*."""
    if part.report is None:
        return []
    report = part.report
    rows = wording.ordered(report)
    short = {} if whole else wording.shortened(rows)
    result = []
    for values in replace(report, rows=rows).records():
        initiator = values.get("initiator")
        after, by = (values[name] for name in report.began) if report.began else (None, None)
        result.append(
            StatusFinding(
                severity=values["severity"],
                cluster=values["cluster"] if len(report.data) > 1 else None,
                initiator=short.get(initiator, initiator) if initiator else None,
                after=after,
                by=by,
                over=values["status"] if report.is_over(values) else None,
                detail=wording.prose(values["detail"] or "", report.zone),
                row=values,
            )
        )
    return result


def words(report: Report, finding: StatusFinding) -> str:
    """A finding in one line."""
    over = f" ({finding.over})" if finding.over else ""
    parts = (finding.cluster, finding.initiator, began(report, finding), f"{finding.detail}{over}")
    return escape_controls("  ".join(filter(None, parts)))


def began(report: Report, finding: StatusFinding) -> str:
    """The interval in which it began, with its date where that is another day than the end's."""
    instants = (finding.after, finding.by)
    end = report.parameters.get("until") or report.parameters.get("at")
    dated = any(not wording.same_day(at, end, report.zone) for at in instants if at and end)
    return wording.interval(*instants, report.zone, dated=dated)


def _lines(part: StatusPart, *, whole: bool = False) -> list[tuple[str, str]]:
    """Severity and words of each finding."""
    if part.report is None:
        return []
    return [(item.severity, words(part.report, item)) for item in findings(part, whole=whole)]


def _finding(screen: Screen, severity: str, line: str) -> None:
    mark = f" {wording.MARKS.get(severity, '  ')} "
    lines = wrap(line, max(screen.width - len(mark), table_layout.FOLDED), break_long_words=False)
    for number, piece in enumerate(lines):
        head = Piece(" " * len(mark) if number else mark, wording.STYLES.get(severity, ""))
        screen.line(head, Piece(piece))
