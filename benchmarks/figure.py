"""A figure: two things measured in one run, their ratio, and what we promise of it."""

import gc
import json
import os
import platform
import re
import subprocess
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from fractions import Fraction
from multiprocessing import get_context
from operator import ge, gt, le, lt
from pathlib import Path
from statistics import median

import msgspec

RESULTS = Path(__file__).parent / "results"
_BOUND = re.compile(r"(<=|<|>=|>) (\d+(?:[./]\d+)?)( s)?")
_COMPARE = {"<=": le, "<": lt, ">=": ge, ">": gt}


@dataclass(frozen=True, slots=True)
class Figure:
    """*ours* against *other*, a floor or a peer.

    *bound* is what we promise of the ratio (``<= 1/300``), of our seconds (``<= 5 s``), or ``-``.
    """

    what: str
    ours: float
    other: float
    unit: str
    against: str
    bound: str

    @property
    def name(self) -> str:
        return f"{self.what} / {self.against}"

    @property
    def ratio(self) -> float:
        return self.ours / self.other if self.other else float("inf")

    @property
    def holds(self) -> bool | None:
        """Whether the bound holds; None where there is none."""
        if self.bound == "-":
            return None
        bound = _BOUND.fullmatch(self.bound)
        if bound is None:
            raise ValueError(f"{self.what}: '{self.bound}' is no bound")
        sign, limit, seconds = bound.groups()
        return bool(_COMPARE[sign](self.ours if seconds else self.ratio, float(Fraction(limit))))


class Run(msgspec.Struct, frozen=True):
    """The figures of one run, as ``bench.json`` has them; *figures* maps a name to its ratio."""

    date: str
    commit: str
    machine: str
    figures: dict[str, float]


def best(work: Callable[[], object], times: int = 3) -> float:
    """Seconds of the fastest of *times* runs."""
    return min(_spent(work, times))


def middle(work: Callable[[], object], times: int = 5) -> float:
    """Seconds of the median of *times* runs."""
    return median(_spent(work, times))


def _spent(work: Callable[[], object], times: int) -> list[float]:
    spent = []
    for _ in range(times):
        gc.collect()
        start = time.perf_counter()
        work()
        spent.append(time.perf_counter() - start)
    return spent


def peak(work: Callable[..., object], *arguments: object) -> int:
    """Bytes of memory that a process of its own needs, at most, to do it."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(_peak_of, (work, arguments))


def _peak_of(work: Callable[..., object], arguments: tuple[object, ...]) -> int:
    work(*arguments)
    return held()


def held() -> int:
    """Bytes of memory that this process has needed at most."""
    # Not ru_maxrss: that still knows the process that this one was started from.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def table(figures: list[Figure], before: Run | None = None) -> str:
    """The figures, for people; beside each the ratio of the run *before*."""
    head = ("figure", "ours", "other", "unit", "ratio", "bound", "holds", "before", "against")
    words = {True: "yes", False: "NO", None: ""}
    rows = [
        (
            figure.what, f"{figure.ours:,.4g}", f"{figure.other:,.4g}", figure.unit,
            f"{figure.ratio:,.4g}", figure.bound, words[figure.holds],
            f"{before.figures[figure.name]:,.4g}"
            if before is not None and figure.name in before.figures
            else "",
            figure.against,
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


def save(figures: list[Figure], path: Path) -> None:
    """The figures with date, commit and machine, for programs and for the next run."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],  # whichever git there is
        capture_output=True, text=True, check=False,
    ).stdout.strip()  # fmt: skip
    run = {
        "date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "commit": commit,
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
        "figures": {figure.name: figure.ratio for figure in figures},
        "details": [asdict(figure) | {"holds": figure.holds} for figure in figures],
    }
    path.write_text(json.dumps(run, indent=1) + "\n")
