"""Capacity: sessions of each node against its limit, where that leads, and what a change would do."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec.structs import replace

from analyzer import clock
from analyzer.console import level_drawing
from analyzer.console.axis import Axis
from analyzer.console.level_drawing import LevelLine, Trend
from analyzer.console.report_page import Panel, fields
from analyzer.console.view import View
from analyzer.engine.engine import Row
from analyzer.output import table
from analyzer.report import run
from analyzer.report.run import Report, ReportRequest

_SINCE = "90d"  # where the URL names no window
# The reports of the page beside levels, and the form's parameters that are theirs.
_QUESTIONS = {"failover": ("kind", "name"), "what-if": ("hosts", "like", "interfaces", "within")}
Key = tuple[str, str | None]


@dataclass(frozen=True, slots=True)
class CapacityRow:
    """One node: *level* of the window, *trend* and *partner* as the reports have them."""

    cluster: str
    node: str | None
    href: str | None
    level: Row
    trend: Row
    partner: Row


def page(view: View) -> str:
    """Levels, limits and forecast, one row a node; failover and what-if as forms.

    Raises:
        NothingSeen: there is no complete snapshot in the window.
    """
    request = view.request(filters={})
    if not view.address.value("since"):
        request = replace(request, since=_SINCE)
    request = replace(request, at=request.until)
    on = view.address.value("on")
    peaks = view.report("sessions-by-node", request)
    levels = view.report("sessions-over-time", request)
    forecast = view.report("forecast", request, **({"on": on} if on else {}))
    loads = view.report("what-if", request)
    several = len(peaks.data) > 1
    lines = _lines(levels, forecast, several=several)
    until = run.moment(view.catalog, request.until, view.zone)
    ends = [line.trend.end for line in lines if line.trend is not None]
    axis = Axis(run.moment(view.catalog, request.since, view.zone), max([until, *ends]), view.zone)
    gaps = [(gap.after, gap.by) for cover in levels.coverage for gap in cover.unknown]
    times = {"since": request.since, "until": view.address.value("until")}
    at = {"at": view.address.value("until")}
    return view.render(
        "capacity.html",
        rows=_rows(view, peaks, forecast, loads),
        several=several,
        day=next((row["on"] for row in forecast.records()), None),
        picture=level_drawing.drawn(lines, axis, until, gaps) if lines else "",
        left_out=len(_nodes(levels)) - len(lines),
        coverage=table.coverage(levels, view.zone),
        window=f"{view.when(axis.since)}–{view.when(until)} {clock.zone_name(view.zone, axis.since, until)}",
        since=_SINCE,
        panels=[_panel(view, name, request) for name in _QUESTIONS],
        commands=[
            (view.command("report sessions-by-node", **times), view.link("/reports/sessions-by-node", **times)),
            (view.command("report forecast", on=on, **at), view.link("/reports/forecast", on=on, **at)),
            (view.command("report what-if", **at), view.link("/reports/what-if", **at)),
        ],
        over_time=view.command("report sessions-over-time", **times),
        over_time_link=view.link("/reports/sessions-over-time", **times),
    )  # fmt: skip


def _keyed(report: Report) -> dict[Key, Row]:
    return {(row["cluster"], row["node"]): row for row in report.records()}


def _rows(view: View, peaks: Report, forecast: Report, loads: Report) -> list[CapacityRow]:
    """The three reports side by side, by node."""
    levels, trends, partners = _keyed(peaks), _keyed(forecast), _keyed(loads)
    keys = sorted({*levels, *trends, *partners}, key=lambda key: (key[0], key[1] or "~"))
    empty = [dict.fromkeys(report.names) for report in (peaks, forecast, loads)]
    return [
        CapacityRow(
            cluster,
            node,
            view.of_object("node", node),
            levels.get((cluster, node), empty[0]),
            trends.get((cluster, node), empty[1]),
            partners.get((cluster, node), empty[2]),
        )
        for cluster, node in keys
    ]


def _nodes(levels: Report) -> dict[Key, list[Row]]:
    nodes: dict[Key, list[Row]] = {}
    for row in levels.records():
        nodes.setdefault((row["cluster"], row["node"]), []).append(row)
    return nodes


def _lines(levels: Report, forecast: Report, *, several: bool) -> list[LevelLine]:
    """At most ``SERIES`` lines: of more nodes those with the most sessions."""
    trends = _keyed(forecast)
    lines = []
    for (cluster, node), rows in _nodes(levels).items():
        name = node or "no node"
        points = [(row["since"], row["sessions"]) for row in rows]
        trend = _trend(trends.get((cluster, node)), forecast.parameters["at"])
        limit = next((row["limit"] for row in reversed(rows)), None)
        lines.append(LevelLine(f"{cluster} {name}" if several else name, points, limit, trend))
    lines.sort(key=lambda line: (-line.points[-1][1], line.name))
    return lines[: level_drawing.SERIES]


def _trend(row: Row | None, start: datetime) -> Trend | None:
    if row is None or row["sessions_on"] is None or row["on"] is None:
        return None
    end = datetime.combine(row["on"], datetime.min.time())
    if end - start < timedelta(days=1):
        return None
    low, high = float(row["sessions_on_low"]), float(row["sessions_on_high"])
    return Trend(start, float(row["sessions"]), end, low, high)


def _panel(view: View, name: str, request: ReportRequest) -> Panel:
    """The failover or the what-if: its questions, and its rows that matter."""
    query = view.catalog.reports[name]
    values = {key: view.address.value(key) for key in _QUESTIONS[name] if view.address.value(key)}
    severity = "low" if query.kind == "finding" else "info"
    options = {**values, "at": view.address.value("until")}
    if severity != "info":
        options["severity"] = severity
    command = view.command(f"report {name}", **options)
    href = view.link(f"/reports/{name}", since=None, until=None, **options)
    questions = [field for field in fields(view, query) if field.name in _QUESTIONS[name]]

    def answer() -> Report:
        parsed = {key: query.params[key].parse(key, text) for key, text in values.items()}
        return view.report(name, replace(request, severity=severity), **parsed)

    return Panel(name, query.title, command, href, questions).of(answer, view)
