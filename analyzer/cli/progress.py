"""A bar on a terminal, for work that takes over a second; nothing anywhere else."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock, Timer

from analyzer.cli.context import Context

PATIENCE = 1.0  # seconds that need no bar


@contextmanager
def progress(context: Context, label: str, total: int) -> Iterator[Callable[[], None]]:
    """Gives what is called as each of *total* pieces is done; one piece only pulses."""
    if context.quiet or not total or not sys.stderr.isatty():
        yield lambda: None
        return
    from rich import progress as part
    from rich.console import Console

    count = (part.MofNCompleteColumn(),) if total > 1 else ()
    columns = (part.TextColumn("{task.description}"), part.BarColumn(), *count,
               part.TimeElapsedColumn())  # fmt: skip
    bar = part.Progress(
        *columns, console=Console(stderr=True), transient=True, redirect_stdout=False
    )
    task = bar.add_task(label, total=total if total > 1 else None)
    over, lock = False, Lock()

    def show() -> None:
        with lock:
            if not over:
                bar.start()

    timer = Timer(PATIENCE, show)
    timer.daemon = True
    timer.start()
    try:
        yield lambda: bar.advance(task)
    finally:
        timer.cancel()
        with lock:
            over = True
        bar.stop()
