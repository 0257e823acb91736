"""The endpoints described in OpenAPI: the array's from the fields of resources, reports from headers."""

from collections.abc import Iterable, Mapping

from analyzer.config.rules import SEVERITIES
from analyzer.ontap.resource import Field, Json, Resource
from analyzer.report.header import Parameter, Query
from analyzer.rest.language.hal import HAL, JSON
from analyzer.rest.language.selection import Tree, tree
from analyzer.version import __version__

_KINDS: dict[type, str] = {bool: "boolean", int: "integer", float: "number"}
_TIME = (
    "ISO 8601 (no offset means UTC), HH:MM (the last one), today, yesterday, now, latest, previous,"
    " a mark's name, or a duration back from now."
)
_STRING = {"type": "string"}
_NUMBER = {"type": "integer", "minimum": 0}
_PAGING: Json = {
    "max_records": {"type": "integer", "minimum": 1},
    "offset": _NUMBER,
    "return_records": {"type": "boolean"},
    "return_timeout": {"type": "integer", "minimum": 0, "maximum": 120},
}
_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "code"],
            "properties": {"message": _STRING, "code": _STRING, "target": _STRING},
        }
    },
}


def times(query: Query) -> dict[str, str | None]:
    """The parameters that are not the query's own, with their defaults, if they have one."""
    defaults = {name: option.default for name, option in query.time_options.items()}
    return defaults | {"severity": "info"} if "severity" in query.columns else defaults


def description(resources: Iterable[Resource], reports: Mapping[str, Query]) -> Json:
    """The whole document."""
    entry = {"type": "object", "properties": dict.fromkeys(("name", "title", "href"), _STRING)}
    listing = {"type": "object", "properties": {"reports": {"type": "array", "items": entry}}}
    paths = {path: item for resource in resources for path, item in _resource(resource).items()}
    paths["/reports"] = {"get": _operation("reports", "The reports.", [], listing)}
    paths |= {f"/reports/{name}": {"get": _report(query)} for name, query in reports.items()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "analyzer",
            "version": __version__,
            "description": "Read-only: what the array answered at an instant, and the reports.",
        },
        "paths": paths,
        "components": {
            "schemas": {"Error": _ERROR},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "basic": {"type": "http", "scheme": "basic"},
            },
        },
        "security": [{}, {"bearer": []}, {"basic": []}],
    }


def _resource(resource: Resource) -> Json:
    """A collection and its records by key; or the one record of a singleton."""
    record = _members(resource, tree(tuple(resource.by_name)), "")
    common = [
        _parameter("fields", "Names, *, **, or !name, separated by commas.", _STRING),
        _header("X-Analyzer-At", f"The instant: {_TIME}"),
        _header("X-Analyzer-Cluster", "The cluster, where the store has several."),
    ]
    name = resource.name
    if resource.singleton:
        return {resource.path: {"get": _operation(name, f"The {name}.", common, record)}}
    page = {
        "type": "object",
        "required": ["num_records"],
        "properties": {"records": {"type": "array", "items": record}, "num_records": _NUMBER},
    }
    parameters = [
        *common,
        *(_parameter(paging, "As ONTAP has it.", schema) for paging, schema in _PAGING.items()),
        *(_filter(field) for field in resource.fields),
    ]
    keys = {key.replace(".", "_"): _kind(resource.by_name[key]) for key in resource.keys}
    path = "/".join([resource.path, *(f"{{{key}}}" for key in keys)])
    by_key = _operation(
        f"{name}_by_key", f"One of the {name}.", [*map(_key, keys, keys.values()), *common], record
    )
    collection = _operation(name, f"The {name}, page by page.", parameters, page)
    return {resource.path: {"get": collection}, path: {"get": by_key}}


def _members(resource: Resource, shape: Tree, above: str) -> Json:
    """The schema of an object; what is unset is left out, so nothing is required."""
    members: Json = {"_links": {"type": "object"}}
    for name, inner in shape.items():
        path = f"{above}{name}"
        member = (
            _kind(resource.by_name[path])
            if inner is None
            else _members(resource, inner, f"{path}.")
        )
        members[name] = {"type": "array", "items": member} if path in resource.arrays else member
    return {"type": "object", "properties": members, "additionalProperties": False}


def _kind(field: Field) -> Json:
    return {"type": field.kind}


def _filter(field: Field) -> Json:
    sentence = "Only records with this value: a|b, !x, <10, 3..9, abc*, null."
    return _parameter(field.name, sentence, _STRING)


def _report(query: Query) -> Json:
    parameters = [
        *(_standard(name, default) for name, default in times(query).items()),
        *(_own(name, parameter) for name, parameter in query.params.items()),
        *map(_wildcard, query.filters),
        *([_IGNORE] if query.ignore else []),
    ]
    row = {name: {"description": sentence} for name, sentence in query.columns.items()}
    rows = {"type": "object", "required": list(row), "properties": row}
    objects = {"type": "array", "items": {"type": "object"}}
    body = {
        "type": "object",
        "required": ["report", "title", "parameters", "coverage", "rows"],
        "properties": {
            "report": {"const": query.name},
            "title": _STRING,
            "parameters": {"type": "object"},
            "coverage": {**objects, "description": "What could not be seen, per cluster."},
            "rows": {"type": "array", "items": rows},
        },
    }
    operation = _operation(f"report_{query.name}", query.title, parameters, body)
    return {**operation, "description": query.description} if query.description else operation


def _operation(name: str, summary: str, parameters: list[Json], body: Json) -> Json:
    error = {"$ref": "#/components/schemas/Error"}
    responses = {
        "200": {
            "description": summary,
            "content": {kind: {"schema": body} for kind in (JSON, HAL)},
        },
        "default": {
            "description": "error.message says what is wrong.",
            "content": {HAL: {"schema": error}},
        },
    }
    return {
        "operationId": name,
        "summary": summary,
        "parameters": parameters,
        "responses": responses,
    }


def _parameter(name: str, sentence: str, schema: Json) -> Json:
    return {"name": name, "in": "query", "description": sentence, "schema": schema}


def _key(name: str, schema: Json) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _header(name: str, sentence: str) -> Json:
    return {"name": name, "in": "header", "description": sentence, "schema": _STRING}


def _standard(name: str, default: str | None) -> Json:
    if name == "severity":
        schema: Json = {"enum": list(SEVERITIES), "default": default}
        return _parameter(name, "Only findings at least this severe.", schema)
    return _parameter(name, _TIME, _STRING if default is None else {**_STRING, "default": default})


def _own(name: str, parameter: Parameter) -> Json:
    kind = _KINDS.get(type(parameter.default), "string")
    choices = {"enum": list(parameter.choices)} if parameter.choices else {}
    schema = {"type": kind, "default": parameter.default, **choices, **parameter.limits}
    return _parameter(name, parameter.help, schema)


_IGNORE = _parameter(
    "ignore",
    "Leave out rows of this change; * matches; repeatable.",
    {"type": "array", "items": _STRING},
)


def _wildcard(name: str) -> Json:
    schema = {"type": "array", "items": _STRING}
    return _parameter(name, f"Only this {name}; * matches; repeatable.", schema)
