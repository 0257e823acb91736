"""The reports as JSON: what ``--format json`` prints, for dashboards."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from analyzer.config.rules import SEVERITIES
from analyzer.ontap.resources import SESSIONS
from analyzer.output.json import envelope
from analyzer.report import header, names, run
from analyzer.report.catalog import Catalog
from analyzer.report.header import Query
from analyzer.rest.language import QueryError
from analyzer.rest.language.error import ABSENT, TWICE, UNEXPECTED, bad, invalid
from analyzer.rest.language.hal import JSON, encode
from analyzer.rest.language.query import pairs
from analyzer.rest.language.respond import RestRequest, RestResponse
from analyzer.rest.server import openapi
from analyzer.rest.server.mapping import SERVED

Open = Callable[[Sequence[str]], Catalog]
PATHS = ("", "reports", "openapi.json")


def answer(
    open_catalog: Open, request: RestRequest, seconds: float, folders: tuple[Path, ...] = ()
) -> RestResponse:
    """The list of reports, one of them, the description of all endpoints, or where everything is.

    Raises:
        QueryError: there is no such report, or no such parameter of it.
        UsageError: a time or a value is wrong.
        Busy: it took longer than that.
    """
    parts = [unquote(part) for part in request.path.split("/") if part]
    reports = header.reports(folders)
    match parts:
        case []:
            places = {"reports": "/reports", "openapi": "/openapi.json", "metrics": "/metrics"}
            return _json({"api": SESSIONS.path, **places})
        case ["openapi.json"]:
            return _json(openapi.description(SERVED.values(), reports))
        case ["reports"]:
            return _json({"reports": [_summary(query) for query in reports.values()]})
        case ["reports", name] if name in reports:
            return _json(_run(open_catalog, reports[name], request, seconds))
    raise QueryError(404, ABSENT, "there is no such report; /reports lists them")


def _summary(query: Query) -> dict[str, str]:
    return {"name": query.name, "title": query.title, "href": f"/reports/{query.name}"}


def _run(
    open_catalog: Open, query: Query, request: RestRequest, seconds: float
) -> Mapping[str, Any]:
    arguments: dict[str, list[str]] = {}
    for name, value, _ in pairs(request.query):
        arguments.setdefault(name, []).append(value)
    filters = {name: arguments.pop(name, []) for name in query.filters}
    ignore = arguments.pop("ignore", []) if query.ignore else []
    names.check_bound({**filters, "ignore": ignore})
    own, times = query.params, openapi.times(query)
    for name, texts in arguments.items():
        if name not in times and name not in own:
            raise bad(UNEXPECTED, f'Unexpected argument "{name}".', name)
        if len(texts) > 1:
            raise bad(TWICE, f'"{name}" is specified twice', name)
    values = {name: texts[0] for name, texts in arguments.items()}
    if values.get("severity", "info") not in SEVERITIES:
        raise invalid(values["severity"], "severity")
    report_request = run.ReportRequest(
        **{name: value for name, value in values.items() if name in times},  # type: ignore[arg-type]  # only times
        params={name: own[name].parse(name, text) for name, text in values.items() if name in own},
        filters={name: patterns for name, patterns in filters.items() if name != "cluster"},
        ignore=ignore,
    )
    with closing(open_catalog(filters["cluster"])) as catalog, catalog.time_limit(seconds):
        return envelope(run.run(catalog, query, report_request))


def _json(body: Mapping[str, Any]) -> RestResponse:
    return RestResponse(200, encode(body, pretty=True), {"Content-Type": JSON})
