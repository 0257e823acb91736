"""One HTML file that can be mailed and opened years later: nothing in it asks the network.

It works without scripts as plain tables; with them, tables sort and filter. A strict content
security policy inside the file allows only its own style and its own script, by hash.
"""

import base64
import hashlib
from collections.abc import Sequence
from importlib import resources
from typing import Any

from jinja2 import Environment, StrictUndefined

from analyzer import __version__, clock
from analyzer.render import table
from analyzer.render.value import cell, visible
from analyzer.report import Report


def _asset(name: str) -> str:
    return resources.files("analyzer").joinpath("static", name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _severity(report: Report, row: Sequence[Any]) -> str:
    names = [column.name for column in report.columns]
    return str(row[names.index("severity")] or "") if "severity" in names else ""


def page(reports: Sequence[Report], title: str | None = None) -> str:
    """The reports as one self-contained page."""
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
        cell=lambda value: visible(cell(value)),
        coverage=table.coverage,
        headline=table.headline,
        severity=_severity,
        when=table.when,
    )
