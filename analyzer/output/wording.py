"""How a report reads to people: the order of its rows, instants in its zone, intervals, durations, names."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from itertools import chain
from typing import Any

from analyzer import clock
from analyzer.config.rules import SEVERITIES
from analyzer.output.value import cell
from analyzer.report.run import Report
from analyzer.text import escape_controls

MARKS = {"critical": "!!", "high": "! ", "medium": "* ", "low": "- ", "info": "  "}
STYLES = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan", "info": "dim"}
_INTERVALS = {"after": "by", "from": "to"}
_INSTANT = re.compile(r"(?<![^\s(])\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\b", re.ASCII)
_IQN = re.compile(r"iqn\..*:(?=[^:])", re.IGNORECASE | re.DOTALL)


def ordered(report: Report) -> list[tuple[Any, ...]]:
    """The rows as people read them: of findings the open ones first, then by severity.

    A chronicle, whose first brief column is a time, stays in the order of time.
    """
    names = report.names
    first = (*report.brief, *names)[0]
    if report.kind != "finding" or first.endswith(("_after", "_by")) or "happened_by" in names:
        return report.rows
    ranks = {severity: rank for rank, severity in enumerate(SEVERITIES)}
    pairs = zip(report.records(), report.rows, strict=True)
    keyed = [((report.is_over(r), ranks.get(r["severity"], len(ranks))), row) for r, row in pairs]
    return [row for _, row in sorted(keyed, key=lambda pair: pair[0])]


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
        self.shared_facts: list[tuple[str, str]] = []
        if self._dated:
            self.shared_facts = [("times", zone)]
        elif days:
            self.shared_facts = [("day", f"{days.pop()} {zone}")]

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


def same_day(instant: datetime, other: datetime, zone: tzinfo) -> bool:
    """Whether both have one date on the wall clock of *zone*."""
    return clock.local(instant, zone).date() == clock.local(other, zone).date()


def instant(value: datetime, zone: tzinfo, *, dated: bool, named: bool = False) -> str:
    """``02:10`` on the wall clock of *zone*, with its date if *dated*.

    With the zone's name, as ``02:10 CEST``, if *named*, and in the hour that summer time repeats.
    """
    wall = clock.local(value, zone)
    text = wall.time().isoformat("seconds" if wall.second else "minutes")
    if dated:
        text = f"{wall.date()} {text}"
    if named or clock.is_repeated(value, zone):
        text += f" {clock.zone_name(zone, value)}"
    return text


def prose(text: str, zone: tzinfo) -> str:
    """A sentence, with the instants that SQL wrote into it (in UTC) on the wall clock of *zone*."""

    def local(match: re.Match[str]) -> str:
        try:
            value = datetime.fromisoformat(match[0]).replace(tzinfo=None)
        except ValueError:
            return match[0]
        return instant(value, zone, dated=True, named=True)

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
    same = start is not None and same_day(start, end, zone)
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
    """Initiator names without what stands before the last colon, where the rest is unique."""
    values = chain.from_iterable(rows)
    parts = chain.from_iterable(value if isinstance(value, list) else (value,) for value in values)
    names = {part for part in parts if isinstance(part, str) and _IQN.match(part)}
    short = {name: _IQN.sub("…", name, count=1) for name in names}
    uses = Counter(short.values())
    return {name: text for name, text in short.items() if uses[text] == 1}


def heading(name: str) -> str:
    """A column's name in words, so that it can be folded."""
    return name.replace("_", " ")
