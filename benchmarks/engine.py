"""The same reports on DuckDB, on Sail, and on the Spark that ``ANALYZER_SPARK_URL`` names."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from analyzer import demo
from analyzer.engine.spark import Spark
from analyzer.report import header, run
from analyzer.report.catalog import Catalog
from analyzer.report.run import ReportRequest
from benchmarks.figure import Figure, Median, middle
from benchmarks.fleet import START, STEP, Fleet, build

REPORTS = ("coverage", "sessions", "outages")


@contextmanager
def _sail(folder: Path) -> Iterator[str]:
    os.environ["SAIL_EXECUTION__CHECKPOINT__PATH"] = folder.as_uri()
    os.environ.setdefault("RUST_LOG", "error")
    from pysail.spark import SparkConnectServer  # noqa: PLC0415  # reads the environment

    server = SparkConnectServer("127.0.0.1", 0)
    server.start(background=True)
    address, port = server.listening_address
    yield f"sc://{address}:{port}"
    server.stop()


def engine(sessions: int, snapshots: int, share: float = 0.001) -> list[Figure]:
    """How many times as long an engine takes that is made for many machines, on one."""
    with (
        tempfile.TemporaryDirectory(prefix="analyzer-bench-") as folder,
        _sail(Path(folder) / "checkpoints") as sail,
    ):
        store = build(Path(folder) / "store", Fleet(sessions, share), snapshots)
        urls = {"Sail": sail}
        if "ANALYZER_SPARK_URL" in os.environ:
            urls["Spark"] = os.environ["ANALYZER_SPARK_URL"]
        figures = []
        with demo.at(START + STEP * snapshots):
            for name in REPORTS:
                alone = _spent(partial(Catalog, store), name, 5)
                for what, url in urls.items():
                    spent = _spent(partial(Catalog, store, engine=partial(Spark, url)), name, 1)
                    figures.append(Figure(f"{name} on {what}", spent, alone, "s", "DuckDB"))
        return figures


def _spent(opened: Callable[[], Catalog], name: str, times: int) -> Median:
    """Of a report whose engine has answered it before, which warms it up."""

    def once() -> None:
        catalog = opened()
        run.run(catalog, header.reports()[name], ReportRequest())
        catalog.close()

    once()
    return middle(once, times)
