"""The response to one request, from whatever holds the records: a simulated array, or history."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, unquote

from analyzer.ontap.resource import Resource
from analyzer.rest.language.error import (
    BAD_URL,
    BODY,
    METHOD,
    UNKNOWN_SVM,
    QueryError,
    absent,
    bad,
    invalid,
)
from analyzer.rest.language.hal import HAL, JSON, collection, encode, linked, next_link, wants_links
from analyzer.rest.language.query import RestQuery, parse
from analyzer.rest.language.records import Record, Source
from analyzer.rest.language.selection import cut, tree

ALLOWED = "GET, HEAD, OPTIONS"
_DIGITS = 18  # of a number in a path


@dataclass(frozen=True, slots=True)
class RestResponse:
    status: int
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RestRequest:
    """A request: path and query still percent-encoded, header names lower-cased."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]

    @property
    def target(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def links(self) -> bool:
        return wants_links(self.headers.get("accept"))

    @property
    def svm(self) -> str:
        """The SVM, by uuid or name, that a header narrows the request to; '' for all."""
        return self.headers.get("x-dot-svm-uuid") or self.headers.get("x-dot-svm-name") or ""


def check(request: RestRequest, *, body: bool = False) -> RestResponse | None:
    """The response that needs no records; None for a request for records.

    Raises:
        QueryError: a method that does not read, or a body, which no request may carry.
    """
    if request.method == "OPTIONS":
        return RestResponse(200, b"", {"Allow": ALLOWED})
    if request.method not in {"GET", "HEAD"}:
        raise QueryError(405, METHOD, f'method "{request.method}" is not allowed')
    if body:
        raise bad(BODY, "Body not allowed on this request")
    return None


def respond(
    source: Source,
    resources: Mapping[str, Resource],
    request: RestRequest,
    svm: str,
    most: int | None = None,
) -> RestResponse:
    """The response to a request that reads.

    It is narrowed to one *svm*, or to none ('') of them; *most* is an upper bound of the records on
    a page, whatever ``max_records`` says.

    Raises:
        QueryError: it cannot be answered; see ``refusal``.
    """
    resource, parts = find(resources, request.path)
    if resource.singleton or parts:
        query = parse(resource, request.query, source.release, instance=True)
        shown = cut(_instance(source, resource, parts, svm), tree(query.fields))
        return _response(linked(resource, shown) if request.links else shown, query, request)
    query = parse(resource, request.query, source.release)
    if most is not None and query.return_records:
        query = replace(query, max_records=min(most, query.max_records or most))
    page = source.records(resource, svm).page(query, source.limit)
    following = next_link(query, page)
    more = {"Link": f'<{following}>; rel="next"'} if following else {}
    return _response(collection(query, page, links=request.links), query, request, more)


def refusal(error: QueryError) -> RestResponse:
    """The error in ONTAP's envelope."""
    return RestResponse(error.status, encode(error.body(), pretty=True), {"Content-Type": HAL})


def find(resources: Mapping[str, Resource], path: str) -> tuple[Resource, list[str]]:
    """The resource of a path, and the parts of its key that follow; slashes may be doubled.

    Raises:
        QueryError: 39387137, there is none.
    """
    parts = [unquote(part) for part in path.split("/") if part]
    for resource in resources.values():
        own = resource.path.strip("/").split("/")
        head, rest = parts[: len(own)], parts[len(own) :]
        if "*" in own and len(head) == len(own):  # of the object that the path names
            path = "".join(f"/{quote(part, safe='')}" for part in head)
            own = [part if name == "*" else name for name, part in zip(own, head, strict=True)]
            resource = replace(resource, path=path, keys=resource.keys[1:])  # noqa: PLW2901
        if head == own and len(rest) in {0, len(resource.keys)}:
            return resource, rest
    raise QueryError(404, BAD_URL, "API not found")


def _instance(source: Source, resource: Resource, parts: list[str], svm: str) -> Record:
    key: list[str | int] = []
    for name, part in zip(resource.keys, parts, strict=True):
        if resource.by_name[name].kind == "integer":
            if not part.isdecimal() or len(part) > _DIGITS:
                raise invalid(part, name)
            key.append(int(part))
        else:
            key.append(part)
    record = source.records(resource, svm).find(tuple(key))
    if record is not None:
        return record
    if resource.keys[0] == "svm.uuid" and not source.has_svm(parts[0]):
        raise QueryError(404, UNKNOWN_SVM, f'SVM "{parts[0]}" does not exist', "svm.uuid")
    raise absent(resource.keys[-1])


def _response(
    body: Mapping[str, Any],
    query: RestQuery,
    request: RestRequest,
    more: Mapping[str, str] | None = None,
) -> RestResponse:
    kind = HAL if request.links else JSON
    return RestResponse(
        200, encode(body, pretty=query.pretty), {"Content-Type": kind, **(more or {})}
    )
