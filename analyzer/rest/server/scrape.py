"""A cached response to a scrape, served at once and renewed behind it (stale-while-revalidate).

A worker process of its own, started by the first scrape, renders it, so that counting delays no
other request. Each scrape starts the rendering of the next response.
"""

import time
from collections.abc import Callable
from threading import Condition, Thread

from analyzer import clock
from analyzer.errors import Busy
from analyzer.rest.language.respond import RestRequest, RestResponse
from analyzer.rest.server.answers import unavailable
from analyzer.rest.server.authentication import Identity
from analyzer.rest.server.workers import Answerer, Workers

PATH = "/metrics"
_FRESH = 300.0  # seconds that an answer may be old; what is older is waited for
_MAKING = 120.0  # seconds of one go; what is not done then goes on with the next
_PAUSE = 1.0  # seconds from one go to the next


class Scrape:
    """An ``Answerer`` of ``/metrics``; *others* answer all other paths.

    *start* starts the worker, whose method ``count`` returns the answer; *aged* makes of an answer
    the same some seconds later.
    """

    def __init__(
        self,
        others: Answerer,
        start: Callable[[], Workers],
        aged: Callable[[bytes, float], bytes],
        content_type: str,
    ) -> None:
        self._others, self._start, self._aged = others, start, aged
        self._headers = {"Content-Type": content_type}
        self._turn = Condition()
        self._workers: Workers | None = None
        self._counting = self._closed = False
        self._ended = self._counted_at = -_FRESH
        self._instant = clock.now()
        self._body = b""
        self._failure = ""

    def answer(self, request: RestRequest, identity: Identity, seconds: float) -> RestResponse:
        """The last answer; 503 where there is none in time."""
        if request.path.rstrip("/") != PATH:
            return self._others.answer(request, identity, seconds)
        end = time.monotonic() + seconds
        with self._turn:
            self._renew()
            while self._counting and not self._fresh:
                if not self._turn.wait(end - time.monotonic()):
                    return unavailable("the numbers are still being counted")
            if not self._fresh:
                return unavailable(self._failure)
            body, waited = self._body, (clock.now() - self._instant).total_seconds()
        body = b"" if request.method == "HEAD" else self._aged(body, waited)
        return RestResponse(200, body, self._headers)

    def close(self) -> None:
        """End the worker, whatever it does."""
        with self._turn:
            self._closed = True
            workers = self._workers
        if workers is not None:
            workers.close()

    @property
    def _fresh(self) -> bool:
        return bool(self._body) and time.monotonic() - self._counted_at <= _FRESH

    def _renew(self) -> None:
        if not self._counting and not self._closed and time.monotonic() - self._ended > _PAUSE:
            self._counting = True
            Thread(target=self._count, daemon=True).start()

    def _count(self) -> None:
        body, failure = b"", "the server ends"
        try:
            with self._turn:
                if self._workers is None and not self._closed:
                    self._workers = self._start()
            if self._workers is not None:
                body = self._workers.call("count", seconds=_MAKING)
        except Busy as error:
            failure = str(error)
        finally:
            with self._turn:
                self._counting, self._ended, self._failure = False, time.monotonic(), failure
                if body:
                    self._body, self._instant = body, clock.now()
                    self._counted_at = self._ended
                self._turn.notify_all()
