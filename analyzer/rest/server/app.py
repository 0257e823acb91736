"""The ASGI application: limits first, then authentication, then whoever answers."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from analyzer.errors import Busy, StoreError, UsageError
from analyzer.rest.language import QueryError
from analyzer.rest.language.error import BAD_URL, INTERNAL, INVALID, LIMIT, TOO_MANY, bad
from analyzer.rest.language.respond import RestRequest, RestResponse, check, refusal
from analyzer.rest.server import reports
from analyzer.rest.server.authentication import Authenticator, Identity
from analyzer.rest.server.endpoints import Endpoints
from analyzer.rest.server.reports import Open

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
        authenticator: admits requests.
        endpoints: answer what an array would answer.
        open_catalog: opens the clusters that a report is about.
        limits: of one request.
        on_error: called with unexpected exceptions (a bug), before 500 is sent.
    """

    def __init__(
        self,
        authenticator: Authenticator,
        endpoints: Endpoints,
        open_catalog: Open,
        limits: Limits | None = None,
        on_error: Callable[[Exception], object] = repr,
    ) -> None:
        self.authenticator, self.endpoints = authenticator, endpoints
        self.open_catalog = open_catalog
        self.limits = limits or Limits()
        self.on_error = on_error
        self._running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise ValueError(scope["type"])
        answer = await self._admit(scope)
        response = Response(answer.body, answer.status, {**_HEADERS, **answer.headers})
        await response(scope, receive, send)

    async def _admit(self, scope: Scope) -> RestResponse:
        if self._running >= self.limits.requests:
            return _again(429, TOO_MANY, "too many requests at once; try again")
        self._running += 1
        try:
            return await run_in_threadpool(self._answer, scope)
        finally:
            self._running -= 1

    def _answer(self, scope: Scope) -> RestResponse:
        try:
            return self._check(scope)
        except QueryError as error:
            answer = refusal(error)
            if error.status == 401:
                return replace(answer, headers={**answer.headers, "WWW-Authenticate": _CHALLENGE})
            return answer
        except Busy as error:
            return _again(503, LIMIT, str(error))
        except StoreError as error:
            return refusal(QueryError(500, INTERNAL, str(error)))
        except Exception as error:  # noqa: BLE001  # a bug must not look like an answer
            self.on_error(error)
            return refusal(QueryError(500, INTERNAL, "internal error; the server's log says more"))

    def _check(self, scope: Scope) -> RestResponse:
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        raw = scope["raw_path"].partition(b"?")[0].decode("latin-1")
        request = RestRequest(
            scope["method"], raw, scope["query_string"].decode("latin-1"), headers
        )
        if len(request.target) > self.limits.url:
            raise QueryError(414, BAD_URL, f"the URL is longer than {self.limits.url} bytes")
        if sum(len(name) + len(value) for name, value in scope["headers"]) > self.limits.headers:
            sentence = f"the headers are longer than {self.limits.headers} bytes"
            raise QueryError(431, BAD_URL, sentence)
        identity = self.authenticator.authenticate(headers)
        body = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
        return check(request, body=body) or self._route(request, identity)

    def _route(self, request: RestRequest, identity: Identity) -> RestResponse:
        if request.path.strip("/").partition("/")[0] not in reports.PATHS:
            return self.endpoints.answer(request, identity, self.limits.seconds)
        try:
            return reports.answer(self.open_catalog, request, self.limits.seconds)
        except (QueryError, Busy):
            raise
        except UsageError as error:
            raise bad(INVALID, str(error)) from error


def _again(status: int, code: int, sentence: str) -> RestResponse:
    answer = refusal(QueryError(status, code, sentence))
    return replace(answer, headers={**answer.headers, "Retry-After": "1"})
