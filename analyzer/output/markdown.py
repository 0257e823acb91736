"""A Markdown table, with the words around it."""

import re

from analyzer.output import table
from analyzer.output.value import cell
from analyzer.report.run import Report
from analyzer.text import escape_controls

# What Markdown reads, and what makes a link of bare text.
_MARKS = re.compile(r"([\\`*_{}\[\]<>()#+!|~&@-]|:(?=//)|(?<=www)\.)", re.IGNORECASE)


def escaped(text: str) -> str:
    """Text that means only itself."""
    return _MARKS.sub(r"\\\1", escape_controls(text))


def render(report: Report) -> str:
    """Heading, what was seen, the rows."""
    lines = []
    if report.title:
        lines += [f"## {report.title}", "", table.headline(report), ""]
    lines.append("| " + " | ".join(column.name for column in report.columns) + " |")
    lines.append("|" + " --- |" * len(report.columns))
    for row in report.rows:
        lines.append("| " + " | ".join(escaped(cell(value)) for value in row) + " |")
    told = table.coverage(report)
    if told:
        lines += ["", *(escaped(line) + "  " for line in told.splitlines())]
    return "\n".join(lines) + "\n"
