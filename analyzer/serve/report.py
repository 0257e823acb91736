"""The reports as JSON: what ``--format json`` prints, for dashboards."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import Any
from urllib.parse import unquote

from analyzer import query, report
from analyzer.catalog import Catalog
from analyzer.query import Query
from analyzer.render.json import envelope
from analyzer.restquery import QueryError
from analyzer.restquery.answer import Answer, Request
from analyzer.restquery.error import ABSENT, TWICE, UNEXPECTED, bad
from analyzer.restquery.hal import JSON, encode
from analyzer.restquery.query import pairs
from analyzer.serve import openapi

Open = Callable[[Sequence[str]], Catalog]
PATHS = ("reports", "openapi.json")


def answer(opened: Open, request: Request, seconds: float) -> Answer:
    """The list of reports, one of them, or the description of both.

    Raises:
        QueryError: there is no such report, or it cannot be asked so.
        UsageError: a time or a value is wrong.
        Busy: it took longer than that.
    """
    parts = [unquote(part) for part in request.path.split("/") if part]
    known = query.reports()
    match parts:
        case ["openapi.json"]:
            return _told(openapi.description(known))
        case ["reports"]:
            return _told({"reports": [_summary(asked) for asked in known.values()]})
        case ["reports", name] if name in known:
            return _told(_run(opened, known[name], request, seconds))
    raise QueryError(404, ABSENT, "there is no such report; /reports lists them")


def _summary(asked: Query) -> dict[str, str]:
    return {"name": asked.name, "title": asked.title, "href": f"/reports/{asked.name}"}


def _run(opened: Open, asked: Query, request: Request, seconds: float) -> Mapping[str, Any]:
    said: dict[str, list[str]] = {}
    for name, value, _ in pairs(request.query):
        said.setdefault(name, []).append(value)
    many = {name: said.pop(name, []) for name in openapi.MANY}
    for name, values in said.items():
        if len(values) > 1:
            raise bad(TWICE, f'"{name}" is given twice', name)
    once = {name: values[0] for name, values in said.items()}
    own = {param.name: param for param in asked.params}
    known = openapi.times(asked) | own.keys()
    for name in once:
        if name not in known:
            raise bad(UNEXPECTED, f'Unexpected argument "{name}".', name)
    wanted = report.Request(
        **{name: value for name, value in once.items() if name not in own},
        params={name: query.typed(own[name], value) for name, value in once.items() if name in own},
        filters={name: many[name] for name in ("svm", "initiator")},
    )
    with closing(opened(many["cluster"])) as catalog, catalog.within(seconds):
        return envelope(report.run(catalog, asked, wanted))


def _told(body: Mapping[str, Any]) -> Answer:
    return Answer(200, encode(body, pretty=True), {"Content-Type": JSON})
