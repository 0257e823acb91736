"""The layout of a table for people: its order, its columns, how they read, which ones fit."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from itertools import chain
from typing import Any

from analyzer import clock
from analyzer.config.rules import SEVERITIES
from analyzer.output.value import cell
from analyzer.report.run import Report
from analyzer.text import escape_controls

GAP = 2  # between two columns
FOLDED = 24  # a column that need not be wider than this may be folded to it
_LEAST = 3  # brief columns that a table shows, or it is a stack of blocks
MARKS = {"critical": "!!", "high": "! ", "medium": "* ", "low": "- ", "info": "  "}
_OWNERS = ("cluster", "svm")  # said once if all rows share them, else part of what a row is about
_INTERVALS = {"after": "by", "from": "to"}
_FOLDS = re.compile(r", |\d{4}-\d\d-\d\d ")  # a list, or a time with its date
_PROSE = {"detail", "reason", "what it is"}  # folded even inside a word
_INSTANT = re.compile(r"(?<![^\s(])\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\b", re.ASCII)
_IQN = re.compile(r"iqn\..*:(?=[^:])", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Layout:
    """Cells as text, column by column; *widths* is None if only a stack of blocks can hold them.

    *above* is said once for all rows; *dimmed* has a flag for each row.
    """

    names: list[str]
    columns: list[list[str]]
    widths: list[int] | None
    above: list[tuple[str, str]]
    dimmed: list[bool]
    shortened: bool = False


def lay_out(report: Report, room: int) -> Layout:
    """The layout of a report in *room* characters.

    As many of the brief columns as fit, at least up to the severity. Names are shortened where that
    shows more columns, or a table instead of blocks.
    """
    report = replace(report, rows=ordered(report))
    rows, dimmed = report.rows, [report.is_over(row) for row in report.records()]
    best: Layout | None = None
    for short in ({}, shortened(rows)):
        names, columns, above = _shaped(report, rows, short)
        names, columns = _brief(report, names, columns)
        best = best or Layout(names, columns, None, above, dimmed)
        for count in range(len(names), _fewest(report, names) - 1, -1):
            widths = _fit([heading(name) for name in names[:count]], columns[:count], room)
            if widths is not None and (best.widths is None or count > len(best.names)):
                best = Layout(names[:count], columns[:count], widths, above, dimmed, bool(short))
                break
    assert best is not None  # noqa: S101  # made in the first round
    return best


def ordered(report: Report) -> list[tuple[Any, ...]]:
    """The rows as people read them: of findings the open ones first, then by severity.

    What tells a story, its first brief column being a time, stays in the order of time.
    """
    names = report.names
    first = (*report.brief, *names)[0]
    if report.kind != "finding" or first.endswith(("_after", "_by")) or "happened_by" in names:
        return report.rows
    ranks = {severity: rank for rank, severity in enumerate(SEVERITIES)}
    pairs = zip(report.records(), report.rows, strict=True)
    keyed = [((report.is_over(r), ranks.get(r["severity"], len(ranks))), row) for r, row in pairs]
    return [row for _, row in sorted(keyed, key=lambda pair: pair[0])]


def _shaped(
    report: Report, rows: Sequence[tuple[Any, ...]], short: Mapping[str, str]
) -> tuple[list[str], list[list[str]], list[tuple[str, str]]]:
    """Names and columns as people read them, and what is said once above them.

    An interval is one column; in a report, what is empty is left out and what is the same
    everywhere said once.
    """
    source = report.names
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
            names.append(name.removesuffix("_after") if name.endswith("_after") else "when")
            columns.append([write.interval(row[k], row[other]) for row in rows])
            continue
        values = [write.cell(name, row[k]) for row in rows]
        if report.title and name in _OWNERS and len(set(values)) == 1:
            above.append((name, values[0]))
            continue
        names.append(name)
        columns.append(values)
    if "members" in names:  # long: last
        at = names.index("members")
        names.append(names.pop(at))
        columns.append(columns.pop(at))
    return names, columns, above + write.said_once


class CellWriter:
    """Writes values of a report's rows for people, in the report's zone."""

    def __init__(
        self, report: Report, rows: Sequence[tuple[Any, ...]], short: Mapping[str, str]
    ) -> None:
        self._zone: tzinfo = report.zone
        self._short = short
        instants = {value for row in rows for value in row if isinstance(value, datetime)}
        days = {clock.local(instant, self._zone).date() for instant in instants}
        self._dated = len(days) > 1
        zone = clock.zone_name(self._zone, *instants)
        self.said_once: list[tuple[str, str]] = []
        if self._dated:
            self.said_once = [("times", zone)]
        elif days:
            self.said_once = [("day", f"{days.pop()} {zone}")]

    def cell(self, name: str, value: Any) -> str:
        if isinstance(value, datetime):
            return instant(value, self._zone, dated=self._dated)
        if name == "severity" and value in MARKS:
            return f"{MARKS[value]} {value}".strip()
        if name.endswith("_seconds") and isinstance(value, int):
            return length(value)
        if isinstance(value, list):
            value = [
                self._short.get(part, part) if isinstance(part, str) else part for part in value
            ]
        elif isinstance(value, str):
            value = self._short.get(value, value)
            value = prose(value, self._zone)
        return escape_controls(cell(value))

    def interval(self, start: datetime | None, end: datetime | None) -> str:
        return interval(start, end, self._zone, dated=self._dated)


def end_of(name: str) -> str:
    """The column that ends the interval which the column *name* begins; '' if it begins none."""
    for start, stop in _INTERVALS.items():
        if name == start:
            return stop
        if name.endswith(f"_{start}"):
            return name.removesuffix(start) + stop
    return ""


def instant(value: datetime, zone: tzinfo, *, dated: bool) -> str:
    """``02:10`` on the wall clock of *zone*, with its date if *dated*."""
    value = clock.local(value, zone)
    shown = "%H:%M:%S" if value.second else "%H:%M"
    return value.strftime(f"%Y-%m-%d {shown}" if dated else shown)


def prose(text: str, zone: tzinfo) -> str:
    """A sentence, with the instants that SQL wrote into it (in UTC) on the wall clock of *zone*."""

    def local(match: re.Match[str]) -> str:
        try:
            value = datetime.fromisoformat(match[0]).replace(tzinfo=None)
        except ValueError:
            return match[0]
        return f"{instant(value, zone, dated=True)} {clock.zone_name(zone, value)}"

    return text if zone is UTC else _INSTANT.sub(local, text)


def interval(start: datetime | None, end: datetime | None, zone: tzinfo, *, dated: bool) -> str:
    """``02:10–02:15``, or the one instant; the second date only where it is another."""
    if start is None and end is None:
        return ""
    left = instant(start, zone, dated=dated) if start else "…"
    if start == end:
        return left
    if end is None:
        return f"{left} – open"
    same = start is not None and clock.local(start, zone).date() == clock.local(end, zone).date()
    return f"{left}–{instant(end, zone, dated=dated and not same)}"


def length(seconds: int) -> str:
    """A duration in two units at most."""
    if seconds < 60:
        return f"{seconds} s"
    hours, minutes = divmod(seconds // 60, 60)
    if hours >= 48:
        return f"{hours // 24} d {hours % 24} h"
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"


def shortened(rows: Iterable[Sequence[Any]]) -> dict[str, str]:
    """Initiator names without what stands before the last colon, where that tells them apart."""
    values = chain.from_iterable(rows)
    parts = chain.from_iterable(value if isinstance(value, list) else (value,) for value in values)
    names = {part for part in parts if isinstance(part, str) and _IQN.match(part)}
    short = {name: _IQN.sub("…", name, count=1) for name in names}
    uses = Counter(short.values())
    return {name: text for name, text in short.items() if uses[text] == 1}


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
    """What a column of the report is called here, where an interval is one."""
    if name in names:
        return name
    return "when" if name == "from" else name.removesuffix("_after").removesuffix("_by")


def heading(name: str) -> str:
    """A column's name in words, so that it can be folded."""
    return name.replace("_", " ")


def _fit(headings: Sequence[str], columns: Sequence[Sequence[str]], room: int) -> list[int] | None:
    """Widths that fit the room; None if columns would have to be cut, not folded.

    Prose is folded; what identifies is a word, and stays whole.
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
    while sum(widths) > room:
        widest = max(range(len(widths)), key=lambda k: widths[k] - least[k])
        widths[widest] -= 1
    return widths
