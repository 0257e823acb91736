"""The collector against the official client, by memory, and beside broken clusters."""

import os
import socket
import subprocess
import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median

from analyzer import ontap
from analyzer.collect import collector as room
from analyzer.config.cluster import Cluster
from analyzer.store.layout import Store
from benchmarks.arrays import serving
from benchmarks.figure import Figure, Median, budget, folder, middle, peak

FOUR_HUNDRED_MB = 400 * 10**6
_DELAY = 1.0  # seconds that a healthy array takes for a page
_ARRAYS = 4  # processes that answer for the healthy ones


def _collect(root: Path, clusters: list[Cluster], parallel: int = 1) -> list[str]:
    return [outcome.status for outcome in room.collect(Store(root), clusters, parallel=parallel)]


def _fresh(clusters: list[Cluster], expected: list[str]) -> None:
    with folder() as root:
        outcomes = _collect(root, clusters, len(clusters))
    if sorted(outcomes) != sorted(expected):
        raise AssertionError(outcomes)


def _listed(url: str, sessions: int) -> None:
    with ontap.Client(_cluster(url)) as array:
        whole = ontap.sessions(array, ontap.identity(array).release)
    if whole.status != "complete" or whole.frames[0].height != sessions:
        raise AssertionError(whole)


def _cluster(url: str, name: str = "bench", deadline: float | None = None) -> Cluster:
    return Cluster(name, url, timeout=60.0, deadline=deadline)


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
for _ in range(1 if way == "get_collection" else 5):
    start = time.perf_counter()
    sum(1 for _ in getattr(IscsiSession, way)(fields=fields, max_records=10000))
    print(time.perf_counter() - start)
"""


def _official(url: str, way: str) -> Median:
    """Seconds that the official client takes to list every session."""
    done = subprocess.run(
        [sys.executable, "-c", _OFFICIAL, *url.removeprefix("http://").split(":"), way],
        stdout=subprocess.PIPE, text=True, check=True, env=os.environ | {"PYTHONWARNINGS": "ignore"},
    )  # fmt: skip
    spent = [float(line) for line in done.stdout.splitlines()]
    return Median(median(spent), len(spent))


def collect(sessions: int, fleet_of: int, each: int) -> list[Figure]:
    """Listing, storing, memory, and many clusters of which three are broken."""
    tenth, hundredth = sessions // 10, sessions // 100
    with serving(hundredth) as url:
        few = middle(partial(_listed, url, hundredth))
        slow = _official(url, "get_collection")  # of 10,000 it takes more than a minute
    with serving(tenth) as url:
        short = middle(partial(_listed, url, tenth))
        first = middle(partial(_fresh, [_cluster(url)], ["complete"]))
        with folder() as root:
            _collect(root, [_cluster(url)])
            further = middle(partial(_collect, root, [_cluster(url)]))
    with serving(sessions) as url, folder() as root:
        listing = middle(partial(_listed, url, sessions))
        fast = _official(url, "fast_get_collection")
        memory = peak(_collect, root, [_cluster(url)])
    return [
        Figure(f"list {hundredth:,} sessions", few, slow, "s", "peer: client's get_collection",
               "<= 1/50"),
        *(
            Figure(f"store {tenth:,} sessions, {which}", Median(whole - short, whole.runs), short,
                   "s", "floor: listing them", "<= 2")
            for which, whole in (("into a new store", first), ("the next round", further))
        ),
        Figure(f"list {sessions:,} sessions", listing, fast, "s", "peer: client's raw mode", "<= 1/2"),
        budget(f"peak memory, {sessions:,} stored", memory, FOUR_HUNDRED_MB, "bytes"),
        _beside(fleet_of, each),
    ]  # fmt: skip


def _beside(count: int, each: int) -> Figure:
    """*count* clusters, three broken: one refuses, one hangs, one breaks off.

    All healthy pages come after the same second, which is the worst case for one processor: there
    is nothing to do until there is everything to do. The broken ones have two seconds (deadline).
    """
    limit = 2.0
    with ExitStack() as stack:
        urls = [stack.enter_context(serving(each, delay=_DELAY)) for _ in range(_ARRAYS)]
        hangs = stack.enter_context(serving(each, broken="hang"))
        breaks = stack.enter_context(serving(each, broken="truncated"))
        closed = stack.enter_context(socket.socket())
        closed.bind(("127.0.0.1", 0))
        refuses = f"http://127.0.0.1:{closed.getsockname()[1]}"
        alone = middle(partial(_fresh, [_cluster(urls[-1])], ["complete"]))
        healthy = [_cluster(urls[n % len(urls)], f"c{n}") for n in range(count - 3)]
        broken = [
            _cluster(refuses, "refuses", limit), _cluster(hangs, "hangs", limit),
            _cluster(breaks, "breaks", limit),
        ]  # fmt: skip
        expected = ["complete"] * len(healthy) + ["failed"] * len(broken)
        whole = middle(partial(_fresh, healthy + broken, expected))
    return Figure(
        f"{count} clusters of {each:,}, three broken, all pages after {_DELAY:g} s",
        whole, alone, "s", "floor: a healthy one alone", "<= 2",
    )  # fmt: skip
