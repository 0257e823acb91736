"""A service provider: many clusters of a few thousand sessions, one collector, one store.

Every cluster gets the same answers under a name of its own. The clock is moved: rounds follow each
other at once and are five minutes apart.
"""

import gc
import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from analyzer import demo
from analyzer.alerts.check import check
from analyzer.cli import GARBAGE_THRESHOLD
from analyzer.collect import collector as room
from analyzer.config.cluster import Cluster
from analyzer.config.rules import CheckSettings
from analyzer.config.toml import Seconds
from analyzer.lake import delta, holding
from analyzer.report import header, run
from analyzer.report.catalog import Catalog
from analyzer.report.run import ReportRequest
from analyzer.store.layout import Store
from benchmarks.arrays import serving, turn
from benchmarks.figure import Figure, Median, apart, budget, folder, held, size
from benchmarks.fleet import START, STEP, Fleet, build, history_size

INTERVAL = STEP.total_seconds()
DAY, YEAR = 288, 365  # snapshots, days
TEN_GB = 10.0**10
FOUR_HUNDRED_MB = 400 * 10**6
_WHOLE = ("multipath-imbalance", "paths", "dropped-connections", "check")
_SCAN = "select bit_xor(hash(s)) from spells s"
Spent = tuple[Median, Median, int]  # seconds by the clock, those of processors; bytes of memory


def _timed(work: Callable[[], object]) -> Spent:
    """Of a process that does nothing else, and looks for garbage as the command line does."""
    gc.set_threshold(GARBAGE_THRESHOLD)
    start, busy = time.perf_counter(), os.times()
    work()
    seconds = sum(os.times()[:4]) - sum(busy[:4])
    return Median(time.perf_counter() - start), Median(seconds), held()


def _round(root: Path, url: str, clusters: int, parallel: int) -> Spent:
    names = [Cluster(f"c{n:03d}", url, interval=Seconds(INTERVAL)) for n in range(clusters)]

    def collect() -> None:
        for outcome in room.collect(Store(root), names, parallel=parallel):
            if outcome.status != "complete":
                raise AssertionError(str(outcome))

    return _timed(collect)


def _export(root: Path, target: Path) -> Spent:
    def export() -> None:
        holdings, _ = holding.holdings(Store(root), Store(root).clusters())
        for table, items in holdings.items():
            delta.write(items, table, str(target))

    return _timed(export)


def _answer(root: Path, name: str, clusters: list[str]) -> Spent:
    """A report, ``check``, or an SQL text, over these clusters."""

    def answer() -> None:
        catalog = Catalog(Store(root), clusters)
        if name == "check":
            check(catalog, ReportRequest(), CheckSettings())
        elif name in header.reports():
            run.run(catalog, header.reports()[name], ReportRequest())
        else:
            catalog.run(name)

    return _timed(answer)


def _year(sessions: int, count: int) -> float:
    """Bytes of one cluster's history of a year, reckoned from so many snapshots and twice as many."""
    with folder() as root:
        first, second = (
            history_size(build(root / str(turns), Fleet(sessions, 0.001), turns * count))
            for turns in (1, 2)
        )
    return first + (second - first) / count * (YEAR * DAY - count)


def provider(
    clusters: int, sessions: int, rounds: int, names: tuple[str, ...] = (), parallel: int = 8
) -> list[Figure]:
    """Whether one collector keeps up, with how much memory, on how much disk; exports and reports.

    *names*, or every report, are asked of a tenth of the clusters, those of ``_WHOLE`` of all.
    """
    spent: list[Spent] = []
    exports: list[Spent] = []
    with folder() as home, serving(sessions, rounds=rounds) as url:
        root, lake = home / "store", home / "lake"
        for number in range(rounds):
            turn(url, number)
            with demo.at(START + STEP * number):
                spent.append(apart(_round, root, url, clusters, parallel))
                if number >= rounds - 2:
                    exports.append(apart(_export, root, lake))
        raw = size(Store(root).snapshots.rglob("*")) / rounds
        with demo.at(START + STEP * (rounds - 1)):
            stored = Store(root).clusters()
            every = names or (*header.reports(), "check")
            answers = {
                (name, count): apart(_answer, root, name, stored[:count])
                for count in (max(1, clusters // 10), clusters)
                for name in (every if count < clusters else (_SCAN, *_WHOLE))
            }
        floor, _, _ = answers.pop((_SCAN, clusters))
    further = spent[1:]
    usual = Median(median(clock for clock, _, _ in further), len(further))
    busy = max(seconds for _, seconds, _ in further)
    what = f"{clusters} clusters of {sessions:,}"
    slowest, hungriest = (max(each[k] for each in answers.values()) for k in (0, 2))
    return [
        budget(f"{what}, first round", spent[0][0], INTERVAL, "s"),
        budget(f"{what}, a round", usual, 60, "s"),
        Figure(f"{what}, a round's processor time", busy, 2 * INTERVAL, "s", "two cores for the interval"),
        budget("peak memory of the collector", max(each for _, _, each in spent), FOUR_HUNDRED_MB, "bytes"),
        Figure("snapshot files of a day, before compaction", raw * DAY, TEN_GB, "bytes", "10 GB"),
        Figure("history of a year", clusters * _year(sessions, 48), TEN_GB, "bytes", "10 GB"),
        *(
            budget(f"{name}, {count} clusters of {sessions:,}", clock,
                   (60 if name == "check" else 15) * count / clusters, "s")
            for (name, count), (clock, _, _) in answers.items()
        ),
        Figure(f"{what}, the slowest of them", slowest, floor, "s", "floor: scan of the spells"),
        Figure("peak memory of a report", hungriest, 10**9, "bytes", "1 GB"),
        Figure(f"{what}, all exported to Delta Lake", exports[0][0], floor, "s", "floor: scan of the spells"),
        budget(f"{what}, one round exported", exports[1][0], 10, "s"),
    ]  # fmt: skip
