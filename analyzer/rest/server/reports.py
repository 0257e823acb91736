"""The reports as JSON: what ``--format json`` prints, for dashboards."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import Any
from urllib.parse import unquote

from analyzer.config.rules import SEVERITIES
from analyzer.ontap.resources import SESSIONS
from analyzer.output.json import envelope
from analyzer.report import header, run
from analyzer.report.catalog import Catalog
from analyzer.report.header import Query
from analyzer.rest.language import QueryError
from analyzer.rest.language.error import ABSENT, TWICE, UNEXPECTED, bad, invalid
from analyzer.rest.language.hal import JSON, encode
from analyzer.rest.language.query import pairs
from analyzer.rest.language.respond import RestRequest, RestResponse
from analyzer.rest.server import openapi

Open = Callable[[Sequence[str]], Catalog]
PATHS = ("", "reports", "openapi.json")


def answer(opened: Open, request: RestRequest, seconds: float) -> RestResponse:
    """The list of reports, one of them, the description of both, or where everything is.

    Raises:
        QueryError: there is no such report, or it cannot be asked so.
        UsageError: a time or a value is wrong.
        Busy: it took longer than that.
    """
    parts = [unquote(part) for part in request.path.split("/") if part]
    known = header.reports()
    match parts:
        case []:
            return _told({"api": SESSIONS.path, "reports": "/reports", "openapi": "/openapi.json"})
        case ["openapi.json"]:
            return _told(openapi.description(known))
        case ["reports"]:
            return _told({"reports": [_summary(asked) for asked in known.values()]})
        case ["reports", name] if name in known:
            return _told(_run(opened, known[name], request, seconds))
    raise QueryError(404, ABSENT, "there is no such report; /reports lists them")


def _summary(asked: Query) -> dict[str, str]:
    return {"name": asked.name, "title": asked.title, "href": f"/reports/{asked.name}"}


def _run(opened: Open, asked: Query, request: RestRequest, seconds: float) -> Mapping[str, Any]:
    said: dict[str, list[str]] = {}
    for name, value, _ in pairs(request.query):
        said.setdefault(name, []).append(value)
    kept = {name: said.pop(name, []) for name in openapi.filters(asked)}
    own = asked.params
    times = openapi.times(asked)
    for name, values in said.items():
        if name not in times and name not in own:
            raise bad(UNEXPECTED, f'Unexpected argument "{name}".', name)
        if len(values) > 1:
            raise bad(TWICE, f'"{name}" is given twice', name)
    once = {name: values[0] for name, values in said.items()}
    if once.get("severity", "info") not in SEVERITIES:
        raise invalid(once["severity"], "severity")
    wanted = run.Request(
        **{name: value for name, value in once.items() if name in times},
        params={name: own[name].parse(name, value) for name, value in once.items() if name in own},
        filters={name: values for name, values in kept.items() if name != "cluster"},
    )
    with closing(opened(kept.get("cluster", []))) as catalog, catalog.time_limit(seconds):
        return envelope(run.run(catalog, asked, wanted))


def _told(body: Mapping[str, Any]) -> RestResponse:
    return RestResponse(200, encode(body, pretty=True), {"Content-Type": JSON})
