"""HTTP/1.1 with keep-alive on a real socket, and what can go wrong there."""

import ssl
import struct
import time
from contextlib import suppress
from datetime import UTC
from email.utils import format_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import SHUT_RDWR, SO_LINGER, SOL_SOCKET, socket
from socketserver import TCPServer
from typing import TYPE_CHECKING, Any

from analyzer.rest.language.answer import Answer
from analyzer.simulate.fault import Fault, Request

if TYPE_CHECKING:
    from analyzer.simulate.array import SimulatedArray

_HEADERS = {
    "Server": "libzapid-httpd",
    "Cache-Control": "no-cache,no-store,must-revalidate",
    "X-Content-Type-Options": "nosniff",
    "Vary": "Accept-Encoding",
}


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(
        self, address: tuple[str, int], array: "SimulatedArray", tls: tuple[Path, Path] | None
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
        patience = 200
        while (
            self._open and patience
        ):  # their threads notice at once; nothing is left open behind us
            time.sleep(0.005)
            patience -= 1

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server
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
        elif kind in {"trickle", "drip"} and fault is not None:
            slowly = head + body if kind == "drip" else body
            self.wfile.write(b"" if kind == "drip" else head)
            for at in range(len(slowly)):
                self.wfile.write(slowly[at : at + 1])
                self.server.array.wait(fault.seconds)
        else:
            self.wfile.write(head + body)

    def _reset(self) -> None:
        self.connection.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # http.server's name
        """The array keeps its own record: ``requests``."""
