"""Numbers for monitors: a scrape of a large fleet, and a year of numbers that Prometheus takes in.

``python -m benchmarks.monitor FOLDER`` (``make prometheus``) writes 400 days of 52 nodes by the hour,
has promtool make blocks of them and asks every value back over Prometheus' API.
"""

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

from analyzer import demo
from analyzer.alerts import metrics
from analyzer.alerts.metrics import Scoreboard
from analyzer.config.rules import CheckSettings
from analyzer.history import manifest as manifests
from analyzer.history.manifest import Manifest
from analyzer.output import openmetrics
from analyzer.report.catalog import Catalog
from analyzer.store.layout import Store
from benchmarks import written
from benchmarks.figure import Figure, budget, folder, middle, peak
from benchmarks.planning import LIMITS
from benchmarks.serve import serving

DAY = 288  # snapshots
_SAMPLE = re.compile(r"(\w+)(\{.*\})? (\S+) (\d+)")


def _open(store: Store, clusters: Sequence[str]) -> Catalog:
    return Catalog(store, clusters, tables=LIMITS)


def monitor(clusters: int, hosts: int, snapshots: int, changed: int) -> list[Figure]:
    """A scrape of a year of *clusters*, and counting again what one round has *changed*."""
    with folder() as root, demo.at(written.last(snapshots)):
        store = written.write(root, clusters, hosts, snapshots)
        scoreboard = Scoreboard(store, partial(_open, store), CheckSettings())
        first = middle(lambda: scoreboard.refresh(3_600), 1)
        for name in store.clusters()[:changed]:
            manifest = manifests.read(store, name) or Manifest()
            manifest.generation += 1
            manifests.write(store, manifest)
        again = middle(lambda: scoreboard.refresh(3_600), 1)
        text = root / "text"
        text.write_text(scoreboard.text())
        floor = middle(text.read_bytes, 15)
        with serving(root) as connection:

            def scrape() -> int:
                connection.request("GET", "/metrics")
                answer = connection.getresponse()
                text = answer.read()
                return len(text) if answer.status == 200 else 0

            while not scrape():
                time.sleep(1)
            spent = middle(scrape, 15)
        what = f"/metrics of {clusters} clusters, a year"
        return [
            Figure(what, spent, floor, "s", "floor: reading as many bytes from a file"),
            budget(what, spent, 0.1, "s"),
            Figure(f"counting {changed} of {clusters} clusters again", again, first, "s",
                   "counting all of them"),
        ]  # fmt: skip


def _export(root: Path, until: datetime, days: int, path: Path) -> None:
    with demo.at(until):
        store = Store(root)
        families = metrics.families(_open(store, ()))
        parts = (
            metrics.past(_open(store, [name]), until - timedelta(days=days), until, 3600)
            for name in store.clusters()
        )
        with path.open("w") as file:
            file.writelines(openmetrics.merged(families, parts))


@contextmanager
def _prometheus(data: Path) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    config = data.with_name("prometheus.yml")
    config.write_text("{}")
    server = subprocess.Popen(
        ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={data}",
         "--storage.tsdb.retention.time=10y", f"--web.listen-address=127.0.0.1:{port}",
         "--query.max-samples=200000000", "--log.level=error"],
    )  # fmt: skip
    try:
        yield f"http://127.0.0.1:{port}/api/v1/query"
    finally:
        server.terminate()
        server.wait(30)


def _read_back(url: str, path: Path) -> tuple[int, int]:
    """Series and samples of the text, each compared with what Prometheus answers."""
    series: dict[str, dict[int, float]] = {}
    with path.open() as lines:
        for line in lines:
            if match := _SAMPLE.fullmatch(line.rstrip()):
                series.setdefault(f"{match[1]}{match[2]}", {})[int(match[4])] = float(match[3])
    while True:
        try:
            urlopen(f"{url}?query=1").close()
            break
        except OSError:
            time.sleep(0.5)
    for name, samples in series.items():
        last, span = max(samples) + 1, max(samples) - min(samples) + 2
        with urlopen(f"{url}?{urlencode({'query': f'{name}[{span}s]', 'time': last})}") as answer:
            (row,) = json.load(answer)["data"]["result"]
        if {int(moment): float(value) for moment, value in row["values"]} != samples:
            raise AssertionError(name)
    return len(series), sum(map(len, series.values()))


def backfill(root: Path, clusters: int = 13, hosts: int = 100, days: int = 400) -> None:
    """Write, make blocks of it, ask it back; prints what each took."""

    def step(what: str, start: float) -> None:
        print(f"{what}: {time.perf_counter() - start:.0f} s", flush=True)

    until = written.last(DAY * days + 1)
    text, data = root / "past.txt", root / "data"
    written.write(root / "store", clusters, hosts, DAY * days + 1)
    start = time.perf_counter()
    memory = peak(_export, root / "store", until, days, text)
    step(f"export openmetrics --since {days}d --step 1h, {clusters * 4} nodes"
         f" ({text.stat().st_size / 1e6:.0f} MB of text, {memory / 1e6:.0f} MB of memory)", start)  # fmt: skip
    start = time.perf_counter()
    subprocess.run(["promtool", "tsdb", "create-blocks-from", "--max-block-duration=720h", "-q",
                    "openmetrics", text, data], check=True)  # fmt: skip
    step(
        f"promtool tsdb create-blocks-from openmetrics ({len(list(data.iterdir()))} blocks)", start
    )
    start = time.perf_counter()
    with _prometheus(data) as url:
        series, samples = _read_back(url, text)
    step(f"{samples:,} samples of {series} series asked back over HTTP, all equal", start)


if __name__ == "__main__":
    backfill(Path(sys.argv[1]))
