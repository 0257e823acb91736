"""``make bench``: every figure beside a floor, a peer or a budget that is measured in the same run.

``python -m benchmarks [NAME …] [--quick] [--json FILE]``; the exit status is 1 if a bound does not
hold, or a part could not be measured. A run that is worth keeping is copied from FILE into
``benchmarks/results``: the next one shows it beside its own figures.
"""

import argparse
import gc
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from os import times
from pathlib import Path

from analyzer.cli import GARBAGE_THRESHOLD
from benchmarks import (
    collect,
    console,
    engine,
    history,
    monitor,
    peers,
    planning,
    provider,
    questions,
    serve,
)
from benchmarks.figure import Figure, last_stored, save, table

# name: (what to run in full, what to run to see that it runs)
RUNS: dict[str, tuple[Callable[[], list[Figure]], Callable[[], list[Figure]]]] = {
    "questions": (
        lambda: questions.questions(5),
        lambda: questions.questions(1, ["snapshots", "outages", "check"]),
    ),
    "week": (lambda: history.week(10_000, 2_016), lambda: history.week(200, 40)),
    "year": (
        lambda: [
            figure
            for connections in (100, 10_000)
            for figure in history.year(connections, 288, 2_016, 105_120)
        ],
        lambda: history.year(100, 20, 1_000, 2_000),
    ),
    "pair": (lambda: history.pair(1_000_000), lambda: history.pair(2_000)),
    "collect": (
        lambda: collect.collect(100_000, 20, 5_000),
        lambda: collect.collect(500, 5, 100),
    ),
    "fleet": (
        lambda: provider.provider(500, 2_000, 2),
        lambda: provider.provider(3, 50, 2, ("changes", "check")),
    ),
    "serve": (lambda: serve.pages(100_000, 1_000), lambda: serve.pages(500, 50)),
    "peers": (lambda: peers.peers(10_000, 48), lambda: peers.peers(200, 24)),
    "console": (
        lambda: console.console(10_000, 105_120, 10_000, 10.0),
        lambda: console.console(50, 400, 200, 0.5),
    ),
}
# What would take the whole past a quarter of an hour.
BY_NAME: dict[str, tuple[Callable[[], list[Figure]], Callable[[], list[Figure]]]] = {
    "engine": (lambda: engine.engine(2_000, 96), lambda: engine.engine(50, 6)),
    "planning": (
        lambda: planning.planning(5_000, 25_920),
        lambda: planning.planning(50, 400),
    ),
    "monitor": (
        lambda: monitor.monitor(20, 40, 105_120, 4),
        lambda: monitor.monitor(3, 8, 600, 1),
    ),
    "suite": (questions.suite, lambda: questions.suite("tests/test_clock.py")),
}


def main(arguments: Sequence[str]) -> int:
    """Run what was named, or everything."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument(
        "names",
        nargs="*",
        choices=[[], *RUNS, *BY_NAME],
        help=f"default: all but {', '.join(BY_NAME)}",
    )
    parser.add_argument("--quick", action="store_true", help="small sizes: does it run?")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args(arguments)
    gc.set_threshold(GARBAGE_THRESHOLD)  # as the command line has it
    figures: list[Figure] = []
    parts: dict[str, dict[str, float]] = {}
    broken: list[str] = []
    before = last_stored()
    for name in options.names or RUNS:
        full, quick = {**RUNS, **BY_NAME}[name]
        start, busy = time.perf_counter(), sum(times()[:4])
        try:
            measured = quick() if options.quick else full()
        except Exception:  # noqa: BLE001  # the parts after it are measured all the same
            traceback.print_exc()
            broken.append(name)
            continue
        spent = {
            "clock": round(time.perf_counter() - start, 1),
            "processors": round(sum(times()[:4]) - busy, 1),
        }
        figures, parts = [*figures, *measured], parts | {name: spent}
        print(f"{name}: {spent['clock']} s by the clock, {spent['processors']} s of processors")
        print(table(measured, before), end="\n\n", flush=True)
        if options.json:
            save(figures, parts, options.json)
    if before:
        print(f"before: {before.date}, {before.commit}, {before.machine}")
    failed = [figure for figure in figures if figure.holds is False]
    held = sum(figure.holds is True for figure in figures)
    print(f"bounds that hold: {held}, that do not: {len(failed)}")
    print(
        *(f"  {figure.name}: {figure.ratio:.4g}, not {figure.bound}" for figure in failed), sep="\n"
    )
    if broken:
        print(f"could not be measured: {', '.join(broken)}")
    return int(bool(broken) or (not options.quick and bool(failed)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
