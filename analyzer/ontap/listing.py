"""Whole listings: every page, or a statement of what is missing."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec
import polars as pl

from analyzer.errors import Denied
from analyzer.ontap import decode, frame
from analyzer.ontap.client import Array, Problem, same_place
from analyzer.ontap.decode import Malformed
from analyzer.ontap.resources import FIRST, RESOURCES, Release, Resource

_PAGES = 100_000


@dataclass(slots=True)
class Whole:
    """What came of a listing: its pages as frames, and how it ended.

    *status* is complete, partial or failed; *problem* what stopped it.
    """

    status: str = "complete"
    reason: str | None = None
    pages: int = 0
    listed: int = 0
    frames: list[pl.DataFrame] = field(default_factory=list)
    records: list[Any] = field(default_factory=list)
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """What the cluster says of itself; None where it may not be asked."""

    uuid: str | None = None
    version: str | None = None
    release: Release = FIRST
    dated: datetime | None = None


def identity(array: Array) -> Identity:
    """Ask ``/api/cluster``, which a narrow account may not.

    Raises:
        Problem: the cluster cannot be asked at all: unreachable, or login refused.
    """
    cluster = RESOURCES["cluster"]
    try:
        answer = array.get(f"{cluster.path}?{_query(fields=','.join(cluster.asked))}")
        told = decode.cluster(answer.body)
    except Malformed as error:
        raise Problem(str(error)) from error
    except Problem as problem:
        denied = problem.error is Denied and problem.status not in {None, 401}
        if denied or problem.status in {400, 404}:
            return Identity()
        raise
    version = told.version
    release = FIRST
    if version and version.generation is not None and version.major is not None:
        release = (version.generation, version.major)
    return Identity(told.uuid, version.full if version else None, release, answer.dated)


def sessions(array: Array, release: Release) -> Whole:
    """Every session, or what could be had of them. Never raises for what the array does."""
    whole = _list(array, RESOURCES["sessions"], release)
    if whole.frames:
        whole.frames = [frame.distinct(pl.concat(whole.frames))]
    return whole


def companion(array: Array, name: str, release: Release) -> Whole:
    """Every record of an inventory. Never raises for what the array does."""
    return _list(array, RESOURCES[name], release)


def novelties(array: Array, name: str) -> list[str]:
    """Fields of the first record that this program does not know: a newer release has them.

    Raises:
        Problem: the array does not answer.
    """
    resource = RESOURCES[name]
    body = array.get(f"{resource.path}?{_query(fields='*', max_records=1)}").body
    try:
        told = msgspec.json.decode(body)
        records = told.get("records") if isinstance(told, dict) else None
        found = {name for record in records or [] for name in _names(record)}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, TypeError) as error:
        raise Problem("the answer is not JSON") from error
    return sorted(found - resource.by_name.keys() - {""})


def _names(value: Any, above: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, below in value.items():
            if key != "_links":
                yield from _names(below, f"{above}.{key}" if above else key)
    elif isinstance(value, list):
        for below in value:
            yield from _names(below, above)
    else:
        yield above


def _query(**parameters: str | int) -> str:
    """Parameters as a query string; ``,``, ``.`` and ``*`` stay as ONTAP's documentation has them."""
    return "&".join(f"{name}={quote(str(value), safe=',.*')}" for name, value in parameters.items())


def _list(array: Array, resource: Resource, release: Release) -> Whole:
    whole = Whole()
    cluster = array.cluster
    fields = ",".join(resource.request(release, connectivity=cluster.connectivity_tracking))
    asking = _query(
        fields=fields, max_records=cluster.max_records, return_timeout=cluster.return_timeout
    )
    target: str | None = f"{resource.path}?{asking}"
    seen: set[Any] = set()
    try:
        while target is not None:
            if target in seen or len(seen) >= _PAGES:
                raise Problem("the next link leads in a circle")
            seen.add(target)
            target = _turn(array, resource, target, whole, seen)
    except (Problem, Malformed) as stopped:
        whole.problem = stopped if isinstance(stopped, Problem) else Problem(str(stopped))
        whole.reason = whole.problem.reason
        whole.status = "partial" if whole.pages else "failed"
    return whole


def _turn(
    array: Array, resource: Resource, target: str, whole: Whole, seen: set[Any]
) -> str | None:
    """Take one page into *whole*; gives the target of the next. What it took to read it goes."""
    page = decode.page(resource.name, array.get(target).body)
    records = page.records
    if len(records) > 1:
        # A circle may have a new link at every turn.
        ends = (len(records), _key(records[0]), _key(records[-1]))
        if ends in seen:
            raise Problem("the next link leads in a circle")
        seen.add(ends)
    if resource.name == "sessions":
        whole.frames.append(frame.sessions(records, whole.listed))
    else:
        whole.records += records
    whole.pages += 1
    whole.listed += len(records)
    if page.errors:
        raise Problem("the answer says that records are missing from it (errors)")
    if page.num_records is not None and page.num_records != len(records):
        raise Problem(f"page {whole.pages} says {page.num_records} records and has {len(records)}")
    return _following(array.cluster.url, page.next, resource)


def _key(one: Any) -> Any:
    if isinstance(one, decode.Session):
        return one.svm and (one.svm.uuid or one.svm.name), one.target_portal_group, one.tsih
    return one.uuid


def _following(base: str, href: str | None, resource: Resource) -> str | None:
    """The next page's path and query as it came, if it stays where it belongs."""
    if href is None:
        return None
    if not same_place(base, href, resource.path):
        raise Problem("the next link leads to another place, which is not followed")
    parts = urlsplit(href)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
