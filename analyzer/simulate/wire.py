"""HTTP/1.1 with keep-alive on a real socket, and what can go wrong there."""

import ssl
import struct
import time
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import AF_INET6, SHUT_RDWR, SO_LINGER, SOL_SOCKET, socket
from socketserver import TCPServer
from typing import Any, Protocol

from analyzer.rest.language.respond import RestResponse
from analyzer.simulate.fault import Fault, ReceivedRequest

_HEADERS = {
    "Server": "libzapid-httpd",
    "Cache-Control": "no-cache,no-store,must-revalidate",
    "X-Content-Type-Options": "nosniff",
    "Vary": "Accept-Encoding",
}


class Replies(Protocol):
    """What the server serves."""

    def reply(
        self, request: ReceivedRequest, /, *, body: bool
    ) -> tuple[RestResponse, Fault | None]:
        """The response, and the fault it is to meet on the wire."""

    def wait(self, seconds: float, /) -> None:
        """Let time pass, but not beyond the end of serving."""

    def now(self) -> datetime:
        """The clock of the ``Date`` header (naive, UTC)."""


class ArrayServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(
        self, address: tuple[str, int], replies: Replies, tls: tuple[Path, Path] | None
    ) -> None:
        if ":" in address[0]:
            self.address_family = AF_INET6
        # A socket would say TypeError of a name that cannot be one.
        super().__init__((address[0].encode("idna").decode(), address[1]), _Handler)
        self.replies = replies
        self.opened = 0
        self._open: set[socket] = set()
        if tls is not None:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(*tls)
            # The handshake belongs to the connection's own thread, at its first read.
            self.socket = context.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )

    def server_bind(self) -> None:
        TCPServer.server_bind(self)  # HTTPServer's own would ask for the name of the host
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

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
        for _ in range(200):
            if not self._open:
                break
            time.sleep(0.005)  # their threads notice at once; nothing is left open behind us

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: ArrayServer
    timeout = 600

    def setup(self) -> None:
        self._number = self.server.opened
        super().setup()

    def _serve(self) -> None:
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = ReceivedRequest(self.command, path, query, headers, self._number)
        length = int(headers.get("content-length") or 0)
        self.rfile.read(length)
        replies = self.server.replies
        response, fault = replies.reply(request, body=length > 0)
        if fault is not None and fault.kind == "refuse":
            self._reset()
            return
        if fault is not None and fault.kind == "hang":
            replies.wait(fault.seconds)
        self._send(response, fault)

    do_GET = do_HEAD = do_OPTIONS = do_POST = do_PATCH = do_PUT = do_DELETE = _serve  # noqa: N815  # names of http.server

    def _send(self, response: RestResponse, fault: Fault | None) -> None:
        now = self.server.replies.now().replace(tzinfo=UTC)
        headers = {
            **_HEADERS,
            "Date": format_datetime(now, usegmt=True),
            "Content-Length": str(len(response.body)),
            **response.headers,
        }
        phrase = HTTPStatus(response.status).phrase
        lines = [f"HTTP/1.1 {response.status} {phrase}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        body = b"" if self.command == "HEAD" else response.body
        kind = fault.kind if fault is not None else ""
        if kind in {"reset", "truncated"}:
            self.wfile.write(head + body[: len(body) // 2])
            self.close_connection = True
            if kind == "reset":
                # The half must have been read, else the reset would take it away too.
                time.sleep(0.02)
                self._reset()
        elif kind in {"trickle", "drip"} and fault is not None:
            slowly = head + body if kind == "drip" else body
            self.wfile.write(b"" if kind == "drip" else head)
            for at in range(len(slowly)):
                self.wfile.write(slowly[at : at + 1])
                self.server.replies.wait(fault.seconds)
        else:
            self.wfile.write(head + body)

    def _reset(self) -> None:
        self.connection.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # http.server's name
        """The array keeps its own record: ``requests``."""
