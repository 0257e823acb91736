"""``make bench``: every figure a ratio of two things measured in one run.

``python -m benchmarks [NAME …] [--quick] [--json FILE]``; the exit status is 1 if a bound does not
hold. A run that is worth keeping is copied from FILE into ``benchmarks/results``: the next one
shows it beside its own figures.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks import (
    collect,
    console,
    engine,
    history,
    lake,
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
        lambda: history.year(100, 288, 2_016, 105_120),
        lambda: history.year(50, 20, 40, 400),
    ),
    "planning": (
        lambda: planning.planning(5_000, 25_920),
        lambda: planning.planning(50, 400),
    ),
    "collect": (
        lambda: collect.collect(100_000, 20, 5_000),
        lambda: collect.collect(500, 5, 100),
    ),
    "fleet": (
        lambda: provider.provider(500, 2_000, 4, 3, 288),
        lambda: provider.provider(5, 50, 3, 2, 12),
    ),
    "lake": (lambda: lake.lake(500, 2_000, 400), lambda: lake.lake(3, 50, 10)),
    "serve": (lambda: serve.pages(100_000, 1_000), lambda: serve.pages(500, 50)),
    "monitor": (
        lambda: monitor.monitor(500, 40, 105_120, 100),
        lambda: monitor.monitor(3, 8, 600, 1),
    ),
    "console": (
        lambda: console.console(10_000, 105_120, 10_000, 10.0),
        lambda: console.console(50, 400, 200, 0.5),
    ),
    "peers": (lambda: peers.peers(10_000, 288), lambda: peers.peers(200, 12)),
    "engine": (lambda: engine.engine(2_000, 96), lambda: engine.engine(50, 6)),
    "pair": (lambda: history.pair(1_000_000), lambda: history.pair(2_000)),
}


def main() -> int:
    """Run what was named, or everything."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *RUNS], help="default: all")
    parser.add_argument("--quick", action="store_true", help="small sizes: does it run?")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    figures: list[Figure] = []
    before = last_stored()
    for name in options.names or RUNS:
        full, quick = RUNS[name]
        figures += quick() if options.quick else full()
        print(table(figures, before), flush=True)
    if options.json:
        save(figures, options.json)
    return int(not options.quick and any(figure.holds is False for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
