"""A Markdown table that can be pasted into a ticket, with the words around it."""

import re

from analyzer.output import table
from analyzer.output.value import cell
from analyzer.report.run import Report
from analyzer.text import escape_controls

_MARKUP = re.compile(r"[\\`*|\[]|(?<![^\W_])_|_(?![^\W_])")  # an underscore inside a word is none
_HTML = re.compile(r"<|&(?=#?\w+;)")


def escaped(text: str) -> str:
    """Text that Markdown prints as it is: no markup, no link, no HTML."""
    text = _MARKUP.sub(r"\\\g<0>", escape_controls(text))
    return _HTML.sub(lambda character: "&lt;" if character[0] == "<" else "&amp;", text)


def render(report: Report) -> str:
    """Title and window, the findings, the rows, what could not be seen."""
    lines = []
    if report.title:
        times = table.times(report)
        lines += [f"## {report.title}{f' ({times})' if times else ''}", ""]
        lines += [table.headline(report), ""]
    lines.append("| " + " | ".join(escaped(column.name) for column in report.columns) + " |")
    lines.append("|" + " --- |" * len(report.columns))
    for row in report.rows:
        lines.append("| " + " | ".join(escaped(cell(value)) for value in row) + " |")
    coverage = table.coverage(report)
    if coverage:
        lines += ["", *(escaped(line) + "  " for line in coverage.splitlines())]
    return "\n".join(lines) + "\n"
