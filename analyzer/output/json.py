"""JSON: the whole envelope, or one row a line."""

import json
from datetime import datetime
from typing import Any

import msgspec

from analyzer.output.value import to_json
from analyzer.report.run import Report


def envelope(report: Report) -> dict[str, Any]:
    """The object that ``--format json`` prints; its first keys and their order are promised."""
    return {
        "report": report.name,
        "title": report.title,
        "parameters": to_json(report.parameters),
        "coverage": to_json(msgspec.to_builtins(report.coverage, builtin_types=(datetime,))),
        "rows": [to_json(row) for row in report.records()],
        **({"ignored": dict(report.ignored)} if report.ignored else {}),
    }


def whole(report: Report) -> str:
    """One object."""
    return json.dumps(envelope(report), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def lines(report: Report) -> str:
    """The rows only, one object a line."""
    return "".join(
        json.dumps(to_json(row), ensure_ascii=False, allow_nan=False) + "\n"
        for row in report.records()
    )
