"""Pictures of stretches of time: what could be seen, and who was without a path."""

import altair as alt

from analyzer.output.chart import data
from analyzer.output.chart.picture import DOUBT, FAINT, FOUND, LOST, Picture
from analyzer.report.run import Report
from analyzer.text import escape_controls

_SURE, _MAYBE, _OPEN = "away", "away at some time in it", "still away"
_WHO = {"initiator": "host", "interface": "interface", "cause": "cause"}


def coverage(report: Report) -> Picture:
    """What could be seen, and when."""
    since, until = data.window(report)
    spans: dict[tuple[str, str], list[data.Span]] = {}
    for row in report.records():
        key = (escape_controls(row["cluster"]), row["status"])
        spans.setdefault(key, []).append((row["from"], row["to"]))
    # Sorted, so that an unknown span is drawn over what is too near to it to be told apart.
    rows = [
        {"cluster": cluster, "status": status, **data.written(span)}
        for (cluster, status), found in sorted(spans.items())
        for span in data.joined(found, since, until)
    ]
    blind = sum(row["status"] != "complete" for row in report.records())
    colour = alt.Color(
        "status:N", scale=alt.Scale(domain=["complete", "unknown"], range=[FOUND, FAINT])
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
        f"One line for each cluster from {data.instant(since)} to {data.instant(until)}:"
        f" {blind} of {len(report.rows)} spans unknown."
    )
    return Picture("coverage", report.title, text, chart)


def losses(report: Report, column: str) -> Picture:
    """Who was away, when: sure, perhaps, and not back yet; bands are what nobody saw."""
    since, until = data.window(report)
    several = data.clusters(report)
    # Who is still away matters more than who was away often.
    kept, rest = data.most(
        (data.name(row, column, several), 1 if row.get("back_by") else 1_000_000)
        for row in report.records()
    )
    pieces: dict[tuple[str, str], list[data.Span]] = {}
    still = 0
    for row in report.records():
        label = data.name(row, column, several)
        open_ = row["back_by"] is None if "back_by" in row else True
        still += open_
        if label not in kept:
            continue
        back_after = row.get("back_after") if not open_ else until
        lost_by = row.get("lost_by", row["lost_after"])
        for begin, end, kind in (
            (row["lost_after"], lost_by, _MAYBE),
            (lost_by, back_after, _OPEN if open_ else _SURE),
            (back_after, row.get("back_by"), _MAYBE),
        ):
            if begin is not None and end is not None:
                pieces.setdefault((label, kind), []).append((begin, end))
    rows = [
        {"name": label, "kind": kind, **data.written(span)}
        for (label, kind), spans in sorted(pieces.items())
        for span in data.joined(spans, since, until)
    ]
    kinds = alt.Color(
        "kind:N", scale=alt.Scale(domain=[_SURE, _MAYBE, _OPEN], range=[DOUBT, FAINT, LOST])
    )
    x, y = data.time_axis("from", since, until), data.lines("name", sorted(kept))
    bars = (
        alt.Chart(data.values(rows))
        .mark_bar(height={"band": 0.6}, minBandSize=2)
        .encode(x=x, x2="to:T", y=y, color=kinds)
    )
    ends = (
        alt.Chart(data.values([row for row in rows if row["kind"] == _OPEN]))
        .mark_point(shape="triangle-right", filled=True, size=70, color=LOST, opacity=1)
        .encode(x=data.time_axis("to", since, until), y=y)
    )
    chart = alt.layer(data.unknown(report, since, until), bars, ends).properties(
        width=data.WIDTH, height={"step": 20}
    )
    text = (
        f"{len(report.rows)} rows over {len(kept)} lines from {data.instant(since)} to"
        f" {data.instant(until)}; {still} not back yet, drawn to the end with an arrow."
        f" Grey bands are times that nobody saw.{rest}"
    )
    title = report.title if column == "cause" else f"{report.title}, by {_WHO[column]}"
    return Picture(f"{report.name}-{_WHO[column]}", title, text, chart)
