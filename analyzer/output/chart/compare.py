"""Pictures that set things beside each other: hosts and interfaces, before and after."""

from collections import Counter

import altair as alt

from analyzer.output.chart import data
from analyzer.output.chart.picture import CALM, HEALTHY, INK, LOST, Picture
from analyzer.output.table import headline
from analyzer.report.run import Report
from analyzer.text import counted

_COLUMNS = 24
_SIDES = {"lost": -1, "connection_lost": -1, "appeared": 1}


def heat(report: Report) -> Picture:
    """Which host reaches which interface; an empty cell is no session, a red one is one that is expected."""
    records = report.records()
    several = data.clusters(report)
    cells: Counter[tuple[str, str]] = Counter()
    expected = set()
    for row in records:
        key = data.name(row, "initiator", several), data.name(row, "interface", several)
        cells[key] += row["sessions"]
        if row.get("expected"):
            expected.add(key)
    holes = {key for key in expected if not cells[key]}
    # Hosts that miss interfaces say most, so they are the ones that are drawn.
    reached = Counter(host for (host, _), count in cells.items() if count)
    short = Counter(host for host, _ in holes)
    names = {host for host, _ in cells}
    ranked = sorted(names, key=lambda host: (-short[host], reached[host], host))
    hosts = sorted(ranked[: data.LINES])
    places = sorted({interface for _, interface in cells})
    columns = places[:_COLUMNS]
    rows = [
        {
            "host": host,
            "interface": place,
            "sessions": cells[host, place],
            "hole": (host, place) in holes,
        }
        for host in hosts
        for place in columns
        if (host, place) in cells
    ]
    axis = alt.Axis(title=None, orient="top", labelAngle=-40, labelLimit=160, domain=False)
    base = alt.Chart(data.values(rows)).encode(
        x=alt.X("interface:N", axis=axis), y=data.lines("host")
    )
    blocks = base.mark_rect(color=CALM, stroke=CALM, strokeOpacity=0.4).encode(
        fillOpacity=alt.FillOpacity(
            "sessions:Q", scale=alt.Scale(zero=True, range=[0, 0.6]), legend=None
        )
    )
    red = base.mark_rect(color=LOST, opacity=0.7).transform_filter("datum.hole")
    text_ = base.mark_text(color=INK, fontSize=11).encode(text="sessions:Q")
    chart = alt.layer(blocks, red, text_).properties(
        width=min(data.WIDTH, max(40 * len(columns), 160)), height={"step": 20}
    )
    rest = len(ranked) - len(hosts)
    empty = sum(not count for count in cells.values())
    text = (
        f"{counted(len(ranked), 'host')} and {counted(len(places), 'interface')}; {empty} of"
        f" {counted(len(cells), 'cell')} without a session, {len(holes)} of them where one is"
        " expected, in red."
        + (f" The {len(hosts)} hosts with the fewest interfaces are drawn." if rest else "")
        + (f" The first {_COLUMNS} interfaces are drawn." if len(places) > _COLUMNS else "")
    )
    return Picture("paths", report.title, text, chart)


def changes(report: Report) -> Picture:
    """Before and after: sessions that each interface lost and that appeared on it."""
    several = data.clusters(report)
    sides: Counter[tuple[str, str]] = Counter()
    for row in report.records():
        if row["change"] in _SIDES:
            change = "appeared" if _SIDES[row["change"]] > 0 else "lost"
            sides[data.name(row, "interface", several), change] += row["sessions"]
    drawn, rest = data.most((name, count) for (name, _), count in sides.items())
    rows = [
        {
            "interface": name,
            "change": change,
            "sessions": count * (1 if change == "appeared" else -1),
        }
        for (name, change), count in sorted(sides.items())
        if name in drawn
    ]
    colour = alt.Color(
        "change:N", scale=alt.Scale(domain=["lost", "appeared"], range=[LOST, HEALTHY])
    )
    whole = alt.Axis(title="sessions, lost to the left", format="d", tickMinStep=1)
    chart = (
        alt.Chart(data.values(rows))
        .mark_bar(height={"band": 0.7})
        .encode(
            x=alt.X("sessions:Q", axis=whole, stack=None),
            y=data.lines("interface"),
            color=colour,
        )
        .properties(width=data.WIDTH, height={"step": 24})
    )
    totals = {
        change: sum(n for (_, w), n in sides.items() if w == change)
        for change in ("lost", "appeared")
    }
    text = f"{counted(totals['lost'], 'session')} lost and {totals['appeared']} appeared.{rest}"
    return Picture("changes", report.title, text, chart)


def nothing(report: Report) -> Picture:
    """A report without rows, as a picture."""
    text = headline(report)
    chart = alt.Chart(data.values([{"said": text}])).mark_text(color=INK, fontSize=14)
    return Picture(report.name, report.title, text, chart.encode(text="said:N"))
