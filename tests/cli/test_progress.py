"""A bar on a terminal for what takes over a second; nothing anywhere else."""

import os
import pty
import subprocess
import sys

import pytest

WORK = """
import sys, time
from pathlib import Path
from analyzer.cli.context import Context
from analyzer.cli.progress import progress
seconds, quiet = float(sys.argv[1]), sys.argv[2] == "quiet"
with progress(Context(None, None, False, quiet), "folding", 3) as step:
    for _ in range(3):
        step()
    time.sleep(seconds)
    print("data")
    if sys.argv[3:]:
        Context(None, None, False, quiet).say("told meanwhile")
"""


def output_of(
    seconds: float, quiet: str = "loud", *more: str, terminal: bool = True
) -> tuple[str, str]:
    """What such work says on stdout, and on its terminal."""
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-c", WORK, str(seconds), quiet, *more],
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
    out, seen = output_of(1.6)
    assert out == "data\n"
    assert "folding" in seen
    assert "3/3" in seen
    assert seen.rstrip("\r\n").endswith("\x1b[2K")


def test_what_is_reported_meanwhile_has_a_line_of_its_own() -> None:
    _, seen = output_of(1.6, "loud", "more")
    assert "\x1b[2Ktold meanwhile\r\n" in seen


@pytest.mark.parametrize(
    ("seconds", "quiet", "terminal"),
    [(0.0, "loud", True), (1.6, "quiet", True), (1.6, "loud", False)],
    ids=["short work", "quiet", "a pipe"],
)
def test_elsewhere_there_is_nothing(seconds: float, quiet: str, *, terminal: bool) -> None:
    assert output_of(seconds, quiet, terminal=terminal) == ("data\n", "")
