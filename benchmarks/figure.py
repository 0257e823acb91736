"""A figure: ours beside a floor, a peer or a budget, measured in one run, and what we promise of it."""

import gc
import json
import os
import platform
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from multiprocessing import get_context
from operator import ge, gt, le, lt
from pathlib import Path
from statistics import median
from typing import Any, Self

import msgspec

RESULTS = Path(__file__).parent / "results"
SLOW = 10.0  # seconds: what takes longer is measured once
_BOUND = re.compile(r"(<=|<|>=|>) (\d+(?:[./]\d+)?)")
_COMPARE = {"<=": le, "<": lt, ">=": ge, ">": gt}


class Median(float):
    """Seconds of the median of so many *runs*."""

    runs: int

    def __new__(cls, seconds: float, runs: int = 1) -> Self:
        self = super().__new__(cls, seconds)
        self.runs = runs
        return self


@dataclass(frozen=True, slots=True)
class Figure:
    """*ours* beside *other*: a floor, a peer or a budget, as *against* says.

    *bound* is what we promise of their ratio (``<= 1/600``), or ``-``.
    """

    what: str
    ours: float
    other: float
    unit: str
    against: str
    bound: str = "-"

    @property
    def name(self) -> str:
        return f"{self.what} / {self.against}"

    @property
    def ratio(self) -> float:
        return self.ours / self.other if self.other else float("inf")

    @property
    def runs(self) -> str:
        """How many runs each side is the median of; nothing for what was not timed."""
        sides = [side.runs for side in (self.ours, self.other) if isinstance(side, Median)]
        return "/".join(map(str, dict.fromkeys(sides)))

    @property
    def holds(self) -> bool | None:
        """Whether the bound holds; None where there is none."""
        if self.bound == "-":
            return None
        bound = _BOUND.fullmatch(self.bound)
        if bound is None:
            raise ValueError(f"{self.what}: '{self.bound}' is no bound")
        sign, limit = bound.groups()
        return bool(_COMPARE[sign](self.ratio, float(Fraction(limit))))


class Run(msgspec.Struct, frozen=True):
    """The figures of one run, as ``bench.json`` has them; *figures* maps a name to its ratio."""

    date: str
    commit: str
    machine: str
    figures: dict[str, float]


def budget(what: str, ours: float, limit: float, unit: str) -> Figure:
    """A figure that is to stay within a *limit*."""
    return Figure(what, ours, limit, unit, "budget", "<= 1")


def middle(
    work: Callable[[], object], times: int = 5, clock: Callable[[], float] = time.perf_counter
) -> Median:
    """The median of *times* runs, or one run that is slow."""
    spent: list[float] = []
    while len(spent) < times and max(spent, default=0) <= SLOW:
        gc.collect()
        start = clock()
        work()
        spent.append(clock() - start)
    return Median(median(spent), len(spent))


@contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="analyzer-bench-") as name:
        yield Path(name)


def size(paths: Iterator[Path]) -> int:
    """Bytes of these files."""
    return sum(path.stat().st_size for path in paths if path.is_file())


def apart(work: Callable[..., Any], *arguments: object) -> Any:
    """What *work* returns in a process of its own."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(work, arguments)


def peak(work: Callable[..., object], *arguments: object) -> int:
    """Bytes of memory that a process of its own needs, at most, to do it."""
    return int(apart(_peak_of, work, arguments))


def _peak_of(work: Callable[..., object], arguments: tuple[object, ...]) -> int:
    work(*arguments)
    return held()


def held() -> int:
    """Bytes of memory that this process has needed at most."""
    # Not ru_maxrss: that still knows the process that this one was started from.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def table(figures: Sequence[Figure], before: Run | None = None) -> str:
    """The figures, for people; beside each the ratio of the run *before*."""
    head = (
        "figure",
        "ours",
        "other",
        "unit",
        "runs",
        "ratio",
        "bound",
        "holds",
        "before",
        "against",
    )
    words = {True: "yes", False: "NO", None: ""}
    earlier = before.figures if before else {}
    rows = [
        (
            figure.what, f"{figure.ours:,.4g}", f"{figure.other:,.4g}", figure.unit, figure.runs,
            f"{figure.ratio:,.4g}", figure.bound, words[figure.holds],
            f"{earlier[figure.name]:,.4g}" if figure.name in earlier else "", figure.against,
        )
        for figure in figures
    ]  # fmt: skip
    widths = [max(len(row[k]) for row in [head, *rows]) for k in range(len(head))]
    lines = [
        "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True))
        for row in [head, *rows]
    ]
    return "\n".join(line.rstrip() for line in lines)


def last_stored() -> Run | None:
    """The newest run in ``benchmarks/results``."""
    runs = [msgspec.json.decode(path.read_bytes(), type=Run) for path in RESULTS.glob("*.json")]
    return max(runs, key=lambda run: run.date, default=None)


def save(figures: Sequence[Figure], parts: dict[str, dict[str, float]], path: Path) -> None:
    """The figures with date, commit and machine, for programs and for the next run.

    *parts* are the seconds that each part took, by the clock and of processors.
    """
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],  # whichever git there is
        capture_output=True, text=True, check=False,
    ).stdout.strip()  # fmt: skip
    run = {
        "date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "commit": commit,
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
        "parts": parts,
        "figures": {figure.name: figure.ratio for figure in figures},
        "details": [
            {
                "figure": figure.what, "ours": figure.ours, "other": figure.other,
                "unit": figure.unit, "runs": figure.runs, "bound": figure.bound,
                "holds": figure.holds, "against": figure.against,
            }
            for figure in figures
        ],
    }  # fmt: skip
    path.write_text(json.dumps(run, indent=1) + "\n")
