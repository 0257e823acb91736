"""A figure: two things measured in one run, and their ratio."""

import gc
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figure:
    """*ours* against *floor* (or a peer); *bound* is what we promise of the ratio."""

    what: str
    ours: float
    other: float
    unit: str
    against: str
    bound: str

    @property
    def ratio(self) -> float:
        return self.ours / self.other if self.other else float("inf")


def best(work: Callable[[], object], times: int = 3) -> float:
    """Seconds of the fastest of *times* runs."""
    spent = []
    for _ in range(times):
        gc.collect()
        start = time.perf_counter()
        work()
        spent.append(time.perf_counter() - start)
    return min(spent)


def peak(work: Callable[..., object], *arguments: object) -> int:
    """Bytes of memory that a process of its own needs, at most, to do it."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(_measured, (work, arguments))


def _measured(work: Callable[..., object], arguments: tuple[object, ...]) -> int:
    work(*arguments)
    return held()


def held() -> int:
    """Bytes of memory that this process has needed at most."""
    # Not ru_maxrss: that still knows the process that this one was started from.
    told = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = (line for line in told.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def table(figures: list[Figure]) -> str:
    """The figures, for people."""
    head = ("figure", "ours", "other", "unit", "ratio", "bound", "against")
    rows = [
        (f.what, f"{f.ours:,.4g}", f"{f.other:,.4g}", f.unit, f"{f.ratio:,.4g}", f.bound, f.against)
        for f in figures
    ]
    widths = [max(len(row[k]) for row in [head, *rows]) for k in range(len(head))]
    lines = [
        "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True))
        for row in [head, *rows]
    ]
    return "\n".join(line.rstrip() for line in lines)


def save(figures: list[Figure], path: Path) -> None:
    """The figures, for programs."""
    told = [{**asdict(figure), "ratio": figure.ratio} for figure in figures]
    path.write_text(json.dumps(told, indent=1) + "\n")
