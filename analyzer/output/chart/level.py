"""Pictures of numbers over time: sessions of each node, and the river of changes."""

from collections import Counter
from datetime import datetime, timedelta
from typing import NamedTuple

import altair as alt

from analyzer import clock
from analyzer.engine.engine import Row
from analyzer.output.chart import data
from analyzer.output.chart.picture import CALM, HEALTHY, LOST, SERIES, Picture
from analyzer.report.run import Report

_POINTS = 400
_LABELS = 14  # names that fit above each other
_AHEAD = timedelta(days=90)
_RIVER = {"lost": LOST, "reconnected": CALM, "appeared": HEALTHY}


class LabelPlace(NamedTuple):
    """Where the name of a line stands."""

    node: str
    at: datetime
    place: float


class BandEdge(NamedTuple):
    """The forecast's range of a node at an instant."""

    node: str
    at: datetime
    low: float
    high: float


def sessions(report: Report, forecast: Report | None = None) -> Picture:
    """Sessions of each node, with its limit, and where the trend leads, if that is known."""
    since, until = data.window(report)
    several = data.clusters(report)
    lines: dict[str, list[Row]] = {}
    limits: dict[str, int] = {}
    for row in report.records():
        label = data.name(row, "node", several)
        lines.setdefault(label, []).append(row)
        if row["limit"] is not None:
            limits[label] = row["limit"]
    drawn = sorted(lines)[: len(SERIES)]
    rows = [
        {"node": label, "at": max(at, since), "sessions": level}
        for label in drawn
        for at, level in _thinned(lines[label], until)
    ]
    band = _band(forecast, drawn, several) if forecast is not None else []
    end = max([until, *(edge.at for edge in band)])
    colour = alt.Color("node:N", scale=alt.Scale(domain=drawn, range=SERIES), legend=None)
    # Nodes of an equal number: the wide line is seen behind the narrow one.
    widths = [1.5 + 1.5 * (len(drawn) - at) for at in range(1, len(drawn) + 1)]
    axis = alt.Axis(title="sessions", format="d", tickMinStep=1)
    x = data.time_axis("at", since, end)
    level = alt.Chart(data.values(rows)).mark_line(interpolate="step-after").encode(
        x=x,
        y=alt.Y("sessions:Q", axis=axis, scale=alt.Scale(zero=True)),
        color=colour,
        strokeWidth=alt.StrokeWidth(
            "node:N", scale=alt.Scale(domain=drawn, range=widths), legend=None
        ),
    )  # fmt: skip
    limit = alt.Chart(
        data.values([{"node": k, "limit": v} for k, v in limits.items() if k in drawn])
    ).mark_rule(strokeDash=[6, 4]).encode(y="limit:Q", color=colour)  # fmt: skip
    spread = (
        alt.Chart(data.values(edge._asdict() for edge in band))
        .mark_area(opacity=0.25)
        .encode(x=x, y="low:Q", y2="high:Q", color=colour)
    )
    ends = {label: lines[label][-1]["sessions"] for label in drawn}
    top = max([*ends.values(), *limits.values(), *(edge.high for edge in band), 1])
    names = (
        alt.Chart(data.values(place._asdict() for place in _places(ends, top / _LABELS, end)))
        .mark_text(align="left", dx=6, fontSize=11)
        .encode(x=x, y="place:Q", text="node:N", color=colour)
    )
    layers = (data.unknown(report, since, until), spread, limit, level, names)
    chart = alt.layer(*layers).properties(width=data.WIDTH, height=220)
    now = "; ".join(
        f"{label} {lines[label][-1]['sessions']}"
        + (f" of {limits[label]}" if label in limits else "")
        for label in drawn
    )
    text = (
        f"From {clock.iso(since)} to {clock.iso(until)}; at the end: {now}. A dashed line is"
        " a limit that policy gives, a band what the forecast allows, grey what nobody saw."
    )
    return Picture("sessions", report.title, text, chart)


def _places(ends: dict[str, int], least: float, at: datetime) -> list[LabelPlace]:
    """Where each line's name stands: at its end, at least so far above the one below it."""
    places: list[LabelPlace] = []
    for label, level in sorted(ends.items(), key=lambda end: (end[1], end[0])):
        place = max(float(level), places[-1].place + least) if places else float(level)
        places.append(LabelPlace(label, at, place))
    return places


def _thinned(rows: list[Row], until: datetime) -> list[tuple[datetime, int]]:
    """Levels; of many, the lowest and the highest of each stretch, so that no peak is hidden."""
    points = [(row["since"], row["sessions"]) for row in rows]
    size = -(-2 * len(points) // _POINTS)
    if size > 2:
        parts = [points[at : at + size] for at in range(0, len(points), size)]
        points = sorted(
            {pick(part, key=lambda point: point[1]) for part in parts for pick in (min, max)}
        )
    return [*points, (until, rows[-1]["sessions"])]


def _band(forecast: Report, drawn: list[str], several: int) -> list[BandEdge]:
    """From the last day on: between the flattest and the steepest slope that the days allow."""
    edges: list[BandEdge] = []
    start = forecast.parameters["at"]
    for row in forecast.records():
        label = data.name(row, "node", several)
        if row["slowest"] is None or row["sessions"] is None or label not in drawn:
            continue
        weeks = _AHEAD / timedelta(weeks=1)
        low, high = (max(0.0, row["sessions"] + row[k] * weeks) for k in ("slowest", "fastest"))
        edges.append(BandEdge(label, start, row["sessions"], row["sessions"]))
        edges.append(BandEdge(label, start + _AHEAD, low, high))
    return edges


def river(report: Report) -> Picture:
    """Sessions that appeared, were lost and reconnected, by the hour they were seen to; or by day."""
    since, until = data.window(report)
    daily = until - since > timedelta(days=10)
    step = timedelta(days=1) if daily else timedelta(hours=1)
    counts: Counter[tuple[datetime, str]] = Counter()
    for row in report.records():
        if row["change"] in _RIVER:
            by = row["changed_by"].replace(minute=0, second=0, microsecond=0)
            counts[by.replace(hour=0) if daily else by, row["change"]] += row["sessions"] or 0
    rows = [
        {
            "from": max(at, since),
            "to": min(at + step, until),
            "change": change,
            "low": _foot(counts, at, change),
            "high": _foot(counts, at, change) + (-number if change == "lost" else number),
        }
        for (at, change), number in sorted(counts.items())
        if at < until
    ]
    colour = alt.Color(
        "change:N",
        sort=list(_RIVER),
        scale=alt.Scale(domain=list(_RIVER), range=list(_RIVER.values())),
    )
    axis = alt.Axis(title="sessions, lost below", format="d", tickMinStep=1)
    bars = (
        alt.Chart(data.values(rows))
        .mark_rect()
        .encode(
            x=data.time_axis("from", since, until),
            x2="to:T",
            y=alt.Y("low:Q", axis=axis),
            y2="high:Q",
            color=colour,
        )
    )
    chart = alt.layer(data.unknown(report, since, until), bars).properties(
        width=data.WIDTH, height=200
    )
    totals = {change: sum(n for (_, w), n in counts.items() if w == change) for change in _RIVER}
    listed = ", ".join(f"{number} {change}" for change, number in totals.items())
    text = f"Sessions by {'day' if daily else 'hour'}: {listed}. Grey bands are times nobody saw."
    return Picture("events", report.title, text, chart)


def _foot(counts: Counter[tuple[datetime, str]], at: datetime, change: str) -> int:
    """Where a bar begins: reconnected stands on appeared."""
    return counts[at, "appeared"] if change == "reconnected" else 0
