"""CSV by RFC 4180, in UTF-8; a cell that a spreadsheet would run gets an apostrophe."""

import csv
import io
from decimal import Decimal
from typing import Any

from analyzer.output.value import cell
from analyzer.report.run import Report

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def _inert(value: Any) -> str:
    text = cell(value)
    if isinstance(value, int | float | Decimal) or not text.startswith(_FORMULA):
        return text
    return f"'{text}"


def render(report: Report) -> str:
    """A header line and the rows."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([_inert(column.name) for column in report.columns])
    writer.writerows([_inert(value) for value in row] for row in report.rows)
    return out.getvalue()
