"""Routes a URL to its page, in the process that has the store open; an error is a page too."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

from analyzer import clock
from analyzer.console import capacity_page, front_page, incident_page, object_page, report_page
from analyzer.console.address import PageAddress
from analyzer.console.exchange import HTML, PageRequest, PageResponse
from analyzer.console.markup import render
from analyzer.console.view import View
from analyzer.errors import Busy, NothingSeen, StoreError, UsageError
from analyzer.report.catalog import Catalog
from analyzer.store.layout import Store
from analyzer.version import __version__

Make = Callable[[View], str | PageResponse]

PAGES: Mapping[str, Make] = {
    "": front_page.page,
    "capacity": capacity_page.page,
    "incident": incident_page.page,
    "initiator": object_page.page,
    "interface": object_page.page,
    "node": object_page.page,
    "reports": report_page.page,
}
_CATALOG_AGE = timedelta(minutes=1)  # after which a catalog is opened anew
_CATALOG_PAGES = 25  # that one catalog answers: each may leave tables of models behind
_CACHED_BYTES = 1_000_000  # of a response at most, to be cached with its catalog
_RELATIVE = 60  # seconds that a page whose times depend on the clock is the same


@dataclass(slots=True)
class OpenCatalog:
    """A catalog that stays open for the next pages, and for how long.

    *answers* are the cached responses, by their ETags.
    """

    catalog: Catalog
    clusters: tuple[str, ...]
    token: str
    pages: int = 0
    answers: dict[str, PageResponse] = field(default_factory=dict)

    def serves(self, clusters: Sequence[str], token: str, now: datetime) -> bool:
        """Whether it is as true as one that is opened now.

        Snapshots later than the clock are not seen, so what is latest may change with it alone.
        """
        return (
            (tuple(clusters), token) == (self.clusters, self.token)
            and not self.catalog.ahead
            and self.catalog.now <= now < self.catalog.now + _CATALOG_AGE
            and self.pages < _CATALOG_PAGES
        )


class Pages:
    """Answers one request after the other, in one process.

    *open_catalog* opens the clusters that match; *on_error* is called with an unexpected exception
    (a bug); what *watched* files say is part of the answers, as of when a catalog is opened.
    """

    def __init__(
        self,
        store: Store,
        open_catalog: Callable[[Sequence[str]], Catalog],
        zone: tzinfo,
        on_error: Callable[[Exception], object] = repr,
        watched: Sequence[Path] = (),
    ) -> None:
        self.store, self.open_catalog, self.zone = store, open_catalog, zone
        self.on_error, self.watched = on_error, watched
        self._open: OpenCatalog | None = None

    def page(self, request: PageRequest, seconds: float) -> PageResponse:
        """The answer to a request that reads, within so many seconds.

        Raises:
            Busy: that was not enough.
        """
        try:
            return self._page(request, seconds)
        except NothingSeen as error:
            return _error(404, str(error))
        except UsageError as error:
            return _error(400, str(error))
        except StoreError as error:
            return _error(500, str(error))
        except (Busy, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001  # a bug must not look like an answer
            self.on_error(error)
            return _error(500, "internal error; the server's log says more")

    def _page(self, request: PageRequest, seconds: float) -> PageResponse:
        address = PageAddress.read(request.path, request.query)
        token, first = self._token(), address.path.split("/")[1]
        if first == "store":
            return _validated(PageResponse(b""), token, request)
        zone = clock.zone(address.value("tz")) if address.value("tz") else self.zone
        etag = _digest(token, str(address), str(zone), self._now(address, zone))
        if etag == _bare(request.etag):
            return _validated(PageResponse(b""), etag, request)
        if first not in PAGES:
            raise NothingSeen("there is no such page")
        opened = self._opened(address.all_values("cluster"), token)
        if etag in opened.answers:  # the URL of a ticket is opened by several people
            return _validated(opened.answers[etag], etag, request)
        opened.pages += 1
        try:
            with opened.catalog.time_limit(seconds):
                content = PAGES[first](View(address, opened.catalog, zone, token))
        except BaseException:
            self._close()  # whatever state a statement left it in
            raise
        response = PageResponse(content.encode()) if isinstance(content, str) else content
        if response.status == 200 and len(response.body) <= _CACHED_BYTES:
            opened.answers[etag] = response
        return _validated(response, etag, request)

    def _opened(self, clusters: Sequence[str], token: str) -> OpenCatalog:
        """The catalog of the last pages while it is valid: its models are not built anew."""
        now = clock.now()
        if self._open is None or not self._open.serves(clusters, token, now):
            self._close()
            self._open = OpenCatalog(self.open_catalog(clusters), tuple(clusters), token)
        return self._open

    def _close(self) -> None:
        if self._open is not None:
            self._open.catalog.close()
        self._open = None

    def _token(self) -> str:
        """The change token of the whole store."""
        stamps = [(name, self.store.manifest_stamp(name)) for name in self.store.clusters()]
        files = [
            path.stat().st_mtime_ns if path.exists() else None
            for path in (self.store.marks, *self.watched)
        ]
        return _digest(__version__, repr(stamps), repr(files))

    def _now(self, address: PageAddress, zone: tzinfo) -> str:
        """The part of a page's change token that follows the clock, if a time of it does.

        Raises:
            UsageError: a time is none.
        """
        now = clock.now()
        pair = [address.value(name) for name in ("until", "since")]
        if all(pair) and all(_fixed(text, zone) for text in pair):
            return "past"
        return str(int(now.timestamp()) // _RELATIVE)


def _fixed(text: str, zone: tzinfo) -> bool:
    """Whether it is one instant in the past, whenever it is read."""
    try:
        return clock.parse(text, zone) <= clock.now()
    except UsageError:
        return False


def _digest(*parts: str) -> str:
    return hashlib.blake2b("\n".join(parts).encode(errors="replace"), digest_size=12).hexdigest()


def _bare(etag: str) -> str:
    """The digest in an If-None-Match header."""
    return etag.strip().removeprefix("W/").strip('"')


def _validated(response: PageResponse, etag: str, request: PageRequest) -> PageResponse:
    headers = {"ETag": f'W/"{etag}"', "Cache-Control": "private, no-cache"}
    if response.status == 200 and etag == _bare(request.etag):
        return PageResponse(b"", 304, headers)
    return PageResponse(response.body, response.status, {**response.headers, **headers})


def _error(status: int, sentence: str) -> PageResponse:
    body = render("error.html", status=status, sentence=sentence).encode()
    return PageResponse(body, status, {"Content-Type": HTML, "Cache-Control": "no-store"})
