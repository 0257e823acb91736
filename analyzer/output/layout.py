"""The layout of a table for people: what its columns are called, how they read, which ones fit."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from analyzer.output.value import cell
from analyzer.report.run import Report
from analyzer.text import escape_controls

GAP = 2  # between two columns
FOLDED = 30  # a column that need not be wider than this may be folded to it
_MARKS = {"critical": "!!", "high": "! ", "medium": "* ", "low": "- ", "info": "  "}
_WHOSE = ("cluster", "svm")  # said once if all rows share them, else part of what a row is about
_INTERVALS = {"after": "by", "from": "to"}


def shaped(report: Report) -> tuple[list[str], list[list[str]], list[tuple[str, str]]]:
    """Names and columns as people read them, and what is said once above them.

    An interval is one column, what is empty is left out, what is the same everywhere said once.
    """
    source = [column.name for column in report.columns]
    rows = report.rows
    days = {
        value.date() for row in rows for value in row if isinstance(value, datetime)
    }  # fmt: skip
    dated = len(days) > 1
    names: list[str] = []
    columns: list[list[str]] = []
    above: list[tuple[str, str]] = []
    skip: set[str] = set()
    for k, name in enumerate(source):
        if name in skip or all(row[k] is None for row in rows):
            continue
        end = _end(name)
        if end in source:
            other = source.index(end)
            skip.add(end)
            shown = name.removesuffix("_after") if name.endswith("_after") else "when"
            values = [interval(row[k], row[other], dated=dated) for row in rows]
            names.append(shown)
            columns.append(values)
            continue
        values = [_shown(name, row[k], dated=dated) for row in rows]
        if name in _WHOSE and len(set(values)) == 1 and len(rows) > 1:
            above.append((name, values[0]))
            continue
        names.append(name)
        columns.append(values)
    if days and not dated:
        above.append(("day", days.pop().isoformat()))
    return names, columns, above


def _end(name: str) -> str:
    for start, stop in _INTERVALS.items():
        if name == start:
            return stop
        if name.endswith(f"_{start}"):
            return name.removesuffix(start) + stop
    return ""


def _shown(name: str, value: Any, *, dated: bool) -> str:
    if isinstance(value, datetime):
        return _instant(value, dated=dated)
    if name == "severity" and value in _MARKS:
        return f"{_MARKS[value]} {value}".strip()
    if name.endswith("_seconds") and isinstance(value, int):
        return _length(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return escape_controls(cell(value))


def _instant(value: datetime, *, dated: bool) -> str:
    shown = "%H:%M:%S" if value.second else "%H:%M"
    return value.strftime(f"%Y-%m-%d {shown}" if dated else shown)


def interval(start: datetime | None, end: datetime | None, *, dated: bool) -> str:
    if start is None and end is None:
        return ""
    left = _instant(start, dated=dated) if start else "…"
    if end is None:
        return f"{left} – open"
    same = start is not None and start.date() == end.date()
    return f"{left}–{_instant(end, dated=dated and not same)}"


def _length(seconds: int) -> str:
    if seconds < 60:
        return f"{seconds} s"
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"


def chosen(
    report: Report, names: list[str], columns: list[list[str]], room: int
) -> tuple[list[str], list[list[str]], list[int] | None]:
    """The columns to show and their widths; None for the widths if only a stack can hold them.

    Of brief columns as many as fit; a table that has no room for the severity is a stack.
    """
    if not report.brief:
        return names, columns, _fit(names, columns, room)
    starts = [_start(name, names) for name in (*_WHOSE, *report.brief)]
    order = [names.index(name) for name in dict.fromkeys(starts) if name in names]
    names, columns = [names[k] for k in order], [columns[k] for k in order]
    fewest = names.index("severity") if "severity" in names else 0
    for count in range(len(names), fewest, -1):
        widths = _fit([heading(name) for name in names[:count]], columns[:count], room)
        if widths is not None:
            return names[:count], columns[:count], widths
    return names, columns, None


def _start(name: str, names: Sequence[str]) -> str:
    """What a column of the report is called here, where an interval is one."""
    return name if name in names else name.removesuffix("_after").removesuffix("_by")


def heading(name: str) -> str:
    """A brief column's name in words, so that it can be folded."""
    return name.replace("_", " ")


def _fit(headings: Sequence[str], columns: Sequence[Sequence[str]], room: int) -> list[int] | None:
    """Widths that fit the room; None if columns would have to be cut, not folded.

    Prose is folded between words; what identifies is a word, and stays whole.
    """
    widths = [
        max(*map(len, heading.split()), *map(len, values))
        for heading, values in zip(headings, columns, strict=True)
    ]
    least = [
        max(
            min(width, FOLDED),
            *(len(word) for text in (heading, *values) for word in text.split()),
        )
        for heading, values, width in zip(headings, columns, widths, strict=True)
    ]
    room -= GAP * (len(headings) - 1)
    if sum(least) > room:
        return None
    while sum(widths) > room:
        widest = max(range(len(widths)), key=lambda k: widths[k] - least[k])
        widths[widest] -= 1
    return widths
