"""Sparklines: a series as one line, above the table of its levels; for people only.

Of each stretch of time the lowest level is drawn, so that no dip is lost. What nobody could see is
a question mark. Least and most stand beside, since the line is drawn between them.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from analyzer.output.value import cell
from analyzer.report.run import Report
from analyzer.text import escape_controls

BLOCKS = "▁▂▃▄▅▆▇█"
_WIDTH = 32  # stretches of a window
_UNKNOWN, _NOT_YET = "?", " "


def lines(report: Report) -> list[str]:
    """A line for each series that the report says it has: whose, its levels, least to most."""
    if report.series is None:
        return []
    names = [column.name for column in report.columns]
    at = names.index(report.series)
    along = next((k for k, column in enumerate(report.columns) if _instant(column.type)), at)
    told: dict[tuple[Any, ...], list[tuple[Any, Any]]] = {}
    for row in report.rows:
        if row[at] is not None and row[along] is not None:
            told.setdefault(row[:along], []).append((row[along], row[at]))
    made = []
    for whose, points in told.items():
        levels = _levels(report, whose[0], points)
        if len([level for level in levels if level is not None]) > 1:
            name = " ".join(escape_controls(cell(part)) for part in whose if part is not None)
            values = [value for _, value in points]
            least, most = min(values), max(values)
            made.append((name, _drawn(levels, least, most), _ends(least, most)))
    wide = max((len(name) for name, *_ in made), default=0)
    return [f"{name:<{wide}}  {drawn}  {ends}" for name, drawn, ends in made]


def _instant(kind: str) -> bool:
    return kind in {"TIMESTAMP", "DATE"}


def _levels(
    report: Report, cluster: str, points: Sequence[tuple[date, float]]
) -> list[float | str | None]:
    """A level for each stretch of the window, the lowest in it; without a window, each point."""
    since, until = report.parameters.get("since"), report.parameters.get("until")
    if not (isinstance(since, datetime) and isinstance(until, datetime) and until > since):
        return [value for _, value in sorted(points)]
    step = (until - since) / _WIDTH
    gaps = [
        (gap["after"] or since, gap["by"] or until)
        for told in report.coverage
        if told["cluster"] == cluster
        for gap in told["unknown"]
    ]
    return [_level(sorted(points), gaps, since + step * k, step) for k in range(_WIDTH)]


def _level(
    points: Sequence[tuple[Any, float]],
    gaps: Sequence[tuple[datetime, datetime]],
    start: datetime,
    step: timedelta,
) -> float | str | None:
    end = start + step
    if any(after <= start and end <= by for after, by in gaps):
        return _UNKNOWN
    before = [value for at, value in points if at <= start][-1:]
    return min(before + [value for at, value in points if start < at < end], default=None)


def _ends(least: float, most: float) -> str:
    return f"{least:,}–{most:,}" if most > least else f"{most:,}"


def _drawn(levels: Sequence[float | str | None], least: float, most: float) -> str:
    top = len(BLOCKS) - 1

    def block(level: float) -> str:
        return BLOCKS[round((level - least) / (most - least) * top) if most > least else top // 2]

    return "".join(
        level if isinstance(level, str) else _NOT_YET if level is None else block(level)
        for level in levels
    )
