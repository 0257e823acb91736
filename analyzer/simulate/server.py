"""The simulated array on a real socket: HTTP/1.1, keep-alive, credentials, faults."""

import base64
import binascii
import hmac
import ssl
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.utils import format_datetime
from fnmatch import fnmatchcase
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import SHUT_RDWR, SO_LINGER, SOL_SOCKET, socket
from types import TracebackType
from typing import Any, Self

from analyzer.restquery import QueryError
from analyzer.restquery.error import FORBIDDEN
from analyzer.simulate.answer import Speaker, refusal
from analyzer.simulate.fault import Answer, Fault, Request, change
from analyzer.simulate.script import Drift
from analyzer.simulate.world import World

Faults = Sequence[Fault] | Callable[[Request], Fault | None]
_HEADERS = {
    "Server": "libzapid-httpd",
    "Cache-Control": "no-cache,no-store,must-revalidate",
    "X-Content-Type-Options": "nosniff",
    "Vary": "Accept-Encoding",
}


class SimulatedArray:
    """A server on loopback that answers as ONTAP does, for as long as it is entered.

    ``requests`` is everything that was asked; ``faults`` may be changed at any time; ``clock``
    says what the ``Date`` header says (naive, UTC).
    """

    def __init__(  # noqa: PLR0913  # each is a property of the array
        self,
        world: World,
        *,
        username: str = "admin",
        password: str = "netapp1!",  # noqa: S107  # a simulation's
        token: str | None = None,
        forbidden: Sequence[str] = (),
        faults: Faults = (),
        clock: Callable[[], datetime] | None = None,
        tls: tuple[Path, Path] | None = None,
        page_limit: int = 10_000,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        """Prepare the array.

        Args:
            world: what it answers from; it may be moved meanwhile, see ``moving``.
            username: of Basic authentication.
            password: of Basic authentication.
            token: also lets in who bears it.
            forbidden: patterns of paths that the account may not read (403).
            faults: what goes wrong, by request.
            clock: of the ``Date`` header; the real one if None.
            tls: files of certificate and key; plain HTTP if None.
            page_limit: records in one page where ``max_records`` is not given.
            host: address to listen on.
            port: port to listen on; any free one if 0.
        """
        self.username, self.password, self.token = username, password, token
        self.forbidden = tuple(forbidden)
        self.faults = faults
        self.clock = clock or (lambda: datetime.now(UTC).replace(tzinfo=None))
        self.requests: list[Request] = []
        self._speaker = Speaker(world, page_limit)
        self._tls = tls
        self._address = (host, port)
        self._lock = threading.Lock()
        self._met: Counter[Fault] = Counter()
        self._over = threading.Event()
        self._server: _Server | None = None

    @property
    def world(self) -> World:
        return self._speaker.world

    @world.setter
    def world(self, world: World) -> None:
        with self._lock:
            self._speaker = Speaker(world, self._speaker.page_limit)

    @property
    def host(self) -> str:
        return self._address[0]

    @property
    def port(self) -> int:
        return self._address[1]

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://{self.host}:{self.port}"

    @contextmanager
    def moving(self) -> Iterator[World]:
        """The world, with nobody answering from it meanwhile."""
        with self._lock:
            yield self.world

    def __enter__(self) -> Self:
        self._over.clear()
        self.online()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._over.set()
        self.offline()

    def online(self) -> None:
        """Listen, on the same port as before."""
        if self._server is None:
            self._server = _Server(self._address, self, self._tls)
            self._address = (self.host, self._server.server_address[1])
            threading.Thread(
                target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
            ).start()

    def offline(self) -> None:
        """Refuse connections, and cut those there are; ``online`` ends it."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server.cut()
            self._server = None

    def reply(self, request: Request, *, body: bool) -> tuple[Answer, Fault | None]:
        """The answer, and the fault it is to meet on the wire."""
        with self._lock:
            self.requests.append(request)
            fault = self._fault(request)
            refused = self._refusal(request)
            if refused is not None:
                answer = refused
            else:
                most = fault.records if fault is not None and fault.kind == "short_pages" else None
                answer = self._speaker.answer(request, body=body, most=most)
        return (answer if fault is None else change(fault, request, answer)), fault

    def wait(self, seconds: float) -> None:
        """Let time pass, but not beyond the end of the array."""
        self._over.wait(seconds)

    def _fault(self, request: Request) -> Fault | None:
        if callable(self.faults):
            return self.faults(request)
        for fault in self.faults:
            if fault.meets(request):
                self._met[fault] += 1
                if fault.nth is None or fault.nth == self._met[fault] - 1:
                    return fault
        return None

    def _refusal(self, request: Request) -> Answer | None:
        if not self._knows(request.headers.get("authorization", "")):
            error = QueryError(401, FORBIDDEN, "User is not authorized.")
            answer = refusal(error)
            return Answer(401, answer.body, {**answer.headers, "WWW-Authenticate": "Basic"})
        if any(fnmatchcase(request.path, pattern) for pattern in self.forbidden):
            return refusal(QueryError(403, FORBIDDEN, "not authorized for that command"))
        return None

    def _knows(self, authorization: str) -> bool:
        scheme, _, secret = authorization.partition(" ")
        if scheme.lower() == "bearer" and self.token is not None:
            return hmac.compare_digest(secret.strip().encode(), self.token.encode())
        try:
            given = base64.b64decode(secret, validate=True)
        except binascii.Error:
            return False
        wanted = f"{self.username}:{self.password}".encode()
        return scheme.lower() == "basic" and hmac.compare_digest(given, wanted)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(
        self, address: tuple[str, int], array: SimulatedArray, tls: tuple[Path, Path] | None
    ) -> None:
        super().__init__(address, _Handler)
        self.array = array
        self.opened = 0
        self._open: set[socket] = set()
        if tls is not None:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(*tls)
            # The handshake belongs to the connection's own thread, at its first read.
            self.socket = context.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )

    def get_request(self) -> tuple[socket, Any]:
        connection, address = super().get_request()
        self.opened += 1
        self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        lingers = struct.pack("ii", 1, 0)
        with suppress(OSError):
            if request.getsockopt(SOL_SOCKET, SO_LINGER, len(lingers)) == lingers:
                request.close()  # a reset, not a polite end
                return
        super().shutdown_request(request)

    def cut(self) -> None:
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(SHUT_RDWR)
        while self._open:  # their threads notice at once; nothing is left open behind us
            time.sleep(0.002)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server
    timeout = 600

    def setup(self) -> None:
        self._number = self.server.opened
        super().setup()

    def _serve(self) -> None:
        array = self.server.array
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, path, query, headers, self._number)
        length = int(headers.get("content-length") or 0)
        self.rfile.read(length)
        answer, fault = array.reply(request, body=length > 0)
        if fault is not None and fault.kind == "refuse":
            self._reset()
            return
        if fault is not None and fault.kind == "hang":
            array.wait(fault.seconds)
        self._send(answer, fault)

    do_GET = do_HEAD = do_OPTIONS = do_POST = do_PATCH = do_PUT = do_DELETE = _serve  # noqa: N815  # names of http.server

    def _send(self, answer: Answer, fault: Fault | None) -> None:
        now = self.server.array.clock().replace(tzinfo=UTC)
        headers = {
            **_HEADERS,
            "Date": format_datetime(now, usegmt=True),
            "Content-Length": str(len(answer.body)),
            **answer.headers,
        }
        phrase = HTTPStatus(answer.status).phrase
        lines = [f"HTTP/1.1 {answer.status} {phrase}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        body = b"" if self.command == "HEAD" else answer.body
        kind = fault.kind if fault is not None else ""
        if kind in {"reset", "truncated"}:
            self.wfile.write(head + body[: len(body) // 2])
            self.close_connection = True
            if kind == "reset":
                # The half must have been read, else the reset would take it away too.
                time.sleep(0.02)
                self._reset()
        elif kind == "trickle" and fault is not None:
            self.wfile.write(head)
            for at in range(len(body)):
                self.wfile.write(body[at : at + 1])
                self.server.array.wait(fault.seconds)
        else:
            self.wfile.write(head + body)

    def _reset(self) -> None:
        self.connection.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # http.server's name
        """The array keeps its own record: ``requests``."""


def serve_forever(
    array: SimulatedArray,
    *,
    drift: float | None = None,
    seed: int = 1,
    told: Callable[[str], object] = len,
) -> None:
    """Serve until interrupted.

    Args:
        array: not entered yet.
        drift: seconds between two moments in which something may happen; None: nothing does.
        seed: of what happens.
        told: is told the URL, then each thing that happens; by default nobody cares.
    """
    with array, suppress(KeyboardInterrupt):
        told(array.url)
        drifting = Drift(array.world, seed)
        while True:
            array.wait(drift or 3600.0)
            if drift is not None:
                with array.moving():
                    happened = drifting.tick()
                if happened:
                    told(happened)
