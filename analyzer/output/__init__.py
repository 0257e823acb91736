"""Rows in, text out: one module per format.

``table`` is for people and fits their terminal; the others are for programs and never change
with it. HTML is rendered from the console's templates, a layer above.
"""

import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, TextIO

from analyzer.errors import UsageError
from analyzer.report.run import Report, ReportColumn
from analyzer.store.publish import deliver

WIDTH = 120  # columns of a table, where nobody's terminal says otherwise
# Each is imported on first use.
_TEXT = {
    "json": ("json", "whole"),
    "ndjson": ("json", "lines"),
    "csv": ("csv", "render"),
    "markdown": ("markdown", "render"),
}
_STDOUT = Path("/dev/stdout")


def text(report: Report, format_: str, width: int | None = None) -> str:
    """The report in a textual format."""
    if format_ == "table":
        from analyzer.output import table  # noqa: PLC0415  # only for people

        return table.render(report, width)
    module, function = _TEXT[format_]
    rendered: str = getattr(import_module(f"{__name__}.{module}"), function)(report)
    return rendered


def write(
    report: Report, format_: str, output: Path | None, stream: TextIO, *, pager: bool = False
) -> None:
    """Write the report to *output*, atomically, or to *stream*; ``-`` is the stream.

    Raises:
        UsageError: Parquet would go to a terminal.
        StoreError: the file cannot be written.
    """
    if format_ == "parquet":
        place = for_bytes(output, stream, "Parquet")
        from analyzer.output import parquet  # noqa: PLC0415  # polars, only for Parquet

        with deliver(place) as draft:
            parquet.write(report, draft)
        return
    width = None if is_stream(output) and stream.isatty() else WIDTH
    people = format_ == "table"
    put(text(report, format_, width), output, stream, people=people, pager=pager)


def put(
    text: str, output: Path | None, stream: TextIO, *, people: bool = False, pager: bool = False
) -> None:
    """Write text to *output*, atomically, or to *stream*; ``-`` is the stream.

    What is for *people* is written in characters that the stream has, and may go through the
    *pager*; what is for programs is UTF-8 everywhere.

    Raises:
        StoreError: the file cannot be written.
    """
    if output is not None and not is_stream(output):
        with deliver(output) as draft:
            draft.write_text(text, encoding="utf-8", newline="")
    elif people:
        from analyzer.output import terminal  # noqa: PLC0415  # the pager, only for people

        terminal.show(text, stream, pager=pager)
    else:
        _write_utf8(text, stream)


def put_pieces(pieces: Iterable[str], output: Path | None, stream: TextIO) -> None:
    """Write a text for programs, of which one piece is held at a time: see ``put``.

    Raises:
        StoreError: the file cannot be written.
    """
    if output is None or is_stream(output):
        for piece in pieces:
            stream.buffer.write(piece.encode())
        stream.flush()
        return
    with deliver(output) as draft, draft.open("w", encoding="utf-8", newline="") as file:
        file.writelines(pieces)


def is_stream(output: Path | None) -> bool:
    """Whether *output* is standard output: not named, or ``-``."""
    return output is None or str(output) == "-"


def for_bytes(output: Path | None, stream: TextIO, what: str) -> Path:
    """Where to deliver *what* is no text: the file, or standard output as a path.

    Raises:
        UsageError: it would go to a terminal.
    """
    if output is not None and not is_stream(output):
        return output
    if stream.isatty():
        raise UsageError(f"{what} is not for a terminal: --output FILE")
    return _STDOUT


def _write_utf8(text: str, stream: TextIO) -> None:
    try:
        text.encode(stream.encoding or "utf-8")
    except UnicodeEncodeError:
        stream.flush()
        stream.buffer.write(text.encode())
    else:
        stream.write(text)
    stream.flush()


def write_rows(
    columns: Sequence[tuple[str, str]],
    rows: list[tuple[Any, ...]],
    format_: str,
    output: Path | None,
    stream: TextIO = sys.stdout,
    *,
    pager: bool = False,
) -> None:
    """Write bare rows, as a report without words; a second column of one name gets a number."""
    write(bare(columns, rows), format_, output, stream, pager=pager)


def bare(columns: Sequence[tuple[str, str]], rows: list[tuple[Any, ...]]) -> Report:
    """Rows as a report without words."""
    names = _distinct([name for name, _ in columns])
    listed = tuple(
        ReportColumn(name, "", type_) for name, (_, type_) in zip(names, columns, strict=True)
    )
    return Report("sql", "", "", {}, listed, rows, [], "table", None, "")


def _distinct(names: Sequence[str]) -> list[str]:
    """Names as DuckDB makes them distinct in a table: ``a``, ``a_1``, ``a_2``, whatever their case."""
    distinct: dict[str, str] = {}
    for name in names:
        new, number = name, 0
        while new.lower() in distinct:
            number += 1
            new = f"{name}_{number}"
        distinct[new.lower()] = new
    return list(distinct.values())


def explain(report: Report, stream: TextIO) -> None:
    """The rule in words, what it cannot see, its columns, its inputs and their coverage, its SQL."""
    from analyzer.output import table  # noqa: PLC0415  # only for people

    parts = [f"{report.title}\n\n{report.description}"]
    if report.cannot_see:
        parts.append(f"What it cannot see: {report.cannot_see}")
    parts.append("\n".join(f"  {column.name}: {column.sentence}" for column in report.columns))
    parts.append(f"Reads: {', '.join(report.inputs)}")
    parts.append(table.coverage(report))
    parts.append(report.sql.strip())
    put("\n\n".join(part for part in parts if part) + "\n", None, stream, people=True)
