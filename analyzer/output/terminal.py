"""Writes text for people to a stream, in characters that it has, or to a pager."""

import os
import shlex
import shutil
import subprocess
from contextlib import suppress
from typing import TextIO

from analyzer.text import for_encoding


def show(text: str, stream: TextIO, *, pager: bool = False) -> None:
    """Write text for people to *stream*; with *pager*, through ``PAGER`` if it is too long."""
    text = for_encoding(text, stream.encoding)
    if not (pager and stream.isatty() and _paged(text)):
        stream.write(text)
    stream.flush()


def _paged(text: str) -> bool:
    """Whether the pager took it; one that is empty, ``cat`` or not there does not."""
    command = shlex.split(os.environ.get("PAGER", "less"))
    too_long = text.count("\n") >= shutil.get_terminal_size().lines
    if not too_long or not command or shutil.which(command[0]) is None or command == ["cat"]:
        return False
    # Quit if it fits after all, pass colours through, leave the text on the screen.
    environment = {"LESS": "FRX", **os.environ}
    with subprocess.Popen(command, stdin=subprocess.PIPE, env=environment) as process:
        while True:  # Ctrl-C is the pager's
            with suppress(KeyboardInterrupt):
                process.communicate(text.encode())
                return True
