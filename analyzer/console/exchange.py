"""Between the server and the processes that make pages: requests, responses, and their cache."""

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from pathlib import Path
from threading import Lock

from analyzer import clock
from analyzer.console.address import PageAddress
from analyzer.console.markup import render
from analyzer.errors import Busy, StoreError, UsageError
from analyzer.report import times
from analyzer.store.layout import Store
from analyzer.version import __version__

HTML = "text/html; charset=utf-8"
_RELATIVE = 60  # seconds that a page whose times depend on the clock is the same
_TOKEN_AGE = 10.0  # seconds for which the change token of the store is taken to be the same
_CACHED_BYTES = 32_000_000  # of all cached responses


@dataclass(frozen=True, slots=True)
class PageRequest:
    """*path* and *query* still percent-encoded; *etag* is what the browser has already.

    *store* is the change token of the state that the page is rendered from, or of an earlier one.
    """

    path: str
    query: str = ""
    etag: str = ""
    store: str = ""


@dataclass(frozen=True, slots=True)
class PageResponse:
    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": HTML})


Respond = Callable[[PageRequest, float], PageResponse]


class Exchange:
    """Answers requests by what *respond* returns, each page once for as long as it stays true.

    Requests for the same page at the same time share one call (single-flight), responses are cached
    by their ETags. The change token of the store and of the *watched* files is read anew when it is
    older than ``_TOKEN_AGE``: pages may be that much behind a snapshot that lands, so that it does
    not open the store for every page.
    """

    def __init__(
        self, store: Store, zone: tzinfo, respond: Respond, watched: Sequence[Path] = ()
    ) -> None:
        self.store, self.zone, self.respond, self.watched = store, zone, respond, watched
        self._lock = Lock()
        self._last_token: tuple[float, str] | None = None
        self._cached: dict[str, PageResponse] = {}
        self._flights: dict[str, Future[PageResponse]] = {}

    def page(self, request: PageRequest, seconds: float) -> PageResponse:
        """The answer to a request that reads, within so many seconds.

        Raises:
            Busy: that was not enough.
        """
        try:
            return self._page(request, seconds)
        except UsageError as error:
            return error_page(400, str(error))
        except StoreError as error:
            return error_page(500, str(error))

    def _page(self, request: PageRequest, seconds: float) -> PageResponse:
        token, address = self._token(), PageAddress.read(request.path, request.query)
        if address.path == "/store":
            return _validated(PageResponse(b""), token, request.etag)
        zone = clock.zone(address.value("tz")) if address.value("tz") else self.zone
        etag = _digest(token, str(address), str(zone), _now(address, zone))
        if etag == _bare(request.etag):
            return _validated(PageResponse(b""), etag, request.etag)
        response = self._shared(etag, replace(request, etag="", store=token), seconds)
        return _validated(response, etag, request.etag) if response.status == 200 else response

    def _shared(self, etag: str, request: PageRequest, seconds: float) -> PageResponse:
        with self._lock:
            if etag in self._cached:
                return self._cached[etag]
            flight = self._flights.get(etag)
            leads = flight is None
            if flight is None:
                flight = self._flights[etag] = Future()
        if leads:
            self._lead(etag, flight, request, seconds)
        try:
            return flight.result(seconds)
        except TimeoutError as error:
            raise Busy("the answer took too long") from error

    def _lead(
        self, etag: str, flight: Future[PageResponse], request: PageRequest, seconds: float
    ) -> None:
        """Make the page for everybody who waits for it, an error among what they get."""
        try:
            response = self.respond(request, seconds)
            flight.set_result(response)
        except BaseException as error:  # noqa: BLE001  # raised again by ``result``
            flight.set_exception(error)
        with self._lock:
            del self._flights[etag]
            if flight.exception() is None and response.status == 200:
                self._cached[etag] = response
                spent = sum(len(each.body) for each in self._cached.values())
                while spent > _CACHED_BYTES:  # first in, first out
                    spent -= len(self._cached.pop(next(iter(self._cached))).body)

    def _token(self) -> str:
        """The change token of the whole store, as of ``_TOKEN_AGE`` ago at most.

        Raises:
            StoreError: a folder of the store cannot be read.
        """
        with self._lock:
            now = time.monotonic()
            if self._last_token is None or now >= self._last_token[0] + _TOKEN_AGE:
                try:
                    token = self._read_token()
                except OSError as error:
                    raise StoreError(f"{error.filename}: {error.strerror}") from error
                if self._last_token is None or token != self._last_token[1]:
                    self._cached.clear()
                self._last_token = now, token
            return self._last_token[1]

    def _read_token(self) -> str:
        stamps = [(name, self.store.manifest_stamp(name)) for name in self.store.clusters()]
        files = [
            path.stat().st_mtime_ns if path.exists() else None
            for path in (self.store.marks, *self.watched)
        ]
        return _digest(__version__, repr(stamps), repr(files))


def _now(address: PageAddress, zone: tzinfo) -> str:
    """What the clock has to do with a page: nothing, if its times are all in the past."""
    moments = {name: address.value(name) for name in times.NAMES if address.value(name)}
    if {"since", "until"} <= moments.keys() and all(
        _fixed(text, zone) for text in moments.values()
    ):
        return "past"
    return str(int(clock.now().timestamp()) // _RELATIVE)


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


def _validated(response: PageResponse, etag: str, if_none_match: str) -> PageResponse:
    headers = {"ETag": f'W/"{etag}"', "Cache-Control": "private, no-cache"}
    if etag == _bare(if_none_match):
        return PageResponse(b"", 304, headers)
    return PageResponse(response.body, response.status, {**response.headers, **headers})


def error_page(status: int, sentence: str) -> PageResponse:
    """A sentence as a page."""
    body = render("error.html", status=status, sentence=sentence).encode()
    return PageResponse(body, status, {"Content-Type": HTML, "Cache-Control": "no-store"})
