"""What a webhook's receiver may answer, and how little of it is read."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from analyzer.alerts import webhook
from analyzer.alerts.state import NewsBody
from analyzer.errors import Unreachable

NOTHING = NewsBody(first=False, new=(), over=(), muted=())


@contextmanager
def receiver(*pieces: bytes, forever: bytes = b"") -> Iterator[tuple[str, list[int]]]:
    """A server that answers each request with the pieces, then one piece for ever."""
    server = socket.create_server(("127.0.0.1", 0))
    sent: list[int] = []
    over = threading.Event()

    def serve() -> None:
        with suppress(OSError):
            while True:
                client, _ = server.accept()
                sent.append(0)
                with client, suppress(OSError):
                    client.recv(65_536)
                    for piece in pieces:
                        client.sendall(piece)
                    while forever and not over.is_set():
                        client.sendall(forever)
                        sent[-1] += len(forever)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.getsockname()[1]}/x", sent
    over.set()
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join()


def test_an_endless_answer_is_not_read_beyond_its_status() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 99999999999\r\n\r\n"
    with receiver(head, forever=b"\0" * 65_536) as (url, sent):
        webhook.post(url, NOTHING)
    assert len(sent) == 1
    assert sent[0] < 64 << 20


def test_endless_headers_end_within_the_time_of_a_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "SECONDS", 0.2)
    with (
        receiver(b"HTTP/1.1 200 OK\r\n") as (url, sent),
        pytest.raises(Unreachable, match=r"webhook at 127\.0\.0\.1: "),
    ):
        webhook.post(url, NOTHING, pause=0.0)
    assert len(sent) == webhook.TRIES


def test_a_redirect_is_not_followed() -> None:
    there = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/y\r\nContent-Length: 0\r\n\r\n"
    with (
        receiver(there) as (url, sent),
        pytest.raises(Unreachable, match=r"webhook at 127\.0\.0\.1: HTTP 302"),
    ):
        webhook.post(url, NOTHING)
    assert len(sent) == 1
