"""The collector against the official client, by memory, and beside broken clusters.

The server is a process of its own and sends bytes that were made before: it is not what is
measured.
"""

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec

from analyzer import ontap
from analyzer.collect import collector as room
from analyzer.config.cluster import Cluster
from analyzer.simulate.worlds import fleet
from analyzer.store.layout import Store
from benchmarks.figure import Figure, best, peak

FOUR_HUNDRED_MB = 400 * 10**6
SESSIONS = "/api/protocols/san/iscsi/sessions"
_DELAY = 1.0  # seconds that a healthy array takes for a page
_ARRAYS = 4  # processes that answer for the healthy ones


def pages(sessions: int, size: int) -> dict[str, bytes]:
    """Every answer that a collector of this fleet gets, by path and query from ``start`` on."""
    world = fleet(sessions)
    bodies: dict[str, bytes] = {}
    records = world.sessions()
    for start in range(0, len(records), size):
        part = records[start : start + size]
        body = {"records": part, "num_records": len(part)}
        if start + size < len(records):
            body["_links"] = {"next": {"href": f"{SESSIONS}?start={start + size}"}}
        bodies[f"{SESSIONS} {start}"] = msgspec.json.encode(body)
    for path, name in (
        ("/api/svm/svms", "svms"), ("/api/network/ip/interfaces", "interfaces"),
        ("/api/protocols/san/igroups", "igroups"), ("/api/cluster/nodes", "nodes"),
    ):  # fmt: skip
        listed = world.inventory(name)
        bodies[f"{path} 0"] = msgspec.json.encode({"records": listed, "num_records": len(listed)})
    (cluster,) = world.inventory("cluster")
    bodies["/api/cluster 0"] = msgspec.json.encode(cluster)
    return bodies


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    answers: dict[str, bytes] = {}  # noqa: RUF012  # filled before it serves
    broken: str = ""
    delay: float = 0.0  # what an array takes to make a page of sessions

    def do_GET(self) -> None:  # http.server's name
        path, _, query = self.path.partition("?")
        match = re.search(r"start=(\d+)", query)
        body = self.answers.get(f"{path} {match[1] if match else 0}")
        if path == SESSIONS:
            time.sleep(600 if self.broken == "hang" else self.delay)
        status = 200 if body is not None else 404
        body = body or b'{"error": {"message": "entry doesn\'t exist", "code": "4"}}'
        self.send_response(status)
        self.send_header("Content-Type", "application/hal+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.broken == "truncated" and path == SESSIONS:
            body = body[: len(body) // 2]
            self.close_connection = True
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # http.server's name
        """Nothing is said."""


def _serve(connection: Connection, sessions: int, size: int, broken: str, delay: float) -> None:
    ready = {"answers": pages(sessions, size), "broken": broken, "delay": delay}
    handler = type("Handler", (_Handler,), ready)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    connection.send(server.server_port)
    server.serve_forever()


@contextmanager
def serving(
    sessions: int, size: int = 10_000, broken: str = "", delay: float = 0.0
) -> Iterator[str]:
    """A server of its own process; gives its address."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(
        target=_serve, args=(theirs, sessions, size, broken, delay), daemon=True
    )
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.terminate()
        process.join()


def _collect(root: Path, clusters: list[Cluster], parallel: int = 8) -> list[str]:
    return [outcome.status for outcome in room.collect(Store(root), clusters, parallel=parallel)]


def _fresh(clusters: list[Cluster], expected: list[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="analyzer-bench-") as folder:
        outcomes = _collect(Path(folder), clusters)
    if sorted(outcomes) != sorted(expected):
        raise AssertionError(outcomes)


def _listed(url: str, sessions: int) -> None:
    with ontap.Client(_cluster(url)) as array:
        whole = ontap.sessions(array, ontap.identity(array).release)
    if whole.status != "complete" or whole.frames[0].height != sessions:
        raise AssertionError(whole)


def _cluster(url: str, name: str = "bench", timeout: float = 60.0) -> Cluster:
    return Cluster(name, url, timeout=timeout)


# The official client in a process of its own, since it keeps its connection for ever.
_OFFICIAL = """
import sys, time, warnings
warnings.simplefilter("ignore")
from netapp_ontap import HostConnection, config
from netapp_ontap.resources import IscsiSession
host, port, way = sys.argv[1:]
config.CONNECTION = HostConnection(
    host, "reader", "pretend", verify=False, scheme="http", port=int(port))
fields = "svm,initiator,isid,tsih,target_portal_group,target_portal_group_tag,connections,igroups"
best = None
for _ in range(1 if way == "get_collection" else 3):
    start = time.perf_counter()
    count = sum(1 for _ in getattr(IscsiSession, way)(fields=fields, max_records=10000))
    best = min(best or 1e9, time.perf_counter() - start)
print(count, best)
"""


def _official(url: str, way: str) -> float:
    """Seconds that the official client takes to list every session."""
    done = subprocess.run(
        [sys.executable, "-c", _OFFICIAL, *url.removeprefix("http://").split(":"), way],
        stdout=subprocess.PIPE, text=True, check=True, env=os.environ | {"PYTHONWARNINGS": "ignore"},
    )  # fmt: skip
    return float(done.stdout.split()[1])


def collect(sessions: int, fleet_of: int, each: int) -> list[Figure]:
    """Listing, storing, memory, and many clusters of which three are broken."""
    tenth = sessions // 10
    with serving(tenth) as url:
        short = best(partial(_listed, url, tenth), 5)
        storing = best(partial(_fresh, [_cluster(url)], ["complete"]), 5)
    with serving(sessions) as url:
        listing = best(partial(_listed, url, sessions))
        ours = best(partial(_fresh, [_cluster(url)], ["complete"]))
        slow, fast = (_official(url, way) for way in ("get_collection", "fast_get_collection"))
        with tempfile.TemporaryDirectory(prefix="analyzer-bench-") as folder:
            memory = peak(_collect, Path(folder), [_cluster(url)])
    listed = f"{sessions:,} sessions, first byte to rows"
    stored = f"{sessions:,} sessions, first byte to stored snapshot"
    return [
        Figure(listed, listing, slow, "s", "get_collection", "<= 1/50"),
        Figure(listed, listing, fast, "s", "fast_get_collection", "<= 1/2"),
        Figure(f"list and store {tenth:,}", storing, short, "s", "listing them", "<= 2"),
        Figure(stored, ours, slow, "s", "get_collection, listing only", "<= 1/50"),
        Figure("peak memory of the same", memory, FOUR_HUNDRED_MB, "bytes", "400 MB", "<= 1"),
        _beside(fleet_of, each),
    ]


def _beside(count: int, each: int) -> Figure:
    """*count* clusters, three broken: one refuses, one hangs, one breaks off.

    All healthy pages come after the same second, which is the worst case for one processor: there
    is nothing to do until there is everything to do. The broken ones have two seconds.
    """
    limit = 2.0
    with ExitStack() as stack:
        urls = [stack.enter_context(serving(each, delay=_DELAY)) for _ in range(_ARRAYS)]
        hangs = stack.enter_context(serving(each, broken="hang"))
        breaks = stack.enter_context(serving(each, broken="truncated"))
        closed = stack.enter_context(socket.socket())
        closed.bind(("127.0.0.1", 0))
        refuses = f"http://127.0.0.1:{closed.getsockname()[1]}"
        alone = best(partial(_fresh, [_cluster(urls[-1])], ["complete"]))
        clusters = [_cluster(urls[n % len(urls)], f"c{n}") for n in range(count - 3)] + [
            _cluster(refuses, "refuses", limit), _cluster(hangs, "hangs", limit),
            _cluster(breaks, "breaks", limit),
        ]  # fmt: skip
        start = time.perf_counter()
        with tempfile.TemporaryDirectory(prefix="analyzer-bench-") as folder:
            outcomes = _collect(Path(folder), clusters, parallel=count)
        whole = time.perf_counter() - start
    if outcomes.count("complete") != count - 3:
        raise AssertionError(outcomes)
    return Figure(
        f"{count} clusters of {each:,}, three of them broken, all pages after {_DELAY:g} s",
        whole, alone, "s", "a healthy one alone", "<= 2",
    )  # fmt: skip
