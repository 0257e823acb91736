"""Arrays of a process of their own that send bytes made before, so that they are not what is measured."""

import random
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any
from urllib.request import urlopen

import msgspec

from analyzer.simulate.worlds import fleet

SESSIONS = "/api/protocols/san/iscsi/sessions"
_SHARE = 0.001  # of the sessions that log in anew from one round to the next
_INVENTORIES = {
    "/api/svm/svms": "svms", "/api/network/ip/interfaces": "interfaces",
    "/api/protocols/san/igroups": "igroups", "/api/cluster/nodes": "nodes",
}  # fmt: skip


def _bodies(sessions: int, size: int, rounds: int) -> dict[str, bytes]:
    """Every answer by path, those of sessions by round and ``start`` too."""
    world = fleet(sessions)
    chance = random.Random(1)
    records: list[dict[str, Any]] = world.sessions()
    bodies = {"/round": b"{}", "/api/cluster": msgspec.json.encode(world.inventory("cluster")[0])}
    for path, name in _INVENTORIES.items():
        bodies[path] = _listing(world.inventory(name))
    for number in range(rounds):
        for start in range(0, sessions, size):
            rest = f"{SESSIONS}?start={start + size}" if start + size < len(records) else ""
            bodies[f"{SESSIONS} {number} {start}"] = _listing(records[start : start + size], rest)
        for record in chance.sample(records, round(sessions * _SHARE)):
            record["tsih"] = record["tsih"] % 60_000 + 5_000
    return bodies


def _listing(records: list[dict[str, Any]], rest: str = "") -> bytes:
    links = {"_links": {"next": {"href": rest}}} if rest else {}
    return msgspec.json.encode({"records": records, "num_records": len(records), **links})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    answers: dict[str, bytes] = {}  # noqa: RUF012  # filled before it serves
    broken: str = ""
    delay: float = 0.0  # what an array takes to make a page of sessions
    round: int = 0

    def do_GET(self) -> None:  # http.server's name
        path, _, query = self.path.partition("?")
        if path == "/round":
            type(self).round = int(query)
        start = re.search(r"start=(\d+)", query)
        listed = f"{path} {self.round} {start[1] if start else 0}"
        answer = self.answers.get(path, self.answers.get(listed))
        if path == SESSIONS:
            time.sleep(600 if self.broken == "hang" else self.delay)
        body = answer or b'{"error": {"message": "entry doesn\'t exist", "code": "4"}}'
        self.send_response(404 if answer is None else 200)
        self.send_header("Content-Type", "application/hal+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.broken == "truncated" and path == SESSIONS:
            body = body[: len(body) // 2]
            self.close_connection = True
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # http.server's name
        """Nothing is said."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def _serve(
    connection: Connection, sessions: int, size: int, rounds: int, broken: str, delay: float
) -> None:
    ready = {"answers": _bodies(sessions, size, rounds), "broken": broken, "delay": delay}
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), ready))
    connection.send(server.server_port)
    server.serve_forever()


@contextmanager
def serving(
    sessions: int, size: int = 10_000, rounds: int = 1, broken: str = "", delay: float = 0.0
) -> Iterator[str]:
    """The address of an array, whose sessions come in pages of *size*, differently in each round."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(
        target=_serve, args=(theirs, sessions, size, rounds, broken, delay), daemon=True
    )
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.terminate()
        process.join()


def turn(url: str, number: int) -> None:
    """Begin that round."""
    urlopen(f"{url}/round?{number}").close()
