"""Sparklines: a series as one line, above the table of its levels; for people only.

A line has a mark for each part of the window: the lowest level in it, so that no dip is lost. What
nobody could see is a question mark. Least and most stand beside, since the line is drawn between
them.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from analyzer.output.value import cell
from analyzer.report.run import Report
from analyzer.text import escape_controls

BLOCKS = "▁▂▃▄▅▆▇█"
_WIDTH = 32  # marks of a line
_UNKNOWN, _NOT_YET = "?", " "
Point = tuple[datetime, float]
Span = tuple[datetime, datetime]


def lines(report: Report) -> list[str]:
    """A line for each series that the report says it has: whose, its levels, least to most.

    A series is identified by the columns before its time, which is the first column of a time or
    a date.
    """
    names, types = report.names, [column.type for column in report.columns]
    when = next((k for k, type_ in enumerate(types) if type_ in {"TIMESTAMP", "DATE"}), None)
    if report.series is None or when is None:
        return []
    level = names.index(report.series)
    series: dict[tuple[Any, ...], list[Point]] = {}
    for row in report.rows:
        if row[level] is not None and row[when] is not None:
            series.setdefault(row[:when], []).append((_instant(row[when]), row[level]))
    drawn = []
    for owner, points in series.items():
        cluster = owner[names.index("cluster")] if "cluster" in names[:when] else None
        marks = _levels(report, cluster, sorted(points))
        if sum(mark is not None for mark in marks) > 1:
            name = " ".join(escape_controls(cell(part)) for part in owner if part is not None)
            values = [value for _, value in points]
            least, most = min(values), max(values)
            drawn.append((name, _line(marks, least, most), _range(least, most)))
    wide = max((len(name) for name, *_ in drawn), default=0)
    return [f"{f'{name:<{wide}}  ' if wide else ''}{line}  {ends}" for name, line, ends in drawn]


def _instant(value: date) -> datetime:
    return value if isinstance(value, datetime) else datetime.combine(value, time())


def _levels(
    report: Report, cluster: str | None, points: Sequence[Point]
) -> list[float | str | None]:
    """A level for each part of the window, the lowest in it; without a window, each point."""
    since, until = report.parameters.get("since"), report.parameters.get("until")
    if not (isinstance(since, datetime) and isinstance(until, datetime) and until > since):
        return [value for _, value in points]
    step = (until - since) / _WIDTH
    gaps = [
        (gap.after or since, gap.by or until)
        for coverage in report.coverage
        if coverage.cluster == cluster
        for gap in coverage.unknown
    ]
    return [_level(points, gaps, since + step * k, step) for k in range(_WIDTH)]


def _level(
    points: Sequence[Point], gaps: Sequence[Span], start: datetime, step: timedelta
) -> float | str | None:
    end = start + step
    if any(after <= start and end <= by for after, by in gaps):
        return _UNKNOWN
    before = [value for at, value in points if at <= start][-1:]
    return min(before + [value for at, value in points if start < at < end], default=None)


def _range(least: float, most: float) -> str:
    return f"{least:,}–{most:,}" if most > least else f"{most:,}"


def _line(levels: Sequence[float | str | None], least: float, most: float) -> str:
    top = len(BLOCKS) - 1

    def block(level: float) -> str:
        return BLOCKS[round((level - least) / (most - least) * top) if most > least else top // 2]

    return "".join(
        level if isinstance(level, str) else _NOT_YET if level is None else block(level)
        for level in levels
    )
