"""An application on a socket of this machine."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from socket import socket

from starlette.types import ASGIApp

from analyzer.rest.server import listen

_ENDS = (
    60  # seconds that a server has to end; one that does not fails the test instead of holding it
)


@contextmanager
def serving(app: ASGIApp) -> Iterator[socket]:
    """Serve it on a free port; the socket that listens."""
    listening = listen.bind("127.0.0.1", 0)
    server = listen.server(app)
    running = threading.Thread(target=server.run, args=([listening],), daemon=True)
    running.start()
    while not server.started:
        time.sleep(0.01)
    yield listening
    server.should_exit = True
    running.join(_ENDS)
    assert not running.is_alive(), "the server does not end"
    listening.close()
