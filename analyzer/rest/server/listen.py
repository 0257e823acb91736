"""The socket, and serving on it until a signal says stop."""

import asyncio
import signal
import socket
import ssl
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from ipaddress import ip_address
from pathlib import Path
from threading import Timer
from types import FrameType

import h11
import uvicorn
from starlette.types import ASGIApp

from analyzer.errors import UsageError

_HEAD = 65_536  # bytes of a request's head that are buffered until it is complete
_CONNECTIONS = 256
_IDLE = 30  # seconds that an idle connection stays open for the next request (keep-alive)
_GRACE = 3  # seconds for answers under way when it is to stop


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens there.

    Raises:
        UsageError: the name is unknown, or the port is in use.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server(address[:2], family=family, backlog=128)
    except (OSError, OverflowError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"cannot listen on {host} port {port}: {reason}") from error


def is_loopback(listening: socket.socket) -> bool:
    """Whether only this machine can reach it."""
    return ip_address(listening.getsockname()[0].partition("%")[0]).is_loopback


def url(listening: socket.socket, *, tls: bool) -> str:
    """Where it can be reached."""
    host, port = listening.getsockname()[:2]
    return f"{'https' if tls else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"


class Server(uvicorn.Server):
    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve, and say nothing of clients that break HTTP: uvicorn closes their connections."""
        asyncio.get_running_loop().set_exception_handler(_report)
        await super().serve(sockets)

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]  # a context manager like the one it replaces
        """A signal is how this ends, not an error to be raised again afterwards: see ``run``."""
        return nullcontext()


def _report(loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    """What went wrong in the event loop, but for a request that was malformed after its answer."""
    if not isinstance(context.get("exception"), h11.LocalProtocolError):
        loop.default_exception_handler(context)


def server(app: ASGIApp, tls: tuple[Path, Path] | None = None) -> Server:
    """A server for a socket of ours, without a log of requests.

    Raises:
        UsageError: certificate or key cannot be used.
    """
    config = uvicorn.Config(
        app,
        http="h11",
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_config=None,
        log_level="error",  # a warning is of a client: a request that is no HTTP, or an upgrade
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=_CONNECTIONS,
        timeout_keep_alive=_IDLE,
        timeout_graceful_shutdown=_GRACE,
        h11_max_incomplete_event_size=_HEAD,
        ssl_certfile=tls[0] if tls else None,
        ssl_keyfile=tls[1] if tls else None,
    )
    try:
        config.load()
    except (OSError, ssl.SSLError) as error:
        raise UsageError(f"certificate or key cannot be used: {error}") from error
    return Server(config)


def run(serving: Server, listening: socket.socket, end: Callable[[], object]) -> int:
    """Serve until SIGINT or SIGTERM; answers under way have a few seconds, then *end* ends them.

    Returns the exit status of who was interrupted: 128 and the signal's number.
    """
    signals: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        signals.append(number)
        serving.handle_exit(number, frame)
        timer = Timer(_GRACE, end)
        timer.daemon = True
        timer.start()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    serving.run(sockets=[listening])
    return 128 + signals[0] if signals else 0
