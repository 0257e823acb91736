"""Pictures of stretches of time: what could be seen, and who was without a path."""

from collections.abc import Iterator
from datetime import datetime

import altair as alt

from analyzer import clock
from analyzer.engine.engine import Row
from analyzer.output.chart import data
from analyzer.output.chart.picture import CALM, DOUBT, FAINT, HEALTHY, LOST, Picture
from analyzer.report.run import Report
from analyzer.text import counted, escape_controls

_DOWN, _MAYBE, _OPEN, _PARTLY = "down", "possibly down", "still down", "partly back"
_WHO = {"initiator": "host", "interface": "interface", "cause": "cause"}


def coverage(report: Report) -> Picture:
    """Coverage over time."""
    since, until = data.window(report)
    spans: dict[tuple[str, str], list[data.Span]] = {}
    for row in report.records():
        key = (escape_controls(row["cluster"]), row["status"])
        spans.setdefault(key, []).append((row["from"], row["to"]))
    # Sorted, so that an unknown span is drawn over one that would be indistinguishable from it.
    rows = [
        {"cluster": cluster, "status": status, "from": begin, "to": end}
        for (cluster, status), stretches in sorted(spans.items())
        for begin, end in data.joined(stretches, since, until)
    ]
    blind = sum(row["status"] != "complete" for row in report.records())
    colour = alt.Color(
        "status:N", scale=alt.Scale(domain=["complete", "unknown"], range=[HEALTHY, FAINT])
    )
    chart = (
        alt.Chart(data.values(rows))
        .mark_bar(height={"band": 0.7})
        .encode(
            x=data.time_axis("from", since, until), x2="to:T", y=data.lines("cluster"), color=colour
        )
        .properties(width=data.WIDTH, height={"step": 34})
    )
    text = (
        f"One line for each cluster from {clock.iso(since)} to {clock.iso(until)}:"
        f" {blind} of {len(report.rows)} spans unknown."
    )
    return Picture("coverage", report.title, text, chart)


def losses(report: Report, column: str) -> Picture:
    """The times of each outage: certain, possible, and not back yet; bands are unknown time."""
    since, until = data.window(report)
    several = data.clusters(report)
    records = report.records()
    # Who is still down matters more than who was down often.
    drawn, rest = data.most(
        (data.name(row, column, several), 1 if row.get("back_by") else 1_000_000) for row in records
    )
    shown = set(drawn)
    pieces: dict[tuple[str, str], list[data.Span]] = {}
    for row in records:
        label = data.name(row, column, several)
        if label in shown:
            for begin, end, kind in _stretches(row, until):
                if begin is not None and end is not None:
                    pieces.setdefault((label, kind), []).append((begin, end))
    rows = [
        {"name": label, "kind": kind, "from": begin, "to": end}
        for (label, kind), spans in sorted(pieces.items())
        for begin, end in data.joined(spans, since, until)
    ]
    scale = alt.Scale(domain=[_DOWN, _MAYBE, _PARTLY, _OPEN], range=[DOUBT, FAINT, CALM, LOST])
    x, y = data.time_axis("from", since, until), data.lines("name", sorted(drawn))
    bars = (
        alt.Chart(data.values(rows))
        .mark_bar(height={"band": 0.6}, minBandSize=2)
        .encode(x=x, x2="to:T", y=y, color=alt.Color("kind:N", scale=scale))
    )
    ends = (
        alt.Chart(data.values([row for row in rows if row["kind"] in {_OPEN, _PARTLY}]))
        .mark_point(shape="triangle-right", filled=True, size=70, opacity=1)
        .encode(x=data.time_axis("to", since, until), y=y, color=alt.Color("kind:N", scale=scale))
    )
    chart = alt.layer(data.unknown(report, since, until), bars, ends).properties(
        width=data.WIDTH, height={"step": 20}
    )
    still = sum(_is_open(row) for row in records)
    text = (
        f"{counted(len(records), 'row')} over {counted(len(drawn), 'line')} from"
        f" {clock.iso(since)} to {clock.iso(until)}; {still} not back yet, drawn to the end"
        f" with an arrow. Grey bands are times that nobody saw.{rest}"
    )
    title = report.title if column == "cause" else f"{report.title}, by {_WHO[column]}"
    return Picture(f"{report.name}-{_WHO[column]}", title, text, chart)


def _is_open(row: Row) -> bool:
    return row.get("back_by") is None or row.get("status") == "partly_back"


def _stretches(row: Row, until: datetime) -> Iterator[tuple[datetime | None, datetime | None, str]]:
    """The parts of a loss: between its two bounds, down, between the bounds of its return."""
    lost_by = row.get("lost_by", row["lost_after"])
    yield row["lost_after"], lost_by, _MAYBE
    if row.get("back_by") is None:
        yield lost_by, until, _OPEN
        return
    yield lost_by, row["back_after"], _DOWN
    yield row["back_after"], row["back_by"], _MAYBE
    if row.get("status") == "partly_back":
        yield row["back_by"], until, _PARTLY
