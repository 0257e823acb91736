"""Whole listings: every page, or a statement of what is missing."""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import SplitResult, quote, urlsplit

import msgspec
import polars as pl

from analyzer.errors import Denied
from analyzer.ontap import decode, frame
from analyzer.ontap.client import Client, RequestFailed
from analyzer.ontap.decode import Malformed
from analyzer.ontap.resource import FIRST, Release, Resource
from analyzer.ontap.resources import RESOURCES

_PAGES = 100_000
_LOOP = "the next link leads in a circle"


@dataclass(slots=True)
class ListingResult:
    """Result of one paged listing: *status* is complete, partial or failed.

    Sessions come as *frames*, one per page until they are put together; records of an inventory
    as they were decoded. *failure* is what ended it early, *reason* its sentence.
    """

    status: str = "complete"
    reason: str | None = None
    pages: int = 0
    listed: int = 0
    frames: list[pl.DataFrame] = field(default_factory=list)
    records: list[Any] = field(default_factory=list)
    failure: RequestFailed | None = None


@dataclass(frozen=True, slots=True)
class ClusterIdentity:
    """``/api/cluster``; None where the account may not read it. *date* is the array's clock, UTC."""

    uuid: str | None = None
    version: str | None = None
    release: Release = FIRST
    date: datetime | None = None


def identity(client: Client) -> ClusterIdentity:
    """Ask ``/api/cluster``, which a narrow account may not.

    Raises:
        RequestFailed: the cluster cannot be queried at all: unreachable, or login refused.
    """
    resource = RESOURCES["cluster"]
    try:
        body = client.get(f"{resource.path}?{_query(fields=','.join(resource.collected))}")
        record = decode.cluster(body)
    except Malformed as error:
        raise RequestFailed(str(error)) from error
    except RequestFailed as failure:
        denied = failure.kind is Denied and failure.status not in {None, 401}
        if denied or failure.status in {400, 404}:
            return ClusterIdentity(date=client.date)
        raise
    version = record.version
    release = FIRST
    if version and version.generation is not None and version.major is not None:
        release = (version.generation, version.major)
    return ClusterIdentity(record.uuid, version.full if version else None, release, client.date)


def sessions(client: Client, release: Release) -> ListingResult:
    """Every session, or what could be had of them. Never raises for what the array does."""
    result = listing(client, RESOURCES["sessions"], release)
    if result.frames:
        result.frames = [frame.distinct(pl.concat(result.frames))]
    return result


def inventory(client: Client, name: str, release: Release) -> ListingResult:
    """Every record of an inventory. Never raises for what the array does."""
    return listing(client, RESOURCES[name], release)


def members(client: Client, igroup: str, release: Release) -> ListingResult:
    """The initiators that an igroup owns, with their logins. Never raises for what the array does."""
    resource = RESOURCES["members"]
    path = resource.path.replace("*", quote(igroup, safe=""))
    return listing(client, replace(resource, path=path), release)


def unknown_fields(client: Client, name: str) -> list[str]:
    """Fields of the first record that this program does not know: a newer release has them.

    Raises:
        RequestFailed: the array does not answer.
    """
    resource = RESOURCES[name]
    body = client.get(f"{resource.path}?{_query(fields='*', max_records=1)}")
    try:
        page = msgspec.json.decode(body)
        records = page.get("records") if isinstance(page, dict) else None
        fields = {name for record in records or [] for name in _names(record)}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, TypeError) as error:
        raise RequestFailed("the answer is not JSON") from error
    return sorted(fields - resource.by_name.keys() - {""})


def _names(value: Any, above: str = "") -> Iterator[str]:
    """The dotted names of all scalars."""
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


def listing(
    client: Client, resource: Resource, release: Release, filters: Mapping[str, str] | None = None
) -> ListingResult:
    """Every record of a resource that the array's own *filters* keep.

    Never raises for what the array does.
    """
    result = ListingResult()
    cluster = client.cluster
    fields = resource.request(release, connectivity=cluster.connectivity_tracking)
    query = _query(
        fields=",".join(fields),
        max_records=cluster.max_records,
        return_timeout=cluster.return_timeout,
        **filters or {},
    )
    target: str | None = f"{resource.path}?{query}"
    seen: set[Hashable] = set()
    try:
        while target is not None:
            if target in seen or len(seen) >= _PAGES:
                raise RequestFailed(_LOOP)
            seen.add(target)
            target = _add_page(client, resource, target, result, seen)
    except (RequestFailed, Malformed) as error:
        result.failure = error if isinstance(error, RequestFailed) else RequestFailed(str(error))
        result.reason = result.failure.reason
        result.status = "partial" if result.pages else "failed"
    return result


def _add_page(
    client: Client, resource: Resource, target: str, result: ListingResult, seen: set[Hashable]
) -> str | None:
    """Take one page into *result*; the target of the next. Its body and records are let go of."""
    page = decode.page(resource.name, client.get(target))
    records = page.records
    if len(records) > 1:
        # A loop may have a new link at every turn.
        ends = (len(records), records[0].key, records[-1].key)
        if ends in seen:
            raise RequestFailed(_LOOP)
        seen.add(ends)
    if resource.name == "sessions":
        result.frames.append(frame.sessions(records, result.listed))
    else:
        result.records += records
    result.pages += 1
    result.listed += len(records)
    if incomplete := page.incomplete(result.pages):
        raise RequestFailed(incomplete)
    return _following(client.cluster.url, page.next, resource)


def _following(base: str, href: str | None, resource: Resource) -> str | None:
    """The next page's path and query as they came, if they stay where they belong."""
    if href is None:
        return None
    if not _same_place(base, href, resource.path):
        raise RequestFailed("the next link leads to another place, which is not followed")
    parts = urlsplit(href)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _same_place(base: str, href: str, path: str) -> bool:
    """Whether a next link stays at the same path of the same host."""
    try:
        link, home = urlsplit(href), urlsplit(base)
        if link.scheme or link.netloc:
            if _origin(link) != _origin(home):
                return False
        elif not href.startswith("/"):
            return False
    except ValueError:
        return False
    return link.path == path


def _origin(url: SplitResult) -> tuple[str, str | None, int | None, bool]:
    port = url.port or {"http": 80, "https": 443}.get(url.scheme)
    return url.scheme, url.hostname, port, "@" in url.netloc
