"""CSV as RFC 4180 has it, in UTF-8; a cell that a spreadsheet would run gets an apostrophe."""

import csv
import io
from typing import Any

from analyzer.output.value import cell
from analyzer.report.run import Report

_RUNS = ("=", "+", "-", "@", "\t", "\r")


def _guarded(value: Any) -> str:
    text = cell(value)
    if isinstance(value, int | float) or not text.startswith(_RUNS):
        return text
    return f"'{text}"


def render(report: Report) -> str:
    """A header line and the rows."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([column.name for column in report.columns])
    writer.writerows([_guarded(value) for value in row] for row in report.rows)
    return out.getvalue()
