"""The answer to an admitted request, whatever becomes of it: an error is an answer too."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from analyzer.errors import Busy, StoreError, UsageError
from analyzer.rest.language import QueryError
from analyzer.rest.language.error import INTERNAL, INVALID, LIMIT, bad
from analyzer.rest.language.respond import RestRequest, RestResponse, refusal
from analyzer.rest.server import reports
from analyzer.rest.server.authentication import Identity
from analyzer.rest.server.endpoints import Endpoints
from analyzer.rest.server.reports import Open


def unavailable(sentence: str, status: int = 503, code: int = LIMIT) -> RestResponse:
    """Come again soon."""
    response = refusal(QueryError(status, code, sentence))
    return replace(response, headers={**response.headers, "Retry-After": "1"})


def internal_error() -> RestResponse:
    """A bug; what it is stands in the log only."""
    return refusal(QueryError(500, INTERNAL, "internal error; the server's log says more"))


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers one request after the other.

    *endpoints* answer what an array would; *open_catalog* opens the clusters that a report is
    about; *on_error* is called with an unexpected exception (a bug); *folders* hold more reports.
    """

    endpoints: Endpoints
    open_catalog: Open
    on_error: Callable[[Exception], object] = repr
    folders: tuple[Path, ...] = ()

    def answer(self, request: RestRequest, identity: Identity, seconds: float) -> RestResponse:
        """The answer to a request, within so many seconds."""
        try:
            return self._route(request, identity, seconds)
        except QueryError as error:
            return refusal(error)
        except Busy as error:
            return unavailable(str(error))
        except StoreError as error:
            return refusal(QueryError(500, INTERNAL, str(error)))
        except MemoryError:
            raise  # the process is the one that knows its limit
        except Exception as error:  # noqa: BLE001  # a bug must not look like an answer
            self.on_error(error)
            return internal_error()

    def _route(self, request: RestRequest, identity: Identity, seconds: float) -> RestResponse:
        if request.path.strip("/").partition("/")[0] not in reports.PATHS:
            return self.endpoints.answer(request, identity, seconds)
        try:
            return reports.answer(self.open_catalog, request, seconds, self.folders)
        except (QueryError, Busy):
            raise
        except UsageError as error:
            raise bad(INVALID, str(error)) from error
