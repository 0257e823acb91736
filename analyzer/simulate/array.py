"""The simulated array: a world, credentials, faults, and a server while it is entered."""

import base64
import binascii
import hmac
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from analyzer.errors import UsageError
from analyzer.pattern import matches
from analyzer.rest.language import QueryError
from analyzer.rest.language.error import FORBIDDEN
from analyzer.rest.language.respond import RestResponse, refusal
from analyzer.simulate.fault import Fault, ReceivedRequest, change
from analyzer.simulate.model import Version
from analyzer.simulate.responder import Responder
from analyzer.simulate.script import Drift
from analyzer.simulate.wire import ArrayServer
from analyzer.simulate.world import World

Faults = Sequence[Fault] | Callable[[ReceivedRequest], Fault | None]


class SimulatedArray:
    """A server on loopback that answers as ONTAP does, for as long as it is entered.

    ``requests`` are all requests received; ``faults`` may be changed at any time; ``clock`` is the
    instant of the ``Date`` header (naive, UTC).
    """

    def __init__(  # each is a property of the array
        self,
        world: World,
        *,
        username: str = "admin",
        password: str = "netapp1!",  # noqa: S107  # a simulation's
        token: str | None = None,
        forbidden: Sequence[str] = (),
        svm: str = "",
        version: Version | None = None,
        faults: Faults = (),
        clock: Callable[[], datetime] | None = None,
        tls: tuple[Path, Path] | None = None,
        page_limit: int = 10_000,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        """Prepare the array; *world* may be moved meanwhile, see ``moving``.

        The account logs in with *username* and *password*, or bears *token*; it gets 403 for paths
        that match *forbidden*, and sees one *svm* only where that is named. *tls* are files of
        certificate and key. *page_limit* applies to requests without ``max_records``.
        """
        self.username, self.password, self.token = username, password, token
        self.forbidden = tuple(forbidden)
        self._faults = faults
        world.version = version or world.version
        self.clock = clock or (lambda: datetime.now(UTC).replace(tzinfo=None))
        self.requests: list[ReceivedRequest] = []
        self._responder = Responder(world, page_limit, svm)
        self._tls = tls
        self._address = (host, port)
        self._lock = threading.Lock()
        self._seen: Counter[Fault] = Counter()
        self._over = threading.Event()
        self._server: ArrayServer | None = None

    @property
    def world(self) -> World:
        return self._responder.world

    @world.setter
    def world(self, world: World) -> None:
        with self._lock:
            self._responder = Responder(world, self._responder.limit, self._responder.svm)

    @property
    def faults(self) -> Faults:
        return self._faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        with self._lock:
            self._faults = faults
            self._seen.clear()

    @property
    def host(self) -> str:
        return self._address[0]

    @property
    def port(self) -> int:
        return self._address[1]

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}"

    @contextmanager
    def moving(self) -> Iterator[World]:
        """The world, with nobody answering from it meanwhile."""
        with self._lock:
            self.world.time = self.now()
            yield self.world

    def __enter__(self) -> Self:
        self.online()
        return self

    def __exit__(self, *_error: object) -> None:
        self.offline()

    def online(self) -> None:
        """Listen, on the same port as before.

        Raises:
            UsageError: that address and port cannot be listened on.
        """
        self._over.clear()
        if self._server is None:
            try:
                self._server = ArrayServer(self._address, self, self._tls)
            except (OSError, OverflowError, UnicodeError) as error:
                reason = getattr(error, "strerror", None) or error
                sentence = f"cannot listen on {self.host} port {self.port}: {reason}"
                raise UsageError(sentence) from error
            self._address = (self.host, self._server.server_address[1])
            threading.Thread(
                target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
            ).start()

    def offline(self) -> None:
        """Refuse connections, and cut those there are; ``online`` ends it."""
        self._over.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server.cut()
            self._server = None

    def reply(self, request: ReceivedRequest, *, body: bool) -> tuple[RestResponse, Fault | None]:
        """The response, and the fault it is to meet on the wire."""
        with self._lock:
            self.requests.append(request)
            fault = self._fault(request)
            response = self._refusal(request)
            if response is None:
                most = fault.records if fault is not None and fault.kind == "short_pages" else None
                response = self._responder.respond(request, body=body, most=most)
        return (response if fault is None else change(fault, request, response)), fault

    def now(self) -> datetime:
        return self.clock()

    def wait(self, seconds: float) -> None:
        """Let time pass, but not beyond the moment the array goes offline."""
        self._over.wait(seconds)

    def _fault(self, request: ReceivedRequest) -> Fault | None:
        if callable(self._faults):
            return self._faults(request)
        for fault in self._faults:
            if fault.meets(request):
                self._seen[fault] += 1
                if fault.nth is None or fault.nth == self._seen[fault] - 1:
                    return fault
        return None

    def _refusal(self, request: ReceivedRequest) -> RestResponse | None:
        if not self._admits(request.headers.get("authorization", "")):
            error = QueryError(401, FORBIDDEN, "User is not authorized.")
            response = refusal(error)
            headers = {**response.headers, "WWW-Authenticate": "Basic"}
            return RestResponse(401, response.body, headers)
        if any(matches(pattern, request.path) for pattern in self.forbidden):
            return refusal(QueryError(403, FORBIDDEN, "not authorized for that command"))
        return None

    def _admits(self, authorization: str) -> bool:
        scheme, _, secret = authorization.partition(" ")
        if scheme.lower() == "bearer" and self.token is not None:
            return hmac.compare_digest(secret.strip().encode(), self.token.encode())
        try:
            credentials = base64.b64decode(secret, validate=True)
        except binascii.Error:
            return False
        expected = f"{self.username}:{self.password}".encode()
        return scheme.lower() == "basic" and hmac.compare_digest(credentials, expected)


def serve_forever(
    array: SimulatedArray,
    *,
    drift: float | None = None,
    seed: int = 1,
    report: Callable[[str], object] = len,
) -> None:
    """Enter *array* and serve until interrupted; *report* hears its URL, then what happens.

    *drift* are seconds between two moments in which something may happen; without, nothing does.
    """
    with array:
        report(array.url)
        drifting = Drift(array.world, seed)
        while True:
            array.wait(drift or 3600.0)
            if drift is not None:
                with array.moving():
                    happened = drifting.tick()
                if happened:
                    report(happened)
