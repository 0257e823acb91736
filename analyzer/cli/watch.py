"""A report that is drawn again and again, for the incident room."""

import time
from collections.abc import Callable
from typing import TextIO

from analyzer import clock, output
from analyzer.errors import AnalyzerError
from analyzer.text import escape_controls

_CLEAR = "\x1b[2J\x1b[3J\x1b[H"


def watch(
    seconds: float,
    draw: Callable[[], str],
    stream: TextIO,
    pause: Callable[[float], None] = time.sleep,
) -> int:
    """Write what *draw* returns every so many seconds, until interrupted: that is no failure.

    A terminal is cleared each time, anything else gets one table after another, each under its
    instant. Only the first may fail: what cannot be read later may be there the next time.

    Raises:
        AnalyzerError: the first one cannot be drawn.
    """
    screen, drawn = stream.isatty(), False
    try:
        while True:
            try:
                told, drawn = draw(), True
            except (AnalyzerError, OSError) as error:
                if not drawn:
                    raise
                told = f"cannot be read just now: {escape_controls(str(error))}\n"
            head = f"{clock.iso(clock.now())}, every {seconds:g} s; Ctrl-C ends\n"
            told = f"{_CLEAR}{head}\n{told}" if screen else f"--- {head}{told}\n"
            output.put(told, None, stream, people=True)
            pause(seconds)
    except KeyboardInterrupt:
        return 0
