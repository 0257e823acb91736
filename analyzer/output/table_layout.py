"""The layout of a table for people: which columns it has, and which of them fit."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from analyzer.output.wording import CellWriter, end_of, heading, ordered, shortened
from analyzer.report.run import Report

GAP = 2  # between two columns
FOLDED = 24  # a column that need not be wider than this may be folded to it
_LEAST = 3  # brief columns that a table shows, or it is a stack of blocks
_OWNERS = ("cluster", "svm")  # said once if all rows share them, else part of what a row is about
_FOLDS = re.compile(r", |\d{4}-\d\d-\d\d ")  # a list, or a time with its date
_PROSE = {"detail", "reason", "what it is"}  # folded even inside a word


class Layout(msgspec.Struct, frozen=True):
    """Cells as text, column by column; *widths* is None if only a stack of blocks can hold them.

    *above* is said once for all rows; *dimmed* has a flag for each row; for the brief columns of
    *hidden* there was no room, and what each of *below* says stands under its row.
    """

    names: list[str]
    columns: list[list[str]]
    widths: list[int] | None
    above: list[tuple[str, str]]
    dimmed: list[bool]
    shortened: bool = False
    hidden: Sequence[str] = ()
    below: Sequence[str] = ()


def lay_out(report: Report, room: int) -> Layout:
    """The layout of a report in *room* characters.

    As many of the brief columns as fit, at least up to the severity. Names are shortened where that
    shows more columns, or a table instead of blocks. Prose that has no room stands below its row.
    """
    report = replace(report, rows=ordered(report))
    rows, dimmed = report.rows, [report.is_over(row) for row in report.records()]
    names, whole, above = _shaped(report, rows, {})
    best = Layout(names, whole, None, above, dimmed)
    columns = whole
    for is_short in (False, True):
        if is_short:
            _, columns, _ = _shaped(report, rows, shortened(rows))
        widths = _widest(names, columns, _fewest(report, names), room)
        count = len(widths)
        if widths and (best.widths is None or count > len(best.names)):
            shown = columns[:count]
            best = Layout(
                names[:count], shown, widths, above, dimmed, shown != whole[:count], names[count:]
            )
        if best.widths is not None and not best.hidden:
            break
    prose = [name for name in best.hidden if name in _PROSE]
    below = [columns[names.index(name)] for name in prose]
    return replace(
        best,
        hidden=[name for name in best.hidden if name not in prose],
        below=["; ".join(filter(None, texts)) for texts in zip(*below, strict=True)],
    )


def _shaped(
    report: Report, rows: Sequence[tuple[Any, ...]], short: Mapping[str, str]
) -> tuple[list[str], list[list[str]], list[tuple[str, str]]]:
    """Names and brief columns as people read them, and what is said once above them.

    An interval is one column; in a report, what is empty is left out and what is the same
    everywhere said once, as the interval between the two snapshots of a pair is.
    """
    source = report.names
    pair = isinstance(report.parameters.get("before"), datetime)
    subject = "initiator" if isinstance(report.parameters.get("initiator"), str) else None
    write = CellWriter(report, rows, short)
    names: list[str] = []
    columns: list[list[str]] = []
    above: list[tuple[str, str]] = []
    skip: set[str] = set()
    for k, name in enumerate(source):
        if name in skip or (report.title and all(row[k] is None for row in rows)):
            continue
        end = end_of(name)
        if end in source:
            other = source.index(end)
            skip.add(end)
            label = name.removesuffix("_after") if name.endswith("_after") else "when"
            spans = [write.interval(row[k], row[other]) for row in rows]
            if pair and len(set(spans)) == 1:
                above.append((label, spans[0]))
                continue
            names.append(label)
            columns.append(spans)
            continue
        if name == subject or (report.title and name in _OWNERS):
            # In what happened to one initiator the other rows are of what that stands on.
            owners = {row[k] for row in rows if row[k] or subject is None}
            if len(owners) == 1:
                above.append((name, owners.pop()))
                continue
        values = [write.cell(name, row[k]) for row in rows]
        names.append(name)
        columns.append(values)
    if "members" in names:  # long: last
        at = names.index("members")
        names.append(names.pop(at))
        columns.append(columns.pop(at))
    return *_brief(report, names, columns), above + write.shared_facts


def _brief(
    report: Report, names: list[str], columns: list[list[str]]
) -> tuple[list[str], list[list[str]]]:
    """The brief columns, behind whose they are; all if the report names none."""
    if not report.brief:
        return names, columns
    starts = [_start(name, names) for name in (*_OWNERS, *report.brief)]
    order = [names.index(name) for name in dict.fromkeys(starts) if name in names]
    return [names[k] for k in order], [columns[k] for k in order]


def _fewest(report: Report, names: Sequence[str]) -> int:
    """How many columns a table must have room for."""
    if not report.brief:
        return len(names)
    return names.index("severity") + 1 if "severity" in names else min(_LEAST, len(names))


def _start(name: str, names: Sequence[str]) -> str:
    """The name here of a column of the report, where an interval is one column."""
    if name in names:
        return name
    return "when" if name == "from" else name.removesuffix("_after").removesuffix("_by")


def _widest(
    names: Sequence[str], columns: Sequence[Sequence[str]], fewest: int, room: int
) -> list[int]:
    """Widths of as many columns as fit, none if those are not the *fewest*."""
    for count in range(len(names), fewest - 1, -1):
        widths = _fit([heading(name) for name in names[:count]], columns[:count], room)
        if widths is not None:
            return widths
    return []


def _fit(headings: Sequence[str], columns: Sequence[Sequence[str]], room: int) -> list[int] | None:
    """Widths that fit the room; None if columns would have to be cut, not folded.

    Prose and headings are folded, and other values only where that is not enough; what identifies
    is a word, and stays whole.
    """
    widths = [
        max(len(heading), *map(len, values), 1)
        for heading, values in zip(headings, columns, strict=True)
    ]
    least = [
        min(width, FOLDED)
        if heading in _PROSE
        else max(
            min(max((len(text) for text in values if not _FOLDS.search(text)), default=1), FOLDED),
            *(len(word) for text in (heading, *values) for word in text.split()),
        )
        for heading, values, width in zip(headings, columns, widths, strict=True)
    ]
    room -= GAP * (len(headings) - 1)
    if sum(least) > room:
        return None
    whole = [
        low if heading in _PROSE else max(low, *map(len, values))
        for heading, values, low in zip(headings, columns, least, strict=True)
    ]
    if sum(whole) <= room:
        least = whole
    while sum(widths) > room:
        widest = max(range(len(widths)), key=lambda k: widths[k] - least[k])
        widths[widest] -= 1
    return widths
