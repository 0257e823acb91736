"""The bar over the lanes: what was seen, how much changed when, marks and maintenance, A and B."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from markupsafe import Markup

from analyzer import clock
from analyzer.console import axis as axes
from analyzer.console.axis import Axis
from analyzer.console.svg import element, text
from analyzer.engine.engine import Row
from analyzer.output import wording
from analyzer.text import counted

_SEEN, _DENSITY, _BANDS = 6, 30, 6  # heights, and how many clusters have a band of their own


@dataclass(frozen=True, slots=True)
class Flag:
    """A mark, or maintenance if *until* is there, by its name."""

    at: datetime
    name: str
    kind: str = "mark"
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class UnseenSpan:
    """Unknown time of a cluster."""

    cluster: str
    begins: datetime
    ends: datetime
    reason: str


def gaps(rows: Iterable[Row]) -> list[UnseenSpan]:
    """The unknown columns of a report of density, neighbours of one cluster and reason as one."""
    blind = [row for row in rows if row["unknown_seconds"]]
    joined: list[UnseenSpan] = []
    for row in blind:
        gap = UnseenSpan(row["cluster"], row["from"], row["to"], row["reason"] or "")
        last = joined[-1] if joined else None
        if last and (last.cluster, last.ends, last.reason) == (gap.cluster, gap.begins, gap.reason):
            joined[-1] = UnseenSpan(gap.cluster, last.begins, gap.ends, gap.reason)
        else:
            joined.append(gap)
    return joined


def hatch() -> Markup:
    """The pattern that fills unknown time, wherever it is drawn on the page."""
    line = element("line", x1=0, y1=0, x2=0, y2=6)
    pattern = element(
        "pattern", line, id="hatch", width=5, height=6, patternUnits="userSpaceOnUse",
        patternTransform="rotate(45)",
    )  # fmt: skip
    return element("defs", pattern)


def unknown(axis: Axis, gaps: Iterable[UnseenSpan], height: str = "100%") -> Iterator[Markup]:
    """Each gap as a hatched rectangle that says why."""
    for gap in gaps:
        left, right = (axis.share(at) * 100 for at in (gap.begins, gap.ends))
        words = f"{gap.cluster}: unknown {_span(axis, gap.begins, gap.ends)}: {gap.reason}"
        yield element(
            "rect", element("title", text(words)), class_="unknown", x=f"{left:.2f}%",
            y=0, width=f"{right - left:.2f}%", height=height, fill="url(#hatch)",
            data_state="unknown",
        )  # fmt: skip


def coverage(axis: Axis, clusters: Sequence[str], gaps: Sequence[UnseenSpan]) -> Markup:
    """A band for each cluster, or one for all where they are many: seen, or not and why."""
    bands = [(name,) for name in clusters] if len(clusters) <= _BANDS else [tuple(clusters)]
    parts = []
    for number, names in enumerate(bands):
        blind = [gap for gap in gaps if gap.cluster in names]
        label = names[0] if len(names) == 1 else counted(len(names), "cluster")
        seen = element(
            "rect", element("title", text(f"{label}: seen")), class_="seen", width="100%",
            height=_SEEN,
        )  # fmt: skip
        band = element(
            "svg", seen, *unknown(axis, blind, str(_SEEN)), y=number * (_SEEN + 2), width="100%",
            height=_SEEN, data_cluster=text(label),
        )  # fmt: skip
        parts.append(band)
    words = ", ".join(f"{gap.cluster} {_span(axis, gap.begins, gap.ends)}" for gap in gaps[:5])
    label = f"Coverage: unknown in {words}" if gaps else "Coverage: everything was seen"
    return element(
        "svg", hatch(), *parts, class_="coverage", role="img", aria_label=text(label),
        width="100%", height=len(bands) * (_SEEN + 2),
    )  # fmt: skip


def density(axis: Axis, rows: Iterable[Row]) -> Markup:
    """Connections that began (above) and ended (below) in each column, by their square root."""
    counts: dict[int, tuple[int, int]] = {}
    for row in rows:
        began, ended = counts.get(row["column"], (0, 0))
        counts[row["column"]] = began + row["began"], ended + row["ended"]
    most = max((max(pair) for pair in counts.values()), default=0) or 1
    middle = _DENSITY // 2
    paths = []
    for place, (name, sign) in enumerate((("began", -1), ("ended", 1))):
        bars = [
            f"M{column} {middle}v{sign * max(2, round((numbers[place] / most) ** 0.5 * middle))}"
            f"h1V{middle}z"
            for column, numbers in sorted(counts.items())
            if numbers[place]
        ]
        total = sum(numbers[place] for numbers in counts.values())
        words = f"{counted(total, 'connection')} {name}"
        paths.append(
            element("path", element("title", words), class_=name, data_count=total, d="".join(bars))
        )
    totals = [sum(numbers[k] for numbers in counts.values()) for k in (0, 1)]
    label = f"Changes: {totals[0]:,} connections began, {totals[1]:,} ended"
    return element(
        "svg", *paths, class_="density", role="img", aria_label=label, width="100%",
        height=_DENSITY, viewBox=f"0 0 {axis.columns} {_DENSITY}", preserveAspectRatio="none",
    )  # fmt: skip


def flags(axis: Axis, marks: Iterable[Flag]) -> Markup:
    """Marks as flags, maintenance as a bar, each with its name."""
    parts = []
    for flag in marks:
        if flag.at > axis.until or (flag.until or flag.at) < axis.since:
            continue
        end = f"–{_at(axis, flag.until)}" if flag.until else ""
        title = element("title", text(f"{flag.kind} {flag.name}: {_at(axis, flag.at)}{end}"))
        share = axis.share(flag.at)
        if flag.until:
            width = (axis.share(flag.until) - share) * 100
            shape = element("rect", width=f"{width:.2f}%", height=4, y=11)
        else:
            shape = element("path", d="M0 0h9l-3 3.5 3 3.5h-9zM0 0v15h1v-15z")
        words = element(
            "text", text(flag.name), x=-4 if share > 0.85 else 12, y=9,
            text_anchor="end" if share > 0.85 else None,
        )  # fmt: skip
        parts.append(
            element(
                "svg", title, shape, words, x=axis.percent(flag.at), class_=f"flag {flag.kind}",
                overflow="visible", data_flag=text(flag.name),
            )
        )  # fmt: skip
    return element("svg", *parts, class_="flags", width="100%", height=16 if parts else 0)


def handles(axis: Axis, before: datetime, after: datetime) -> Markup:
    """A and B as sliders over everything below the bar, and what lies between them."""
    left, right = (axis.share(at) * 100 for at in (before, after))
    between = element(
        "rect", class_="between", x=f"{left:.2f}%", width=f"{max(0.0, right - left):.2f}%",
        height="100%",
    )  # fmt: skip
    return element(
        "svg", *axes.rules(axis), between, _handle(axis, "A", "before", before),
        _handle(axis, "B", "after", after), class_="handles", width="100%", height="100%",
        data_since=clock.iso(axis.since), data_until=clock.iso(axis.until),
    )  # fmt: skip


def _handle(axis: Axis, letter: str, name: str, at: datetime) -> Markup:
    line = element("line", y1=0, y2="100%")
    # Each stands on its own side of its line, so that neither hides the other where they meet.
    side = -1 if name == "before" else 1
    grip = element("path", d=f"M0 0h{15 * side}v12l{-4 * side} 5H0z")
    label = element("text", letter, x=7 * side, y=12, text_anchor="middle")
    words = _at(axis, at, named=True)
    return element(
        "svg", element("title", f"{letter}: {words}"), line, grip, label,
        x=axis.percent(at), class_=f"handle {name}", overflow="visible", role="slider",
        tabindex=0, aria_label=f"{letter}, {name}", aria_valuemin=0, aria_valuemax=1000,
        aria_valuenow=round(axis.share(at) * 1000), aria_valuetext=words, data_handle=name,
        data_at=clock.iso(at),
    )  # fmt: skip


def _at(axis: Axis, instant: datetime, *, named: bool = False) -> str:
    dated = axis.length > timedelta(hours=20)
    return wording.instant(instant, axis.zone, dated=dated, named=named)


def _span(axis: Axis, begins: datetime, ends: datetime) -> str:
    return wording.interval(begins, ends, axis.zone, dated=axis.length > timedelta(hours=20))
