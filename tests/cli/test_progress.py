"""A bar on a terminal for what takes over a second; nothing anywhere else."""

import os
import pty
import subprocess
import sys

import pytest

WORK = """
import sys, threading
from analyzer.cli import progress
from analyzer.cli.context import Context
long, quiet = sys.argv[1] == "long", sys.argv[2] == "quiet"
timers = []

class Timer(threading.Timer):
    def start(self):
        timers.append(self)
        super().start()

progress.Timer = Timer
if long:
    progress.PATIENCE = 0.0
with progress.progress(Context(None, None, False, quiet), "folding", 3) as step:
    for _ in range(3):
        step()
    for timer in timers if long else ():
        timer.join()
    print("data")
    if sys.argv[3:]:
        Context(None, None, False, quiet).say("told meanwhile")
"""


def output_of(work: str, quiet: str = "loud", *more: str, terminal: bool = True) -> tuple[str, str]:
    """What long or short work says on stdout, and on its terminal."""
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-c", WORK, work, quiet, *more],
            stdout=subprocess.PIPE, stderr=theirs if terminal else subprocess.PIPE, check=True,
            env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
        )  # fmt: skip
        if not terminal:
            return done.stdout.decode(), done.stderr.decode()
        os.write(theirs, b"!")
        seen = b""
        while not seen.endswith(b"!"):
            seen += os.read(ours, 65536)
        return done.stdout.decode(), seen[:-1].decode()
    finally:
        os.close(ours)
        os.close(theirs)


def test_long_work_has_a_bar_that_counts_and_goes_away() -> None:
    out, seen = output_of("long")
    assert out == "data\n"
    assert "folding" in seen
    assert "3/3" in seen
    assert seen.rstrip("\r\n").endswith("\x1b[2K")


def test_what_is_reported_meanwhile_has_a_line_of_its_own() -> None:
    _, seen = output_of("long", "loud", "more")
    assert "\x1b[2Ktold meanwhile\r\n" in seen


@pytest.mark.parametrize(
    ("work", "quiet", "terminal"),
    [("short", "loud", True), ("long", "quiet", True), ("long", "loud", False)],
    ids=["short work", "quiet", "a pipe"],
)
def test_elsewhere_there_is_nothing(work: str, quiet: str, *, terminal: bool) -> None:
    assert output_of(work, quiet, terminal=terminal) == ("data\n", "")
