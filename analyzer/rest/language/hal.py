"""The bodies of answers: records with or without links, where the next page is, errors."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import msgspec

from analyzer.ontap.resource import Json, Resource
from analyzer.rest.language.query import POSITION, RestQuery, pairs, token
from analyzer.rest.language.records import Slice, key_of

HAL = "application/hal+json"
JSON = "application/json"
_BLANK = '""'


def wants_links(accept: str | None) -> bool:
    """Whether an ``Accept`` header wants links: all do, but plain ``application/json``."""
    first = (accept or "").split(",")[0].split(";")[0].strip().lower()
    return first != JSON


def encode(body: Mapping[str, Any], *, pretty: bool) -> bytes:
    packed = msgspec.json.encode(body)
    return msgspec.json.format(packed, indent=2) if pretty else packed


def collection(query: RestQuery, page: Slice, *, links: bool) -> Json:
    """The body of a collection. The next link comes even where links are not wanted."""
    path = query.resource.path
    body: Json = {}
    if query.return_records:
        body["records"] = (
            [linked(query.resource, record) for record in page.records] if links else page.records
        )
    body["num_records"] = page.count
    hrefs = {}
    if links:
        hrefs["self"] = {"href": f"{path}?{query.raw}" if query.raw else path}
    following = next_link(query, page)
    if following:
        hrefs["next"] = {"href": following}
    return {**body, "_links": hrefs} if hrefs else body


def next_link(query: RestQuery, page: Slice) -> str | None:
    """The link of the next page: tokens, then the parameters as they came; None on the last.

    A token without text is sent as ``""``, since some clients drop blank parameters.
    """
    if page.after is not None:
        tokens = [
            f"{token(query.resource, name)}={quote(str(value) or _BLANK, safe='')}"
            for name, value in zip(query.resource.keys, page.after, strict=True)
        ]
    elif page.position is not None:
        tokens = [f"{POSITION}={page.position}"]
    else:
        return None
    parameters = [
        text
        for name, _, text in pairs(query.raw)
        if not name.startswith("start.") and name != "offset"
    ]
    return f"{query.resource.path}?{'&'.join(tokens + parameters)}"


def self_link(resource: Resource, record: Mapping[str, Any]) -> str:
    parts = (quote(str(part), safe="").replace("..", "%2E%2E") for part in key_of(resource, record))
    return "/".join([resource.path, *parts])


def linked(resource: Resource, record: Mapping[str, Any]) -> Json:
    """A copy with ``_links`` in the record and in every object that has a page of its own."""
    copy = _objects(record, "", resource.links)
    return {**copy, "_links": {"self": {"href": self_link(resource, record)}}}


def _objects(record: Mapping[str, Any], above: str, links: Mapping[str, str]) -> Json:
    copy: Json = {}
    for name, value in record.items():
        place = f"{above}.{name}" if above else name
        if isinstance(value, Mapping):
            copy[name] = _object(value, place, links)
        elif isinstance(value, list):
            copy[name] = [
                _object(item, place, links) if isinstance(item, Mapping) else item for item in value
            ]
        else:
            copy[name] = value
    return copy


def _object(value: Mapping[str, Any], place: str, links: Mapping[str, str]) -> Json:
    copy = _objects(value, place, links)
    if place in links and "uuid" in value:
        copy["_links"] = {"self": {"href": f"{links[place]}/{quote(value['uuid'], safe='')}"}}
    return copy
