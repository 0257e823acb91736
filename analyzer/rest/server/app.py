"""The ASGI application: limits first, then authentication, then the handler."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from analyzer.rest.language import QueryError
from analyzer.rest.language.error import BAD_URL, TOO_MANY
from analyzer.rest.language.respond import RestRequest, RestResponse, check, refusal
from analyzer.rest.server.answers import internal_error, unavailable
from analyzer.rest.server.authentication import Authenticator, Identity
from analyzer.rest.server.workers import Answerer

_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
_CHALLENGE = 'Basic realm="analyzer", Bearer'


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what one client may use."""

    url: int = 16_384  # bytes
    headers: int = 16_384  # bytes of all together
    requests: int = 16  # at once
    seconds: float = 30.0  # of one answer, waiting for a worker included


class App:
    """An ASGI application; *answerer* is called from several threads at once.

    *on_error* is called with unexpected exceptions (a bug), before 500 is sent.
    """

    def __init__(
        self,
        authenticator: Authenticator,
        answerer: Answerer,
        limits: Limits | None = None,
        on_error: Callable[[Exception], object] = repr,
    ) -> None:
        self.authenticator, self.answerer = authenticator, answerer
        self.limits = limits or Limits()
        self.on_error = on_error
        self._running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise ValueError(scope["type"])
        answer = await self._answer(scope)
        response = Response(answer.body, answer.status, {**_HEADERS, **answer.headers})
        await response(scope, receive, send)

    async def _answer(self, scope: Scope) -> RestResponse:
        if self._running >= self.limits.requests:
            return unavailable("too many requests at once; try again", 429, TOO_MANY)
        self._running += 1
        try:
            request, identity, answer = self._admit(scope)
            if answer is None:
                answer = await run_in_threadpool(
                    self.answerer.answer, request, identity, self.limits.seconds
                )
        except QueryError as error:
            answer = refusal(error)
            if error.status == 401:
                headers = {**answer.headers, "WWW-Authenticate": _CHALLENGE}
                answer = replace(answer, headers=headers)
        except Exception as error:  # noqa: BLE001  # a bug must not look like an answer
            self.on_error(error)
            answer = internal_error()
        finally:
            self._running -= 1
        return answer

    def _admit(self, scope: Scope) -> tuple[RestRequest, Identity, RestResponse | None]:
        """The request, its identity, and the answer if it takes no records.

        Raises:
            QueryError: it is too long, from somebody who may not, or does not only read.
        """
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        path = scope["raw_path"].partition(b"?")[0].decode("latin-1")
        query = scope["query_string"].decode("latin-1")
        request = RestRequest(scope["method"], path, query, headers)
        if len(request.target) > self.limits.url:
            raise QueryError(414, BAD_URL, f"the URL is longer than {self.limits.url} bytes")
        if sum(len(name) + len(value) for name, value in scope["headers"]) > self.limits.headers:
            sentence = f"the headers are longer than {self.limits.headers} bytes"
            raise QueryError(431, BAD_URL, sentence)
        identity = self.authenticator.authenticate(headers)
        body = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
        return request, identity, check(request, body=body)
