"""A Markdown table that can be pasted into a ticket, with the words around it."""

from analyzer.output import table
from analyzer.output.value import cell
from analyzer.report.run import Report
from analyzer.text import escape_markdown


def render(report: Report) -> str:
    """Title and window, the findings, the rows, what could not be seen."""
    lines = []
    if report.title:
        times = table.times(report)
        lines += [f"## {report.title}{f' ({times})' if times else ''}", ""]
        lines += [table.headline(report), ""]
    lines.append(
        "| " + " | ".join(escape_markdown(column.name) for column in report.columns) + " |"
    )
    lines.append("|" + " --- |" * len(report.columns))
    for row in report.rows:
        lines.append("| " + " | ".join(escape_markdown(cell(value)) for value in row) + " |")
    coverage = table.coverage(report)
    if coverage:
        lines += ["", *(escape_markdown(line) + "  " for line in coverage.splitlines())]
    return "\n".join(lines) + "\n"
