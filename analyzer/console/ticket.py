"""The text of a ticket: Markdown with the window in UTC and in the chosen zone."""

from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING

from analyzer import clock
from analyzer.output import wording
from analyzer.output.value import cell
from analyzer.text import counted, escape_markdown

if TYPE_CHECKING:
    from analyzer.console.incident_page import Incident  # stands on this module

_ROWS = 40  # of the table; the command gives them all
_HOLES = ("lost", "missing")
_ESSENTIAL = (
    "change", "severity", "initiator", "interface", "initiator_address", "sessions", "detail",
)  # fmt: skip


def text(incident: "Incident") -> str:
    """The page as Markdown for a ticket: what changed from A to B, and the command for it."""
    view, report = incident.view, incident.changes
    clusters = ", ".join(escape_markdown(name) for name in view.catalog.clusters)
    lines = [f"### iSCSI paths of {clusters}", ""]
    for label, first, last in (
        ("A → B", incident.before, incident.after), ("Window", incident.since, incident.until),
    ):  # fmt: skip
        lines.append(f"- {label}: {_both(first, last, view.zone)}")
    counts = ", ".join(
        f"{number:,} {escape_markdown(change)}" for change, number in incident.counts
    )
    lines.append(f"- Sessions from A to B: {counts or 'nothing changed'}")
    lost = [
        escape_markdown(host.initiator)
        for shown in incident.grids
        for host in shown.hosts
        if any(cell.change in _HOLES for cell in host.cells)
    ]
    rest = f" and {len(lost) - _ROWS} more" if len(lost) > _ROWS else ""
    lines.append(f"- Paths missing at B: {', '.join(lost[:_ROWS]) or 'none'}{rest}")
    unknown = [
        f"{escape_markdown(gap.cluster)} {_both(gap.begins, gap.ends, view.zone)} ({escape_markdown(gap.reason)})"
        for gap in incident.gaps[:_ROWS]
    ]
    lines += [f"- Unknown: {sentence}" for sentence in unknown]
    rows = incident.change_rows
    if rows:
        names = [name for name in _ESSENTIAL if name in rows[0]]
        lines += ["", "| " + " | ".join(names) + " |", "|" + " --- |" * len(names)]
        lines += [
            "| " + " | ".join(escape_markdown(cell(row[name])) for name in names) + " |"
            for row in rows[:_ROWS]
        ]
        if len(rows) > _ROWS:
            lines += ["", f"{counted(len(rows) - _ROWS, 'more row')}."]
    return "\n".join([*lines, "", f"    {incident.command(report.name)}", ""])


def _both(first: datetime, last: datetime, zone: tzinfo) -> str:
    """``2026-11-23T02:10:00Z to …Z (2026-11-23 03:10–03:15 CET)``."""
    exact = f"{clock.iso(first)} to {clock.iso(last)}"
    if zone is UTC:
        return exact
    name = clock.zone_name(zone, first, last)
    return f"{exact} ({wording.interval(first, last, zone, dated=True)} {name})"
