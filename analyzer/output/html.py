"""One HTML file that can be mailed and opened years later: nothing in it asks the network.

It works without scripts as plain tables; with them, tables sort and filter. A strict content
security policy inside the file allows only its own style and its own script, by hash.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from importlib import resources
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import escape

from analyzer import clock
from analyzer.output import layout, table
from analyzer.output.value import cell
from analyzer.report.run import Report
from analyzer.text import beginning, escape_controls
from analyzer.version import __version__

# Of each report by name: title, text and safe SVG.
Figures = Mapping[str, Sequence[tuple[str, str, str]]]

_BYTES = 2_000_000  # of table rows in a page, shared by its reports
_CELL = 4_000  # characters of a cell
_LINES = 60  # of coverage, in each report
_OWNERS = ("cluster", "svm")


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A section that has no answer, and why."""

    name: str
    title: str
    reason: str


def _asset(name: str) -> str:
    return (
        resources.files("analyzer").joinpath("output", "static", name).read_text(encoding="utf-8")
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@dataclass(frozen=True, slots=True)
class Grid:
    """The table of a report: *essential* says of each column whether it is shown at first.

    *rows* have a class and their cells; of very many the first.
    """

    headings: list[tuple[str, str]]
    essential: list[bool]
    rows: list[tuple[str, list[str]]]


def grid(report: Report, room: int) -> Grid:
    """The rows that fit *room* bytes, open and severe ones first, and the brief columns first."""
    names = [column.name for column in report.columns]
    brief = [name for name in (*_OWNERS, *_with_ends(report.brief, names)) if name in names]
    first = list(dict.fromkeys(brief)) if report.brief else names
    order = [names.index(name) for name in (*first, *(n for n in names if n not in first))]
    rows: list[tuple[str, list[str]]] = []
    for row in layout.ordered(report):
        cells = [_cell(row[k], report.zone) for k in order]
        room -= sum(len(escape(text).encode()) + 10 for text in cells)
        if room < 0 and rows:
            break
        severity = str(row[names.index("severity")] or "") if "severity" in names else ""
        rows.append((f"{severity} over" if layout.is_over(report, row) else severity, cells))
    return Grid(
        [(report.columns[k].name, report.columns[k].sentence) for k in order],
        [names[k] in first for k in order],
        rows,
    )


def _with_ends(brief: Sequence[str], names: Sequence[str]) -> list[str]:
    """The brief columns, intervals with both their bounds."""
    ends = {name: name.removesuffix("_after") + "_by" for name in brief if name.endswith("_after")}
    return [part for name in brief for part in (name, ends.get(name)) if part in names and part]


def _cell(value: Any, zone: tzinfo) -> str:
    if isinstance(value, datetime) and zone is not UTC:
        return layout.instant(value, zone, dated=True)
    text = beginning(cell(value), _CELL)
    return escape_controls(layout.prose(text, zone) if isinstance(value, str) else text)


def _coverage(report: Report) -> str:
    """What was seen and what was not; of very many gaps the first."""
    lines = table.coverage(report, report.zone).splitlines()
    rest = len(lines) - _LINES
    if rest > 0:
        lines[_LINES:] = [f"  … {rest} more lines; 'analyzer report coverage' has them all"]
    return "\n".join(lines)


def page(
    sections: Sequence[Report | Unanswered],
    title: str | None = None,
    figures: Figures | None = None,
    note: str | None = None,
) -> str:
    """The sections as one self-contained page, *figures* beside their tables, *note* at the top.

    Of a table that is too long the first rows are shown, and the command that gives the rest.
    """
    style, script = _asset("page.css"), _asset("page.js")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(_asset("page.html"))
    zone = next((part.zone for part in sections if isinstance(part, Report)), UTC)
    now = clock.now()
    timestamp = clock.iso(now) if zone is UTC else layout.instant(now, zone, dated=True)
    return template.render(
        title=title or (sections[0].title if sections else "analyzer"),
        policy=(
            f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}';"
            " base-uri 'none'; form-action 'none'"
        ),
        style=style,
        script=script,
        sections=sections,
        answered=lambda section: isinstance(section, Report),
        timestamp=timestamp,
        zone=clock.zone_name(zone, now)
        if zone is UTC
        else f"{zone} ({clock.zone_name(zone, now)})",
        version=__version__,
        figures=figures or {},
        note=note,
        grid=lambda report: grid(report, _BYTES // len(sections)),
        coverage=_coverage,
        headline=table.headline,
        heading=table.heading,
    )
