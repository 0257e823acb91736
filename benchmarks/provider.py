"""A service provider: many clusters of a few thousand sessions, one collector, one store.

The arrays are one process of their own that sends bytes made before, so that it is not what is
measured; every cluster gets the same answers under a name of its own. The clock is moved: rounds
follow each other at once and are five minutes apart.
"""

import gc
import os
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from analyzer import demo, history
from analyzer.alerts.check import check
from analyzer.collect import collector as room
from analyzer.config.cluster import Cluster
from analyzer.config.rules import CheckSettings
from analyzer.config.toml import Seconds
from analyzer.history import manifest as manifests
from analyzer.history.manifest import Manifest
from analyzer.report import header, run
from analyzer.report.catalog import Catalog
from analyzer.report.run import ReportRequest
from analyzer.simulate.worlds import fleet
from analyzer.store.layout import Store
from benchmarks.figure import Figure, held
from benchmarks.fleet import START, STEP, Fleet

INTERVAL = STEP.total_seconds()
SHARE = 0.001  # of the sessions that change from one snapshot to the next
YEAR = 365
TEN_GB = 10.0**10
SESSIONS = "/api/protocols/san/iscsi/sessions"
REPORTS = (
    "dropped-connections", "outages", "changes", "events", "new-initiators",
    "multipath-imbalance", "coverage", "flapping", "snapshots", "sessions-by-node",
)  # fmt: skip
LIMITS = {"check": 60}  # seconds; of a report 15


def answers(sessions: int, rounds: int) -> dict[str, bytes]:
    """Every answer by path, those of sessions by round too: a few log in anew each time."""
    world = fleet(sessions)
    chance = random.Random(1)
    bodies: dict[str, bytes] = {}
    records: list[dict[str, Any]] = world.sessions()
    owed = 0.0
    for number in range(rounds):
        bodies[f"{SESSIONS} {number}"] = _listing(records)
        owed += sessions * SHARE
        for record in chance.sample(records, int(owed)):
            record["tsih"] = record["tsih"] % 60_000 + 5_000
        owed %= 1
    for path, name in (
        ("/api/svm/svms", "svms"), ("/api/network/ip/interfaces", "interfaces"),
        ("/api/protocols/san/igroups", "igroups"), ("/api/cluster/nodes", "nodes"),
    ):  # fmt: skip
        bodies[path] = _listing(world.inventory(name))
    bodies["/api/cluster"] = msgspec.json.encode(world.inventory("cluster")[0])
    return bodies


def _listing(records: list[dict[str, Any]]) -> bytes:
    return msgspec.json.encode({"records": records, "num_records": len(records)})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    answers: ClassVar[dict[str, bytes]] = {}
    round: ClassVar[list[int]] = [0]

    def do_GET(self) -> None:  # http.server's name
        path = self.path.partition("?")[0]
        answer = self.answers.get(path, self.answers.get(f"{path} {self.round[0]}"))
        body = answer or b'{"error": {"message": "entry doesn\'t exist", "code": "4"}}'
        self.send_response(404 if answer is None else 200)
        self.send_header("Content-Type", "application/hal+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # http.server's name
        """Nothing is said."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def _serve(connection: Connection, sessions: int, rounds: int) -> None:
    bodies = answers(sessions, rounds)
    at = [0]
    server = _Server(
        ("127.0.0.1", 0), type("Handler", (_Handler,), {"answers": bodies, "round": at})
    )
    connection.send(server.server_port)
    _in_background(server)
    while True:
        at[0] = connection.recv()
        connection.send(at[0])


def _in_background(server: _Server) -> None:
    from threading import Thread  # noqa: PLC0415  # the child's only

    Thread(target=server.serve_forever, daemon=True).start()


@contextmanager
def _arrays(sessions: int, rounds: int) -> Iterator[tuple[str, Connection]]:
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, sessions, rounds), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}", ours
    finally:
        process.terminate()
        process.join()


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _work(clusters: int, sessions: int, rounds: int, parallel: int) -> dict[str, Any]:
    """The rounds, then the reports, in a process of their own, whose peak is told."""
    gc.set_threshold(10_000)  # as the command line does
    result: dict[str, Any] = {"rounds": [], "busy": [], "reports": {}}
    with (
        tempfile.TemporaryDirectory(prefix="analyzer-bench-") as folder,
        _arrays(sessions, rounds) as (url, arrays),
    ):
        store = Store(Path(folder))
        names = [Cluster(f"c{n:03d}", url, interval=Seconds(INTERVAL)) for n in range(clusters)]
        for number in range(rounds):
            arrays.send(number)
            arrays.recv()
            with demo.at(START + STEP * number):
                start, busy = time.perf_counter(), time.process_time()
                outcomes = room.collect(store, names, parallel=parallel)
                result["rounds"].append(time.perf_counter() - start)
                result["busy"].append(time.process_time() - busy)
            wrong = next((outcome for outcome in outcomes if outcome.status != "complete"), None)
            if wrong is not None:
                raise AssertionError(str(wrong))
            spent = f"{result['rounds'][-1]:.1f} s, {result['busy'][-1]:.1f} s of a processor"
            print(f"round {number}: {spent}", flush=True)
        result["memory"] = held()
        result["raw"] = _size(store.snapshots) / rounds
        with demo.at(START + STEP * (rounds - 1)):
            start = time.perf_counter()
            catalog = Catalog(store)
            result["open"] = time.perf_counter() - start
            reports = header.reports()
            work = {
                f"report {name}": partial(run.run, catalog, reports[name], ReportRequest())
                for name in REPORTS
            } | {"check": partial(check, catalog, ReportRequest(), CheckSettings())}
            for name, ask in work.items():
                start, busy = time.perf_counter(), time.process_time()
                ask()
                result["reports"][name] = (time.perf_counter() - start, time.process_time() - busy)
            catalog.close()
        result["memory with reports"] = held()
    return result


def _year(sessions: int, days: int, each: int) -> tuple[float, float]:
    """Bytes of one cluster's history after the first day, and how many each further day adds."""
    with tempfile.TemporaryDirectory(prefix="analyzer-bench-") as folder:
        store = Store(Path(folder))
        sizes = []
        for number, taken in enumerate(Fleet(sessions, SHARE).snapshots(days * each), 1):
            history.record(store, taken)
            if number % each == 0:
                # What the manifest names, not what readers of the past are still left with.
                names = (manifests.read(store, "bench") or Manifest()).names
                paths = (store.history_folder("bench") / name for name in names)
                sizes.append(sum(path.stat().st_size for path in paths))
                history.compact(store, "bench", taken.taken_at - timedelta(hours=1))
    return float(sizes[0]), (sizes[-1] - sizes[0]) / max(1, days - 1)


def provider(
    clusters: int, sessions: int, rounds: int, days: int, each: int, parallel: int = 8
) -> list[Figure]:
    """Whether one collector keeps up, with how much memory, on how much disk, and the reports."""
    os.nice(5)
    with get_context("spawn").Pool(1) as pool:
        result = pool.apply(_outside, (clusters, sessions, rounds, parallel))
    spent = sorted(result["rounds"][1:] or result["rounds"])
    first, daily = _year(sessions, days, each)
    year = clusters * (first + (YEAR - 1) * daily * (288 / each))
    what = f"{clusters} clusters of {sessions:,}"
    return [
        Figure(f"{what}, first round", result["rounds"][0], INTERVAL, "s", "the interval", "< 1"),
        Figure(f"{what}, a round", spent[len(spent) // 2], INTERVAL, "s", "the interval", "<= 60 s"),
        Figure("the slowest further round", spent[-1], INTERVAL, "s", "the interval", "< 1"),
        Figure("processor time of a round", max(result["busy"][1:] or result["busy"]), 2 * INTERVAL, "s",
               "two cores for the interval", "< 1"),
        Figure("peak memory of the collector", result["memory"], 10**9, "bytes", "1 GB", "<= 0.4"),
        Figure("snapshot files of a day, before compaction", result["raw"] * 288, TEN_GB, "bytes",
               "10 GB", "-"),
        Figure(f"history of a year, from {days} days", year, TEN_GB, "bytes", "10 GB", "-"),
        Figure("opening the store", result["open"], result["rounds"][-1], "s", "a round", "-"),
        *(
            Figure(name, seconds, busy, "s", "its processor time", f"<= {LIMITS.get(name, 15)} s")
            for name, (seconds, busy) in result["reports"].items()
        ),
    ]  # fmt: skip


def _outside(clusters: int, sessions: int, rounds: int, parallel: int) -> dict[str, Any]:
    # A pool's worker may have no children unless it says that it is none's servant.
    from multiprocessing import current_process  # noqa: PLC0415  # the child's only

    current_process()._config["daemon"] = False  # type: ignore[attr-defined]  # noqa: SLF001
    return _work(clusters, sessions, rounds, parallel)
