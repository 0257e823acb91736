"""Each report over the demonstration's store, a process of its own, beside the floor.

The floor is a Python that imports DuckDB and reads the open spells. Ratios are of processor time
(user and system); each report has the floor of its own turns, so that whatever else the machine
does meets both.
"""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median

from analyzer import clock, demo
from analyzer.report import header
from benchmarks.figure import Figure, Median, budget, folder, middle

_FLOOR = "import sys, duckdb; duckdb.connect().execute('from read_parquet($1)', [sys.argv[1:]]).fetchall()"
_BOUNDS = {"multipath-imbalance": "<= 2.5", "check": "<= 4"}


def questions(times: int, names: Sequence[str] = ()) -> list[Figure]:
    """The demonstration, then *names* or every report, ``status`` and ``check`` of its store."""
    environment = dict(os.environ)
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program is compiled
    with folder() as root:
        analyzer = [sys.executable, "-m", "analyzer", "--store", str(root / "store")]
        shown = [*analyzer, "demo", "--output", str(root)]
        quiet = {"stdout": subprocess.DEVNULL, "check": True, "env": environment}
        demonstration = middle(partial(subprocess.run, shown, **quiet), 1)
        opened = sorted((root / "store").glob("history/*/spells.open-*.parquet"))
        floor = [sys.executable, "-c", _FLOOR, *map(str, opened)]
        commands = {name: [*analyzer, "report", name] for name in header.reports()}
        commands |= {name: [*analyzer, name] for name in ("status", "check")}
        end = datetime.combine(demo.DAY, datetime.min.time()) + timedelta(days=1)
        environment["ANALYZER_NOW"] = clock.iso(end)
        turns = {
            name: [
                (_spent(floor, environment, root), _spent(commands[name], environment, root))
                for _ in range(times + 1)
            ][1:]  # the first one compiles the program
            for name in names or commands
        }
    figures = []
    for name, spent in turns.items():
        bare, busy = (Median(median(each[k][0] for each in spent), times) for k in (0, 1))
        figures.append(
            Figure(f"{name}, a whole process", busy, bare, "s",
                   "floor: import DuckDB, read spells", _BOUNDS.get(name, "<= 2"))
        )  # fmt: skip
    waited = max(median(each[1][1] for each in spent) for spent in turns.values())
    return [
        budget("make demo, set up before", demonstration, 15, "s"),
        *figures,
        budget("the slowest of them, by the clock", Median(waited, times), 0.5, "s"),
    ]


def _spent(command: list[str], environment: dict[str, str], folder: Path) -> tuple[float, float]:
    """Seconds of processors that a process and its threads need, and those of the clock."""
    nothing = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_WRONLY, 0) for number in (1, 2)]
    start = time.perf_counter()
    process = os.posix_spawn(command[0], command, environment, file_actions=nothing)
    _, status, used = os.wait4(process, 0)
    if os.waitstatus_to_exitcode(status) > 1:  # 1 says that something was found
        raise RuntimeError(f"{' '.join(command)} failed in {folder}")
    return used.ru_utime + used.ru_stime, time.perf_counter() - start


def suite(*options: str) -> list[Figure]:
    """The suite as ``make test`` runs it; not a part of ``make bench``, which is to be shorter."""
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--no-loadscope-reorder",
               *options]  # fmt: skip
    spent = middle(partial(subprocess.run, command, check=True), 1)
    return [budget("the suite", spent, 300, "s")]
