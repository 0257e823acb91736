"""The lanes of one initiator, interface or node over the window of the URL, for its own page."""

from dataclasses import dataclass

from markupsafe import Markup

from analyzer import clock
from analyzer.console import axis as axes
from analyzer.console import lane, time_bar
from analyzer.console.axis import Axis
from analyzer.console.view import View

_BY = {"initiator": "host", "interface": "interface", "node": "node"}
_ROWS = 20  # one for each cluster and SVM


@dataclass(frozen=True, slots=True)
class ObjectLanes:
    """*rows* are the cluster and SVM of a lane and its drawing; *key* is a key to the colours."""

    axis: Markup
    gaps: Markup
    rows: list[tuple[str, Markup]]
    key: dict[str, str]
    command: str


def drawn(view: View, kind: str, name: str) -> ObjectLanes:
    """The lanes of that name; no rows if it was not there in the window.

    Raises:
        UsageError: a time of the URL is wrong.
    """
    report = view.report("lanes", by=_BY[kind], lane=name, rows=_ROWS)
    density = view.report("density")
    since, until = report.parameters["since"], report.parameters["until"]
    axis = Axis(since, until, view.zone)
    clusters = view.catalog.clusters
    gaps = time_bar.gaps(density.records())
    words = lane.WORDS if kind == "initiator" else lane.OF_OBJECTS
    rows = []
    for shown in lane.lanes(report.records()):
        blind = any(gap.cluster == shown.cluster for gap in gaps)
        place = f"gaps-{clusters.index(shown.cluster)}" if blind else None
        label = " ".join(filter(None, (shown.cluster, shown.svm)))
        rows.append((label, lane.drawn(shown, axis, words, place)))
    times = {"since": clock.iso(since), "until": clock.iso(until)}
    command = view.command("report lanes", **times, by=_BY[kind], lane=name)
    return ObjectLanes(axes.drawn(axis), lane.blind(axis, gaps, clusters), rows, words, command)
