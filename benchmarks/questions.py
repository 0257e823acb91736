"""Each report over the demonstration's store, a process of its own, beside the floor.

The floor is a Python that imports DuckDB and reads the open spells. What is measured is processor
time (user and system), in turns, so that whatever else the machine does meets all of them.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from analyzer import clock, demo
from analyzer.report import header
from analyzer.store.layout import Store
from benchmarks.figure import Figure
from benchmarks.history import folder

FLOOR = "floor"
_FLOOR = "import sys, duckdb; duckdb.connect().execute('from read_parquet($1)', [sys.argv[1:]]).fetchall()"
_BOUNDS = {"multipath-imbalance": "<= 2.5", "check": "<= 4"}


def questions(times: int, names: Sequence[str] = ()) -> list[Figure]:
    """Those of *names*, or every report, ``status`` and ``check``; medians of *times* runs."""
    with folder() as root:
        end = demo.record(Store(root))
        analyzer = [sys.executable, "-m", "analyzer", "--store", str(root)]
        opened = sorted(root.glob("history/*/spells.open-*.parquet"))
        commands = {FLOOR: [sys.executable, "-c", _FLOOR, *map(str, opened)]}
        commands |= {name: [*analyzer, "report", name] for name in header.reports()}
        commands |= {name: [*analyzer, name] for name in ("status", "check")}
        wanted = (FLOOR, *names) if names else tuple(commands)
        environment = {**os.environ, "ANALYZER_NOW": clock.iso(end)}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program is compiled
        rounds = [
            {name: _processor_time(commands[name], environment, root) for name in wanted}
            for _ in range(times + 1)
        ][1:]  # the first one compiles the program
    spent = {name: median(seconds[name] for seconds in rounds) for name in wanted}
    return [
        Figure(
            f"{name}, a whole process", spent[name], spent[FLOOR], "s", "import DuckDB, read spells",
            _BOUNDS.get(name, "<= 2"),
        )
        for name in wanted if name != FLOOR
    ]  # fmt: skip


def _processor_time(command: list[str], environment: dict[str, str], folder: Path) -> float:
    """Seconds of processor time that a process and its threads need."""
    nothing = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_WRONLY, 0) for number in (1, 2)]
    process = os.posix_spawn(command[0], command, environment, file_actions=nothing)
    _, status, used = os.wait4(process, 0)
    if os.waitstatus_to_exitcode(status) > 1:  # 1 says that something was found
        raise RuntimeError(f"{' '.join(command)} failed in {folder}")
    return used.ru_utime + used.ru_stime
