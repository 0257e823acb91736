"""Sessions of each node over time: a step line each, its limit, the band of its forecast, its name."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from markupsafe import Markup

from analyzer.console.axis import Axis
from analyzer.console.svg import element, text

WIDTH, HEIGHT = 960, 280
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 130, 10, 24
_PLOT = WIDTH - _LEFT - _RIGHT
_LINE = 14  # pixels between two names
SERIES = 8  # lines at most that readers can distinguish


@dataclass(frozen=True, slots=True)
class Trend:
    """From *start* at *level* to *end*, between *low* and *high*."""

    start: datetime
    level: float
    end: datetime
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class LevelLine:
    """A node: its level from each instant on, until the end of the window."""

    name: str
    points: Sequence[tuple[datetime, int]]
    limit: int | None = None
    trend: Trend | None = None


@dataclass(frozen=True, slots=True)
class LevelScale:
    """The place of an instant and a level, in pixels."""

    axis: Axis
    top: float

    def x(self, instant: datetime) -> float:
        return round(_LEFT + self.axis.share(instant) * _PLOT, 1)

    def y(self, level: float) -> float:
        return round(HEIGHT - _BOTTOM - level / self.top * (HEIGHT - _TOP - _BOTTOM), 1)


def drawn(
    lines: Sequence[LevelLine],
    axis: Axis,
    until: datetime,
    unknown: Iterable[tuple[datetime | None, datetime | None]] = (),
) -> Markup:
    """The drawing; levels end at *until*; the *unknown* intervals are bands."""
    tops = [level for line in lines for _, level in line.points]
    tops += [line.limit for line in lines if line.limit is not None]
    highs = [line.trend.high for line in lines if line.trend is not None]
    steps = _round_steps(max([*tops, *highs, 1]))
    scale = LevelScale(axis, steps[-1])
    parts = [*_grid(scale, steps), *_unknown(scale, unknown, until)]
    for place, line in enumerate(lines):
        parts += _band(scale, line, place)
    parts += _limits(scale, lines)
    # Nodes of an equal number: the wide line is seen behind the narrow one.
    widths = [1.5 + 1.5 * (len(lines) - place) for place in range(1, len(lines) + 1)]
    parts += [
        _line(scale, line, place, until, width)
        for place, (line, width) in enumerate(zip(lines, widths, strict=True))
    ]
    parts += _names(scale, lines)
    words = "; ".join(in_words(line) for line in lines)
    return element(
        "svg", element("title", text(f"Sessions of each node. {words}")), *parts,
        viewBox=f"0 0 {WIDTH} {HEIGHT}", class_="levels", role="img",
    )  # fmt: skip


def in_words(line: LevelLine) -> str:
    """A line in words: its last level and its limit."""
    last = line.points[-1][1] if line.points else 0
    return f"{line.name} {last}{f' of {line.limit}' if line.limit is not None else ''}"


def _round_steps(top: float) -> list[float]:
    """Round levels from 0 to at least *top*, some five of them."""
    size = next(
        (unit * 10**power for power in range(9) for unit in (1, 2, 5) if top / (unit * 10**power) <= 5),
        top,
    )  # fmt: skip
    return [size * number for number in range(int(-(-top // size)) + 1)]


def _grid(scale: LevelScale, steps: Sequence[float]) -> list[Markup]:
    parts = []
    for step in steps:
        y = scale.y(step)
        parts.append(element("line", x1=_LEFT, x2=_LEFT + _PLOT, y1=y, y2=y, class_="rule"))
        parts.append(element("text", f"{step:,.0f}", x=_LEFT - 6, y=y + 4, text_anchor="end"))
    for tick in scale.axis.ticks():
        x = scale.x(tick.at)
        parts.append(element("text", text(tick.label), x=x, y=HEIGHT - 6, text_anchor="middle"))
    return parts


def _unknown(
    scale: LevelScale, intervals: Iterable[tuple[datetime | None, datetime | None]], until: datetime
) -> list[Markup]:
    since = scale.axis.since
    places = sorted(
        (scale.x(max(after or since, since)), scale.x(min(by or until, until)))
        for after, by in intervals
    )
    merged: list[tuple[float, float]] = []
    for left, right in places:
        if merged and left <= merged[-1][1] + 1:
            merged[-1] = merged[-1][0], max(right, merged[-1][1])
        else:
            merged.append((left, right))
    height = HEIGHT - _TOP - _BOTTOM
    return [
        element("rect", element("title", "unknown: no data"), x=left, y=_TOP,
                width=max(right - left, 1), height=height, class_="unknown")
        for left, right in merged
    ]  # fmt: skip


def _band(scale: LevelScale, line: LevelLine, place: int) -> list[Markup]:
    if line.trend is None:
        return []
    trend = line.trend
    x = scale.x(trend.end)
    shape = (
        f"M{scale.x(trend.start)} {scale.y(trend.level)}"
        f"L{x} {scale.y(trend.low)}L{x} {scale.y(trend.high)}Z"
    )
    words = f"{line.name}: {trend.low:.0f} to {trend.high:.0f} by {trend.end:%Y-%m-%d}"
    return [element("path", element("title", text(words)), d=shape, class_=f"band s{place}")]


def _limits(scale: LevelScale, lines: Sequence[LevelLine]) -> list[Markup]:
    """A dashed line for each limit, named for the nodes that have it."""
    owners: dict[int, list[str]] = {}
    for line in lines:
        if line.limit is not None:
            owners.setdefault(line.limit, []).append(line.name)
    parts = []
    for limit, names in owners.items():
        y = scale.y(limit)
        words = text(f"limit {limit:,}: {', '.join(names)}")
        parts.append(element("line", x1=_LEFT, x2=_LEFT + _PLOT, y1=y, y2=y, class_="limit"))
        parts.append(element("text", words, x=_LEFT + 4, y=y - 4, class_="limit"))
    return parts


def _line(scale: LevelScale, line: LevelLine, place: int, until: datetime, width: float) -> Markup:
    """A step line with no more than two marks a pixel: of each column its least and its most."""
    columns: dict[int, list[int]] = {}
    for at, level in line.points:
        columns.setdefault(int(scale.x(max(at, scale.axis.since))), []).append(level)
    shape, before = "", None
    for x, levels in sorted(columns.items()):
        shape += f"M{x} {scale.y(levels[0])}" if before is None else f"H{x}V{scale.y(levels[0])}"
        if len(levels) > 1:
            marks = dict.fromkeys((min(levels), max(levels), levels[-1]))
            shape += "".join(f"V{scale.y(level)}" for level in marks)
            shape += f"V{scale.y(levels[-1])}"
        before = x
    shape += f"H{scale.x(until)}"
    title = element("title", text(in_words(line)))
    return element(
        "path",
        title,
        d=shape,
        class_=f"level s{place}",
        stroke_width=width,
        data_node=text(line.name),
    )


def _names(scale: LevelScale, lines: Sequence[LevelLine]) -> list[Markup]:
    """Each line's name at its end, none upon another."""
    ends = sorted(
        (scale.y(line.trend.high if line.trend else line.points[-1][1]), place)
        for place, line in enumerate(lines)
        if line.points
    )
    places: list[float] = [y for y, _ in ends]
    for number, (above, _) in enumerate(pairwise(list(places)), 1):
        places[number] = max(places[number], places[number - 1] + _LINE, above)
    lowest: float = HEIGHT - _BOTTOM
    for number in range(len(places) - 1, -1, -1):
        places[number] = min(places[number], lowest)
        lowest = places[number] - _LINE
    return [
        element("text", text(lines[place].name), x=_LEFT + _PLOT + 6, y=round(y + 4, 1), class_=f"s{place}")
        for y, (_, place) in zip(places, ends, strict=True)
    ]  # fmt: skip
