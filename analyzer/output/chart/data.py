"""Helpers of charts: names as text that is only shown, time axes, and fewer lines than rows."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import altair as alt

from analyzer import clock
from analyzer.engine.engine import Row
from analyzer.output.chart.picture import FAINT
from analyzer.report.run import Report
from analyzer.text import beginning, escape_controls

WIDTH = 760
_LONG = 300  # characters of a name
LINES = 40  # what a picture can show; the table has them all
_LABEL = "length(datum.label) > 36 ? '…' + slice(datum.label, -35) : datum.label"
Span = tuple[datetime, datetime]


def name(row: Row, column: str, clusters: int) -> str:
    """A name as a label, with its cluster where there are several; of a very long one the begin."""
    text = escape_controls(beginning(str(row[column]), _LONG)) if row[column] else "not known"
    return f"{escape_controls(row['cluster'])} / {text}" if clusters > 1 else text


def clusters(report: Report) -> int:
    """How many clusters the report speaks of."""
    return len({row["cluster"] for row in report.records()})


def most(weights: Iterable[tuple[str, int]]) -> tuple[list[str], str]:
    """The labels of most weight that fit a picture, and a sentence about the rest."""
    counted: Counter[str] = Counter()
    for label, weight in weights:
        counted[label] += weight
    ranked = sorted(counted, key=lambda label: (-counted[label], label))
    rest = len(ranked) - LINES
    left_out = f" The {LINES} that matter most are drawn; {rest} more are not." if rest > 0 else ""
    return ranked[:LINES], left_out


def window(report: Report) -> tuple[datetime, datetime]:
    """The window of a report; of an instant, what its rows span."""
    parameters = report.parameters
    if "since" in parameters:
        return parameters["since"], parameters["until"]
    end = parameters.get("at") or parameters.get("after") or clock.now()
    begins = [row["lost_after"] for row in report.records() if row.get("lost_after")]
    return min(begins, default=end), end


def values(rows: Iterable[Mapping[str, object]]) -> alt.InlineData:
    """Rows as the data of a chart; Vega reads instants as text."""
    return alt.InlineData(
        values=[
            {name: clock.iso(v) if isinstance(v, datetime) else v for name, v in row.items()}
            for row in rows
        ]
    )


def time_axis(field: str, since: datetime, until: datetime) -> alt.X:
    """A time axis in UTC over a window."""
    scale = alt.Scale(type="utc", domain=[clock.iso(since), clock.iso(until)], nice=False)
    days = (until - since).total_seconds() / 86_400
    written = "%H:%M" if days <= 1.5 else "%d %b %H:%M" if days <= 5 else "%d %b"
    axis = alt.Axis(title="UTC", grid=True, labelOverlap=True, format=written)
    return alt.X(f"{field}:T", scale=scale, axis=axis)


def lines(field: str, order: Sequence[str] | None = None) -> alt.Y:
    """A line for each name; of a long name the end is shown, where names differ."""
    axis = alt.Axis(
        title=None, labelExpr=_LABEL, labelLimit=260, ticks=False, domain=False, offset=4
    )
    return alt.Y(f"{field}:N", sort=list(order) if order else "ascending", axis=axis)


def joined(spans: Iterable[Span], since: datetime, until: datetime) -> list[Span]:
    """Spans cut to the window; those that the picture cannot show apart are one."""
    pixel = (until - since) / WIDTH
    merged: list[Span] = []
    for begin, end in sorted(spans):
        first, last = max(begin, since), min(end, until)
        if first >= last:
            continue
        if merged and first - merged[-1][1] < pixel:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged


def unknown(report: Report, since: datetime, until: datetime) -> alt.Chart:
    """Bands where nothing could be seen."""
    gaps = [
        (gap.after or since, gap.by or until) for cover in report.coverage for gap in cover.unknown
    ]
    rows = [{"from": begin, "to": end} for begin, end in joined(gaps, since, until)]
    bands: alt.Chart = (
        alt.Chart(values(rows))
        .mark_rect(color=FAINT, opacity=0.3)
        .encode(x=time_axis("from", since, until), x2="to:T")
    )
    return bands
