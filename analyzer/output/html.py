"""One HTML file that can be mailed and opened years later: nothing in it asks the network.

It works without scripts as plain tables; with them, tables sort and filter. A strict content
security policy inside the file allows only its own style and its own script, by hash.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import escape

from analyzer import __version__, clock
from analyzer.output import table
from analyzer.output.value import cell
from analyzer.report.run import Report
from analyzer.text import escape_controls

# Of each report by name: title, text and safe SVG.
Figures = Mapping[str, Sequence[tuple[str, str, str]]]

_ROOM = 2_000_000  # bytes of table rows in a page, shared by its reports
_LINES = 60  # of coverage, in each report


def _asset(name: str) -> str:
    return (
        resources.files("analyzer").joinpath("output", "static", name).read_text(encoding="utf-8")
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _severity(report: Report, row: Sequence[Any]) -> str:
    names = [column.name for column in report.columns]
    return str(row[names.index("severity")] or "") if "severity" in names else ""


def _fitting(report: Report, room: int) -> list[list[str]]:
    """The first rows, as text, that fit *room*."""
    rows: list[list[str]] = []
    for row in report.rows:
        cells = [escape_controls(cell(value)) for value in row]
        room -= sum(len(escape(text).encode()) + 10 for text in cells)
        if room < 0 and rows:
            break
        rows.append(cells)
    return rows


def _coverage(report: Report) -> str:
    """What was seen and what was not; of very many gaps the first."""
    lines = table.coverage(report).splitlines()
    rest = len(lines) - _LINES
    if rest > 0:
        lines[_LINES:] = [f"  … {rest} more lines; 'analyzer report coverage' has them all"]
    return "\n".join(lines)


def page(
    reports: Sequence[Report],
    title: str | None = None,
    figures: Figures | None = None,
    note: str | None = None,
) -> str:
    """The reports as one self-contained page, *figures* beside their tables, *note* at the top.

    Of a table that is too long the first rows are shown, and the command that gives the rest.
    """
    style, script = _asset("page.css"), _asset("page.js")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(_asset("page.html"))
    return template.render(
        title=title or (reports[0].title if reports else "analyzer"),
        policy=(
            f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}';"
            " base-uri 'none'; form-action 'none'"
        ),
        style=style,
        script=script,
        reports=reports,
        made=clock.iso(clock.now()),
        version=__version__,
        figures=figures or {},
        note=note,
        fitting=lambda report: _fitting(report, _ROOM // len(reports)),
        coverage=_coverage,
        headline=table.headline,
        severity=_severity,
        when=table.when,
    )
