"""Faults of a response, one kind at a time.

On the wire: ``refuse`` (reset at once), ``reset`` (in the middle of the body), ``truncated``
(the connection ends early), ``hang`` (nothing for a while), ``trickle`` (byte by byte), ``drip``
(the same, from the first header on).
In the answer: ``status``, ``redirect``, ``html``, ``malformed``, ``gzip_bomb``.
In the records: ``wrong_types``, ``errors``, ``unknown_field``, ``missing``, ``duplicate``.
In the paging: ``next_loop``, ``next_other_host``, ``empty_page``, ``empty`` (without a next
link, as a filtered query that ran out of time), ``short_pages``.
"""

import gzip
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import msgspec

from analyzer.ontap.resource import Json
from analyzer.pattern import matches
from analyzer.rest.language.respond import RestRequest, RestResponse

ON_WIRE = ("refuse", "reset", "truncated", "hang", "trickle", "drip")


@dataclass(frozen=True, slots=True)
class ReceivedRequest(RestRequest):
    """``connection`` numbers the TCP connections of the server."""

    connection: int


def _changed(response: RestResponse, **members: Any) -> RestResponse:
    """The answer with members of its JSON body replaced; None removes one."""
    body = {**msgspec.json.decode(response.body), **members}
    remaining = {name: value for name, value in body.items() if value is not None}
    headers = {
        name: value
        for name, value in response.headers.items()
        if name != "Link" or "_links" not in members
    }
    return replace(response, body=msgspec.json.encode(remaining), headers=headers)


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault, for requests to some paths.

    ``on`` is a pattern for the path; ``nth`` says which of those requests, counted from 0
    (None: all). ``seconds`` is how long a hang lasts, or the pause between the bytes of a
    trickle; ``status`` and ``retry_after`` are for ``status``; ``to`` is where ``redirect``
    and ``next_other_host`` point; ``records`` is the most that ``short_pages`` lets through.
    """

    kind: str
    on: str = "*"
    nth: int | None = None
    seconds: float = 30.0
    status: int = 503
    code: str = "393271"
    retry_after: str | None = None
    to: str = "http://127.0.0.2:9"
    records: int = 3

    def __post_init__(self) -> None:
        if self.kind not in (*ON_WIRE, *CHANGES, "short_pages"):
            raise ValueError(self.kind)

    def meets(self, request: ReceivedRequest) -> bool:
        return matches(self.on, request.path)


def change(fault: Fault, request: ReceivedRequest, response: RestResponse) -> RestResponse:
    """The answer with the fault in it; faults on the wire leave it whole."""
    return CHANGES[fault.kind](fault, request, response) if fault.kind in CHANGES else response


def _status(fault: Fault, request: ReceivedRequest, response: RestResponse) -> RestResponse:
    del request
    headers = dict(response.headers)
    if fault.retry_after is not None:
        headers["Retry-After"] = fault.retry_after
    error = {"message": "a simulated fault", "code": fault.code}
    return RestResponse(fault.status, msgspec.json.encode({"error": error}), headers)


def _redirect(fault: Fault, request: ReceivedRequest, response: RestResponse) -> RestResponse:
    return RestResponse(302, b"", {**response.headers, "Location": fault.to + request.target})


def _html(fault: Fault, request: ReceivedRequest, response: RestResponse) -> RestResponse:
    del fault, request
    page = b"<!DOCTYPE html><html><body><h1>Please sign in</h1></body></html>"
    return replace(response, body=page, headers={**response.headers, "Content-Type": "text/html"})


def _malformed(fault: Fault, request: ReceivedRequest, response: RestResponse) -> RestResponse:
    del fault, request
    return replace(response, body=response.body[:-2] + b",,]")


def _gzip_bomb(fault: Fault, request: ReceivedRequest, response: RestResponse) -> RestResponse:
    del fault, request
    return replace(response, body=_bomb(), headers={**response.headers, "Content-Encoding": "gzip"})


@lru_cache(maxsize=1)
def _bomb() -> bytes:
    return gzip.compress(b" " * (256 << 20), compresslevel=1, mtime=0)


def _records(response: RestResponse) -> list[Json]:
    records: list[Json] = msgspec.json.decode(response.body).get("records", [])
    return records


def _wrong_types(fault: Fault, request: ReceivedRequest, response: RestResponse) -> RestResponse:
    del fault, request
    wrong: list[Any] = [
        {**record, "tsih": {}, "connections": "none"} for record in _records(response)
    ]
    return _changed(response, records=wrong)


def _errors(fault: Fault, request: ReceivedRequest, response: RestResponse) -> RestResponse:
    del request
    return _changed(response, errors=[{"message": "a node is out of quorum", "code": fault.code}])


def _unknown_field(fault: Fault, request: ReceivedRequest, response: RestResponse) -> RestResponse:
    del fault, request
    return _changed(
        response, records=[{**record, "novelty": {"a": [1]}} for record in _records(response)]
    )


def _missing(fault: Fault, request: ReceivedRequest, response: RestResponse) -> RestResponse:
    del fault, request
    records = _records(response)[1:]
    return _changed(response, records=records, num_records=len(records))


def _duplicate(fault: Fault, request: ReceivedRequest, response: RestResponse) -> RestResponse:
    del fault, request
    records = _records(response)
    records += records[-1:]
    return _changed(response, records=records, num_records=len(records))


def _next_loop(fault: Fault, request: ReceivedRequest, response: RestResponse) -> RestResponse:
    del fault
    return _changed(response, _links={"next": {"href": request.target}})


def _next_other_host(
    fault: Fault, request: ReceivedRequest, response: RestResponse
) -> RestResponse:
    return _changed(response, _links={"next": {"href": fault.to + request.target}})


def _empty_page(fault: Fault, request: ReceivedRequest, response: RestResponse) -> RestResponse:
    """A page cut off by ``return_timeout``: no records, and a link to the next page."""
    del fault
    joint = "&" if request.query else "?"
    following = {"next": {"href": f"{request.target}{joint}start.position=0"}}
    return _changed(response, records=[], num_records=0, _links=following)


def _empty(fault: Fault, request: ReceivedRequest, response: RestResponse) -> RestResponse:
    del fault, request
    return _changed(response, records=[], num_records=0, _links=None)


CHANGES: dict[str, Callable[[Fault, ReceivedRequest, RestResponse], RestResponse]] = {
    "status": _status,
    "redirect": _redirect,
    "html": _html,
    "malformed": _malformed,
    "gzip_bomb": _gzip_bomb,
    "wrong_types": _wrong_types,
    "errors": _errors,
    "unknown_field": _unknown_field,
    "missing": _missing,
    "duplicate": _duplicate,
    "next_loop": _next_loop,
    "next_other_host": _next_other_host,
    "empty_page": _empty_page,
    "empty": _empty,
}
