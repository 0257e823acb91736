"""The JSON interface of the reports described in OpenAPI, from the queries' own headers."""

from collections.abc import Mapping
from typing import Any

from analyzer import __version__
from analyzer.config.rules import SEVERITIES
from analyzer.report.header import Parameter, Query

_KINDS: dict[type, str] = {bool: "boolean", int: "integer", float: "number"}
_TIME = "ISO 8601 (no offset means UTC), now, latest, previous, or a duration back from now."
_OBJECTS = {"type": "array", "items": {"type": "object"}}


def times(asked: Query) -> dict[str, str]:
    """The parameters that are not the query's own, with their defaults."""
    found = {name: option.default for name, option in asked.time_options.items()}
    return found | {"severity": "info"} if "severity" in asked.columns else found


def filters(asked: Query) -> list[str]:
    """The parameters that keep rows by wildcard, and may be repeated."""
    found = ["cluster"]
    found += ["svm"] * ("svm" in asked.columns)
    found += ["initiator"] * bool({"initiator", "members"} & asked.columns.keys())
    return [name for name in found if name not in asked.params]


def description(known: Mapping[str, Query]) -> dict[str, Any]:
    """The whole document."""
    listing = {
        "type": "object",
        "properties": {
            "reports": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {name: {"type": "string"} for name in ("name", "title", "href")},
                },
            }
        },
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "analyzer reports",
            "version": __version__,
            "description": "Read-only. The rows of each report, and what could not be seen.",
        },
        "paths": {
            "/reports": {"get": _operation("reports", "The reports.", [], listing)},
            **{f"/reports/{name}": {"get": _report(asked)} for name, asked in known.items()},
        },
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "basic": {"type": "http", "scheme": "basic"},
            }
        },
        "security": [{}, {"bearer": []}, {"basic": []}],
    }


def _report(asked: Query) -> dict[str, Any]:
    given = [
        *(_standard(name, default) for name, default in times(asked).items()),
        *(_own(name, param) for name, param in asked.params.items()),
        *map(_filter, filters(asked)),
    ]
    row = {name: {"description": sentence} for name, sentence in asked.columns.items()}
    body = {
        "type": "object",
        "required": ["report", "title", "parameters", "coverage", "rows"],
        "properties": {
            "report": {"const": asked.name},
            "title": {"type": "string"},
            "parameters": {"type": "object"},
            "coverage": {**_OBJECTS, "description": "What could not be seen, per cluster."},
            "rows": {
                "type": "array",
                "items": {"type": "object", "required": list(row), "properties": row},
            },
        },
    }
    told = _operation(asked.name, asked.title, given, body)
    return {**told, "description": asked.description} if asked.description else told


def _operation(name: str, summary: str, given: list[Any], body: Any) -> dict[str, Any]:
    answers = {
        "200": {"description": summary, "content": {"application/json": {"schema": body}}},
        "default": {"description": "An error: error.message says what is wrong."},
    }
    return {"operationId": name, "summary": summary, "parameters": given, "responses": answers}


def _parameter(name: str, sentence: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": sentence, "schema": schema}


def _standard(name: str, default: str) -> dict[str, Any]:
    if name == "severity":
        schema = {"enum": list(SEVERITIES), "default": default}
        return _parameter(name, "Only findings at least this severe.", schema)
    return _parameter(name, _TIME, {"type": "string", "default": default})


def _own(name: str, param: Parameter) -> dict[str, Any]:
    kind = _KINDS.get(type(param.default), "string")
    choices = {"enum": list(param.choices)} if param.choices else {}
    return _parameter(name, param.help, {"type": kind, "default": param.default, **choices})


def _filter(name: str) -> dict[str, Any]:
    schema = {"type": "array", "items": {"type": "string"}}
    return _parameter(name, f"Only this {name}; * matches; repeatable.", schema)
