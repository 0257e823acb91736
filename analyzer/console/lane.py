"""A lane of the timeline: how redundantly one host, interface or node was connected, and when."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from markupsafe import Markup

from analyzer.console.axis import Axis
from analyzer.console.svg import element
from analyzer.console.time_bar import UnseenSpan, hatch, unknown
from analyzer.engine.engine import Row
from analyzer.output import wording
from analyzer.text import beginning, escape_controls

HEIGHT = 14
WORDS = {
    "none": "no path", "one_path": "one path", "one_node": "one node", "one_subnet": "one subnet",
    "some_paths": "some paths missing", "all_paths": "all paths", "unknown": "unknown",
}  # fmt: skip
OF_OBJECTS = {
    "none": "nearly no session", "some_paths": "fewer sessions", "all_paths": "all",
    "unknown": "unknown",
}  # fmt: skip
_ENDED = ("recovered", "replaced", "abandoned")
_LONGEST = 300  # characters of a name
_SPANS_IN_WORDS = 6  # at most; of the others the number


@dataclass(frozen=True, slots=True)
class Lane:
    """*name* is of the host, interface or node; *spans* are its rows of a report of lanes."""

    name: str
    cluster: str
    svm: str | None
    standing: str
    spans: Sequence[Row]

    @property
    def label(self) -> str:
        """Its name in a drawing: harmless, and not too long."""
        return beginning(escape_controls(self.name), _LONGEST)

    @property
    def state(self) -> str:
        """Its state at the end."""
        return str(self.spans[-1]["state"])


def lanes(rows: Iterable[Row]) -> list[Lane]:
    """The rows of a report of lanes, as they stand one below the other."""
    drawn = []
    for _, group in groupby(rows, key=lambda row: row["place"]):
        spans = list(group)
        first = spans[0]
        drawn.append(Lane(first["lane"], first["cluster"], first["svm"], first["standing"], spans))
    return drawn


def of_causes(rows: Iterable[Row], axis: Axis) -> list[Lane]:
    """A lane for each row of a report of outages: down between its bounds, open ones first."""
    drawn = []
    for row in rows:
        end = row["back_by"] if row["status"] in _ENDED and row["back_by"] else axis.until
        first = int(min(axis.column(row["lost_by"]), axis.columns - 1))
        span = {
            "state": "none" if row["hosts_without_path"] else "some_paths",
            "began_after": row["lost_after"], "began_by": row["lost_by"],
            "from": row["lost_by"], "to": end, "first_column": first,
            "last_column": max(first, min(int(axis.column(end)), axis.columns - 1)),
        }  # fmt: skip
        standing = "over" if row["status"] in _ENDED else "open"
        name = f"{row['cause_kind']} {row['cause']}"
        drawn.append(Lane(name, row["cluster"], None, standing, [span]))
    return sorted(drawn, key=lambda lane: lane.standing == "over")


def drawn(lane: Lane, axis: Axis, words: dict[str, str], gaps: str | None = None) -> Markup:
    """One path for each state, what is not certain of its begin paler, and the words of it all.

    *gaps* is the id of what ``blind`` drew for the cluster.
    """
    seen = [row for row in lane.spans if row["state"] != "unknown"]
    paths = [
        _path(lane, axis, state, list(spans), words[state])
        for state, spans in groupby(
            sorted(seen, key=lambda row: (row["state"], row["first_column"])),
            key=lambda row: str(row["state"]),
        )
    ]
    maybe = "".join(_maybe(axis, row) for row in lane.spans)
    if maybe:
        title = element("title", "between the last snapshot before and the first that shows it")
        paths.append(element("path", title, class_="maybe", data_lane=lane.label, d=maybe))
    stretched = element(
        "svg", *paths, width="100%", height=HEIGHT, viewBox=f"0 0 {axis.columns} {HEIGHT}",
        preserveAspectRatio="none",
    )  # fmt: skip
    # Not stretched, so that it is hatched like the unknown time of a cluster.
    unseen = unknown(
        axis,
        [
            UnseenSpan(
                lane.cluster, row["from"], row["to"], f"SVM {lane.svm} is not listed any more"
            )
            for row in lane.spans
            if row["state"] == "unknown"
        ],
        str(HEIGHT),
    )
    hidden = element("use", href=f"#{gaps}") if gaps else ""
    return element(
        "svg", stretched, *unseen, hidden, class_="lane", role="img", width="100%", height=HEIGHT,
        aria_label=f"{lane.label}: {sentence(lane, axis, words)}",
    )  # fmt: skip


def sentence(lane: Lane, axis: Axis, words: dict[str, str]) -> str:
    """The lane in words: when it was not well, or what it was all the time."""
    bad = [row for row in lane.spans if row["state"] != "all_paths"]
    parts = [f"{words[row['state']]} {_span(axis, row)}" for row in bad[:_SPANS_IN_WORDS]]
    if len(bad) > _SPANS_IN_WORDS:
        parts.append(f"{len(bad) - _SPANS_IN_WORDS} more")
    return ", ".join(parts) or words[lane.state]


def blind(axis: Axis, gaps: Sequence[UnseenSpan], clusters: Sequence[str]) -> Markup:
    """The unknown time of each cluster, once, for all of its lanes to use (``gaps-0`` …)."""
    symbols = [
        element(
            "g", *unknown(axis, [gap for gap in gaps if gap.cluster == name], str(HEIGHT)),
            id=f"gaps-{number}",
        )
        for number, name in enumerate(clusters)
    ]  # fmt: skip
    return element("svg", hatch(), element("defs", *symbols), width=0, height=0, class_="defs")


def _path(lane: Lane, axis: Axis, state: str, spans: Sequence[Row], words: str) -> Markup:
    d = "".join(
        f"M{row['first_column']} 0h{row['last_column'] + 1 - row['first_column']}v{HEIGHT}"
        f"H{row['first_column']}z"
        for row in spans
    )
    when = ", ".join(_bounds(axis, row) for row in spans[:_SPANS_IN_WORDS])
    more = f" and {len(spans) - _SPANS_IN_WORDS} more" if len(spans) > _SPANS_IN_WORDS else ""
    title = element("title", f"{lane.label}: {words} {when}{more}")
    return element("path", title, class_=state, data_lane=lane.label, data_state=state, d=d)


def _maybe(axis: Axis, row: Row) -> str:
    """From the last snapshot before it to the column where it is certain, if that is seen at all."""
    if row["began_after"] is None or row["first_column"] == 0:
        return ""
    left, right = axis.column(row["began_after"]), axis.column(row["began_by"])
    width = min(right, row["first_column"]) - left
    return f"M{left:g} 0h{width:g}v{HEIGHT}H{left:g}z" if width >= 0.5 else ""


def _span(axis: Axis, row: Row) -> str:
    return wording.interval(row["from"], row["to"], axis.zone, dated=axis.length > _LONG)


def _bounds(axis: Axis, row: Row) -> str:
    """The span with both bounds of its begin."""
    if row["began_after"] is None or row["began_by"] is None:
        return _span(axis, row)
    began = wording.interval(
        row["began_after"], row["began_by"], axis.zone, dated=axis.length > _LONG
    )
    end: datetime = row["to"]
    if end >= axis.until:
        return f"since {began}"
    return f"from {began} to {wording.instant(end, axis.zone, dated=axis.length > _LONG)}"


_LONG = timedelta(hours=20)
