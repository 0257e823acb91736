"""Standard streams that may be closed, full, or read by a program that has left."""

import io
import os
import sys

from analyzer.errors import StoreError

_BAD_FOR = {0: os.O_WRONLY, 1: os.O_RDONLY, 2: os.O_WRONLY}  # how /dev/null stands for a closed one


class _Output(io.FileIO):
    """Standard output; its errors are distinguishable from those of all other files."""

    has_reader = True

    def write(self, data: bytes) -> int:  # type: ignore[override]  # bytes-like
        try:
            return super().write(data)
        except OSError as error:
            # What the buffers above hold is written into nothing when the process ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            if isinstance(error, BrokenPipeError):
                _Output.has_reader = False
                return len(data)  # its reader has seen enough; the exit status is still the answer
            raise StoreError(f"cannot write standard output: {error.strerror}") from error


class _Narration(io.FileIO):
    """Standard error; that it takes nothing more is no reason to stop."""

    def write(self, data: bytes) -> int:  # type: ignore[override]  # bytes-like
        try:
            return super().write(data)
        except OSError:
            return len(data)


def has_reader() -> bool:
    """False once a write to standard output met a pipe whose reader had left."""
    return _Output.has_reader


def prepare() -> None:
    """Open what is closed, so that no file takes its number, and watch the writes.

    Reading or writing a stream that was closed is an error of that stream.
    """
    for number, flags in _BAD_FOR.items():
        try:
            os.fstat(number)
        except OSError:
            os.dup2(os.open(os.devnull, flags), number)
    sys.stdin = sys.stdin or open(0, encoding="utf-8", closefd=False)  # noqa: SIM115  # as long as the process
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    # No letter is worth a crash.
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(_Output(1, "wb", closefd=False)),
        encoding, "backslashreplace", line_buffering=os.isatty(1),
    )  # fmt: skip
    sys.stderr = io.TextIOWrapper(
        io.BufferedWriter(_Narration(2, "wb", closefd=False)),
        encoding, "backslashreplace", line_buffering=True,
    )  # fmt: skip
