"""Text for people, line by line: as wide as their terminal, in its colours, in columns.

Written here in a few lines, since to load a library that can do more takes longer than the whole
answer to a small question.
"""

import os
import re
import sys
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from shutil import get_terminal_size
from textwrap import wrap
from typing import NamedTuple

_ATTRIBUTES = {"bold": "1", "dim": "2"}
_COLOURS = {"red": "31", "yellow": "33", "cyan": "36"}
_WORD = re.compile(r"\s*\S+\s*")


class Piece(NamedTuple):
    """Text in a style, such as ``bold red``."""

    text: str
    style: str = ""


class Screen:
    """Lines of text; *width* None is the terminal's, and colours as it can."""

    def __init__(self, width: int | None) -> None:
        self.width = width or get_terminal_size().columns
        self._codes = _codes() if width is None else {}
        self._lines: list[str] = []

    def text(self) -> str:
        """All lines, without spaces at their ends."""
        return "\n".join(line.rstrip() for line in self._lines) + "\n"

    def line(self, *pieces: Piece) -> None:
        """One line, however long."""
        self._lines.append("".join(self._styled(piece) for piece in pieces))

    def prose(self, text: str, style: str = "") -> None:
        """Text that is broken between words only; of an indented line the rest is indented further."""
        indent = " " * (4 if text.startswith(" ") else 0)
        for line in wrap(text, self.width, subsequent_indent=indent, break_long_words=False,
                         break_on_hyphens=False):  # fmt: skip
            self.line(Piece(line, style))

    def facts(self, texts: Iterable[str]) -> None:
        """Short texts side by side, as many to a line as fit whole."""
        line = ""
        for text in texts:
            longer = f"{line}  {text}" if line else text
            if line and cells_of(longer) > self.width:
                self.prose(line)
                longer = text
            line = longer
        self.prose(line)

    def table(
        self,
        heads: Sequence[str],
        widths: Sequence[int],
        rows: Iterable[Sequence[Piece]],
        gap: int,
        below: Iterable[Piece] = (),
    ) -> None:
        """Columns of these widths, *gap* apart; what is longer is folded, heads stand at the bottom.

        *below* is what stands under each row.
        """
        folded = [fold(head, width) for head, width in zip(heads, widths, strict=True)]
        height = max(map(len, folded))
        top = [[""] * (height - len(lines)) + lines for lines in folded]
        self._row([[Piece(line, "bold") for line in lines] for lines in top], widths, gap)
        for row, note in zip_longest(rows, below, fillvalue=Piece("")):
            self._row(
                [
                    [Piece(line, style) for line in fold(text, width)]
                    for (text, style), width in zip(row, widths, strict=True)
                ],
                widths,
                gap,
            )
            self.prose(f"    {note.text}", note.style)

    def _row(self, cells: Sequence[Sequence[Piece]], widths: Sequence[int], gap: int) -> None:
        space = " " * gap
        for line in zip_longest(*cells, fillvalue=Piece("")):
            self._lines.append(
                space.join(
                    self._styled(piece) + " " * (width - cells_of(piece.text))
                    for piece, width in zip(line, widths, strict=True)
                )
            )

    def _styled(self, piece: Piece) -> str:
        codes = ";".join(filter(None, map(self._codes.get, piece.style.split())))
        return f"\x1b[{codes}m{piece.text}\x1b[0m" if codes and piece.text else piece.text


def _codes() -> dict[str, str]:
    """The codes that the terminal understands; https://no-color.org says who wants no colours."""
    if not sys.stdout.isatty() or os.environ.get("TERM", "") in {"dumb", "unknown"}:
        return {}
    return _ATTRIBUTES if os.environ.get("NO_COLOR") else _ATTRIBUTES | _COLOURS


def cells_of(text: str) -> int:
    """How many cells of a terminal the text takes: two for a wide character, none for an accent."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width  # noqa: PLC0415  # few names need it

    return sum(0 if combining(c) else 1 + (east_asian_width(c) in "WF") for c in text)


def fold(text: str, width: int) -> list[str]:
    """The lines of a cell: broken between words, and inside a word that is wider than the cell."""
    if cells_of(text) <= width and "\n" not in text:
        return [text]
    return [line for part in text.split("\n") for line in _folded(part, width)]


def _folded(text: str, width: int) -> list[str]:
    lines = [""]
    for word in _WORD.findall(text):
        if cells_of(lines[-1]) + cells_of(word.rstrip()) <= width:
            lines[-1] += word
            continue
        if lines[-1]:
            lines.append("")
        for character in word if cells_of(word.rstrip()) > width else (word,):
            if lines[-1] and cells_of(lines[-1]) + cells_of(character.rstrip()) > width:
                lines.append("")
            lines[-1] += character
    return [line.rstrip() for line in lines]
