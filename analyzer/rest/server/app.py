"""The application: limits first, then the door, then whoever answers."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from analyzer.errors import Busy, StoreError, UsageError
from analyzer.rest.language import QueryError
from analyzer.rest.language.answer import Answer, Request, check, refusal
from analyzer.rest.language.error import BAD_URL, INTERNAL, INVALID, LIMIT, TOO_MANY, bad
from analyzer.rest.server import report
from analyzer.rest.server.door import Door, Login
from analyzer.rest.server.report import Open
from analyzer.rest.server.rest import Rest

_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
_CHALLENGE = 'Basic realm="analyzer", Bearer'


@dataclass(frozen=True, slots=True)
class Limits:
    """What one client may cost the others."""

    url: int = 16_384  # bytes
    headers: int = 16_384  # bytes of all together
    requests: int = 16  # at once
    seconds: float = 30.0  # of one answer


class App:
    """An ASGI application.

    Args:
        door: lets requests in.
        rest: answers those that an array would answer.
        opened: a catalog of the clusters that a report is about.
        limits: of one request.
        broken: hears of errors that are ours.
    """

    def __init__(
        self,
        door: Door,
        rest: Rest,
        opened: Open,
        limits: Limits | None = None,
        broken: Callable[[Exception], object] = repr,
    ) -> None:
        self.door, self.rest, self.opened = door, rest, opened
        self.limits = limits or Limits()
        self.broken = broken
        self._now = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise ValueError(scope["type"])
        told = await self._told(scope)
        response = Response(told.body, told.status, {**_HEADERS, **told.headers})
        await response(scope, receive, send)

    async def _told(self, scope: Scope) -> Answer:
        if self._now >= self.limits.requests:
            return _again(429, TOO_MANY, "too many requests at once; try again")
        self._now += 1
        try:
            return await run_in_threadpool(self._answer, scope)
        finally:
            self._now -= 1

    def _answer(self, scope: Scope) -> Answer:
        try:
            return self._judged(scope)
        except QueryError as error:
            told = refusal(error)
            if error.status == 401:
                return replace(told, headers={**told.headers, "WWW-Authenticate": _CHALLENGE})
            return told
        except Busy as error:
            return _again(503, LIMIT, str(error))
        except StoreError as error:
            return refusal(QueryError(500, INTERNAL, str(error)))
        except Exception as error:  # noqa: BLE001  # a bug must not look like an answer
            self.broken(error)
            return refusal(QueryError(500, INTERNAL, "internal error; the server's log says more"))

    def _judged(self, scope: Scope) -> Answer:
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        raw = scope["raw_path"].partition(b"?")[0].decode("latin-1")
        request = Request(scope["method"], raw, scope["query_string"].decode("latin-1"), headers)
        if len(request.target) > self.limits.url:
            raise QueryError(414, BAD_URL, f"the URL is longer than {self.limits.url} bytes")
        if sum(len(name) + len(value) for name, value in scope["headers"]) > self.limits.headers:
            sentence = f"the headers are longer than {self.limits.headers} bytes"
            raise QueryError(431, BAD_URL, sentence)
        login = self.door.enter(headers)
        body = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
        return check(request, body=body) or self._found(request, login)

    def _found(self, request: Request, login: Login) -> Answer:
        if request.path.strip("/").partition("/")[0] not in report.PATHS:
            return self.rest.answer(request, login, self.limits.seconds)
        try:
            return report.answer(self.opened, request, self.limits.seconds)
        except (QueryError, Busy):
            raise
        except UsageError as error:
            raise bad(INVALID, str(error)) from error


def _again(status: int, code: int, sentence: str) -> Answer:
    told = refusal(QueryError(status, code, sentence))
    return replace(told, headers={**told.headers, "Retry-After": "1"})
