"""A watched report is drawn again and again, and outlives what it cannot read for a moment."""

import io
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from analyzer import cli
from analyzer.cli.watch import watch
from analyzer.collect import files
from analyzer.errors import StoreError, UsageError
from analyzer.store.layout import Store

# A runner in the background may have been told to ignore Ctrl-C, and its children inherit that.
_MAIN = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
    " from analyzer.cli import main; main()"
)


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def rounds(number: int) -> Iterator[None]:
    """So many pauses, and then Ctrl-C."""
    yield from [None] * (number - 1)
    raise KeyboardInterrupt


def watched(stream: io.StringIO, frames: list[str | Exception]) -> int:
    pauses, left = rounds(len(frames)), iter(frames)

    def draw() -> str:
        frame = next(left)
        if isinstance(frame, Exception):
            raise frame
        return frame

    return watch(5, draw, stream, lambda _seconds: next(pauses))


def test_a_terminal_is_cleared_before_each_and_ctrl_c_ends_it() -> None:
    screen = Screen()
    assert watched(screen, ["one\n", "two\n"]) == 130
    _, first, two = screen.getvalue().split("\x1b[2J\x1b[3J\x1b[H")
    assert first.endswith("one\n")
    assert two.endswith("two\n")


def test_a_file_gets_one_after_another_under_its_instant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANALYZER_NOW", "2026-11-24T00:00:00Z")
    stream = io.StringIO()
    watched(stream, ["one\n", "two\n"])
    head = "--- 2026-11-24T00:00:00Z, every 5 s; Ctrl-C ends\n"
    assert stream.getvalue() == f"{head}one\n\n{head}two\n\n"


def test_what_cannot_be_read_for_a_moment_is_said_and_outlived() -> None:
    stream = io.StringIO()
    assert watched(stream, ["one\n", StoreError("gone\x1b[2J"), OSError("away"), "two\n"]) == 130
    assert "cannot be read just now: gone\\u001b[2J\n" in stream.getvalue()
    assert stream.getvalue().endswith("two\n\n")


def test_the_first_may_fail() -> None:
    with pytest.raises(UsageError):
        watched(io.StringIO(), [UsageError("no such cluster")])


def test_new_snapshots_are_picked_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Store(tmp_path / "store")
    files.fail(store, "c1", datetime(2026, 11, 23, 1), "HTTP 401")
    later = iter(["HTTP 402", None])

    def pause(_seconds: float) -> None:
        why = next(later)
        if why is None:
            raise KeyboardInterrupt
        files.fail(store, "c1", datetime(2026, 11, 23, 2), why)

    monkeypatch.setattr("analyzer.cli.watch.watch.__defaults__", (pause,))
    monkeypatch.setenv("ANALYZER_NOW", "2026-11-23T03:00:00Z")
    assert cli.status(["--store", str(store.root), "snapshots", "--watch", "60"]) == 130
    first, two = capsys.readouterr().out.split("--- ")[1:]
    assert "HTTP 402" not in first
    assert "HTTP 402" in two


@pytest.mark.parametrize("more", [["--format", "json"], ["--output", "x"], ["--explain"]])
def test_it_draws_tables_only(
    tmp_path: Path, more: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["--store", str(tmp_path), "report", "outages", "--watch", "5", *more]
    assert cli.status(command) == 2
    assert "--watch" in capsys.readouterr().err


def test_ctrl_c_ends_the_real_program_with_status_130(tmp_path: Path) -> None:
    files.fail(Store(tmp_path / "store"), "c1", datetime(2026, 11, 23, 1), "HTTP 401")
    with subprocess.Popen(
        [sys.executable, "-c", _MAIN, "--store", str(tmp_path / "store"), "snapshots",
         "--watch", "600"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as program:  # fmt: skip
        assert program.stdout is not None
        assert program.stdout.readline().startswith("--- ")
        program.send_signal(signal.SIGINT)
        program.communicate(timeout=60)
        assert program.returncode == 130


@pytest.mark.parametrize("seconds", ["0", "nan", "inf", "1e300"])
def test_no_pause_of_that_length_can_be_made(
    seconds: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.status(["report", "outages", "--watch", seconds]) == 2
    assert "'--watch'" in capsys.readouterr().err
