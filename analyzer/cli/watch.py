"""A report that is drawn again and again, for the incident room."""

import shutil
import time
from collections.abc import Callable
from datetime import UTC, tzinfo
from typing import TextIO

from analyzer import clock, output
from analyzer.cli import streams
from analyzer.errors import AnalyzerError
from analyzer.text import counted, escape_controls

_CLEAR = "\x1b[2J\x1b[3J\x1b[H"


def watch(
    seconds: float,
    draw: Callable[[], str],
    stream: TextIO,
    pause: Callable[[float], None] = time.sleep,
    *,
    zone: tzinfo = UTC,
) -> int:
    """Write what *draw* returns every so many seconds, until interrupted or nobody reads it.

    A terminal is cleared each time and shows the top, as much as fits; anything else gets one table
    after another. Each stands under the instant at which it was drawn. Only the first may fail:
    what cannot be read later may be there the next time.

    Raises:
        AnalyzerError: the first one cannot be drawn.
    """
    screen, drawn = stream.isatty(), False
    try:
        while True:
            try:
                text, drawn = draw(), True
            except (AnalyzerError, OSError) as error:
                if not drawn:
                    raise
                text = f"cannot be read just now: {escape_controls(str(error))}\n"
            text = _on_screen(text, seconds, zone) if screen else _in_a_row(text, seconds)
            output.put(text, None, stream, people=True)
            if not streams.has_reader():
                return 0
            pause(seconds)
    except KeyboardInterrupt as interrupt:
        return getattr(interrupt, "exit_code", 130)  # SIGTERM has one of its own


def _in_a_row(text: str, seconds: float) -> str:
    return f"--- {clock.iso(clock.now())}, every {seconds:g} s; Ctrl-C ends\n{text}\n"


def _on_screen(text: str, seconds: float, zone: tzinfo) -> str:
    now = clock.now()
    instant = f"{clock.local(now, zone):%Y-%m-%d %H:%M:%S} {clock.zone_name(zone, now)}"
    lines = [f"Drawn {instant}, every {seconds:g} s; Ctrl-C ends", "", *text.splitlines()]
    room = max(shutil.get_terminal_size().lines - 1, 3)
    if len(lines) > room:
        lines[room - 1 :] = [f"… {counted(len(lines) - room + 1, 'more line')}"]
    return _CLEAR + "\n".join(lines) + "\n"
