"""Rows in, text out: one module per format.

``table`` is for people and fits their terminal; the others are for programs and never change
with it.
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TextIO

from analyzer.errors import UsageError
from analyzer.output import csv, json, markdown, parquet, table
from analyzer.report.run import Column, Report
from analyzer.store.publish import deliver
from analyzer.text import for_encoding

_TEXT: dict[str, Callable[[Report], str]] = {
    "json": json.whole,
    "ndjson": json.lines,
    "csv": csv.render,
    "markdown": markdown.render,
}


def text(report: Report, format_: str, width: int | None = None) -> str:
    """The report in a format made of text."""
    if format_ == "table":
        return table.render(report, width)
    if format_ == "html":
        from analyzer.output import html  # noqa: PLC0415  # templates, only when asked

        return html.page([report])
    return _TEXT[format_](report)


def write(report: Report, format_: str, output: Path | None, stream: TextIO) -> None:
    """Write the report to *output*, whole or not at all, or to *stream*.

    Raises:
        UsageError: Parquet was asked for without a file.
        StoreError: the file cannot be written.
    """
    if format_ == "parquet":
        if output is None:
            raise UsageError("--format parquet needs --output FILE")
        with deliver(output) as draft:
            parquet.write(report, draft)
        return
    width = None if output is None and stream.isatty() else table.WIDTH
    put(text(report, format_, width), output, stream, people=format_ == "table")


def put(told: str, output: Path | None, stream: TextIO, *, people: bool = False) -> None:
    """Write text to *output*, whole or not at all, or to *stream*.

    What is for *people* is written in what the stream can show; what is for programs is UTF-8 everywhere.

    Raises:
        StoreError: the file cannot be written.
    """
    if output is None:
        if people:
            stream.write(for_encoding(told, stream.encoding))
        elif for_encoding(told, stream.encoding) == told:
            stream.write(told)
        else:
            stream.flush()
            stream.buffer.write(told.encode())
        stream.flush()
        return
    with deliver(output) as draft:
        draft.write_text(told, encoding="utf-8", newline="")


def write_rows(
    columns: Sequence[tuple[str, str]],
    rows: list[tuple[Any, ...]],
    format_: str,
    output: Path | None,
    stream: TextIO = sys.stdout,
) -> None:
    """Write bare rows, as a report without words."""
    made = tuple(Column(name, "", kind) for name, kind in columns)
    report = Report("sql", "", "", {}, made, rows, [], "table", None, "")
    write(report, format_, output, stream)


def explain(report: Report, stream: TextIO) -> None:
    """The rule in words, what it cannot see, its columns, its inputs and their coverage, its SQL."""
    parts = [f"{report.title}\n\n{report.description}"]
    if report.cannot_see:
        parts.append(f"What it cannot see: {report.cannot_see}")
    parts.append("\n".join(f"  {column.name}: {column.sentence}" for column in report.columns))
    parts.append(f"Reads: {', '.join(report.inputs)}")
    parts.append(table.coverage(report))
    parts.append(report.sql.strip())
    put("\n\n".join(part for part in parts if part) + "\n", None, stream, people=True)
