"""JSON: the whole envelope, or one row a line."""

from collections.abc import Mapping
from datetime import datetime
from typing import NotRequired, TypedDict

import msgspec

from analyzer.output.value import encode, to_json
from analyzer.report.run import Report


class ReportEnvelope(TypedDict):
    """The object that ``--format json`` prints; its first keys and their order are promised."""

    report: str
    title: str
    parameters: Mapping[str, object]
    coverage: list[Mapping[str, object]]
    rows: list[Mapping[str, object]]
    ignored: NotRequired[Mapping[str, int]]


def envelope(report: Report) -> ReportEnvelope:
    """The report with values that JSON has."""
    body: ReportEnvelope = {
        "report": report.name,
        "title": report.title,
        "parameters": to_json(report.parameters),
        "coverage": to_json(msgspec.to_builtins(report.coverage, builtin_types=(datetime,))),
        "rows": [to_json(row) for row in report.records()],
    }
    if report.ignored:
        body["ignored"] = dict(report.ignored)
    return body


def whole(report: Report) -> str:
    """One object."""
    return encode(envelope(report), indent=1) + "\n"


def lines(report: Report) -> str:
    """The rows only, one object a line."""
    return "".join(f"{encode(to_json(row))}\n" for row in report.records())
