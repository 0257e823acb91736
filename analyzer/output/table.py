"""The table for people: fits the width, cuts nothing that identifies, says what it could not see."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from textwrap import wrap

from analyzer import clock
from analyzer.config.rules import SEVERITIES
from analyzer.output import sparkline, table_layout, wording
from analyzer.output.screen import Piece, Screen
from analyzer.output.table_layout import Layout
from analyzer.report.coverage import STATUSES, NotJudged
from analyzer.report.run import Report
from analyzer.report.times import NAMES
from analyzer.text import counted, escape_controls


def headline(report: Report) -> str:
    """The findings, in sentences that never take 'could not see' for 'nothing there'."""
    return " ".join(filter(None, [_row_counts(report), _versus(report), _ignored(report)]))


def _row_counts(report: Report) -> str:
    gaps = sum(len(cluster.unknown) for cluster in report.coverage)
    if not report.rows:
        nothing = "No findings." if report.kind == "finding" else "No rows."
        if gaps:
            nothing += f" Data is missing for part of the window ({counted(gaps, 'gap')}, below)."
        return nothing
    present = report.present()
    if report.kind != "finding":
        return f"{counted(len(present), 'row')}."
    counts = Counter(row["severity"] for row in present)
    parts = [f"{counts[severity]:,} {severity}" for severity in SEVERITIES if counts[severity]]
    return f"{counted(len(present), 'finding')}: {', '.join(parts)}." if present else "No findings."


def _versus(report: Report) -> str:
    """How many findings are new, gone and unchanged, if the report says that of each."""
    instant = report.parameters.get("versus")
    if not isinstance(instant, datetime):
        return ""
    counts = Counter(row["versus"] for row in report.records())
    text = ", ".join(f"{counts[word]:,} {word}" for word in sorted(counts))
    return f"Against {wording.instant(instant, report.zone, dated=True)}: {text}."


def _ignored(report: Report) -> str:
    """How many rows were not to be shown, by the word that hid them."""
    hidden = (f"{count:,} {escape_controls(word)}" for word, count in report.ignored.items())
    return f"Ignored: {', '.join(hidden)}." if report.ignored else ""


def _chosen(report: Report) -> str:
    """The filters of the rows; a pattern that everything matches is none."""
    text = ", ".join(
        f"{name} {escape_controls(pattern)}"
        for name, value in report.parameters.items()
        if name != "ignore" and (isinstance(value, list) or name == "initiator")
        for pattern in ([value] if isinstance(value, str) else value)
        if pattern != "*"
    )
    return f"Only {text}." if text else ""


def coverage(report: Report, zone: tzinfo = UTC) -> str:
    """Coverage: snapshots and gaps, a line each, with times in *zone*."""
    lines = []
    for cluster in report.coverage:
        counts = [
            f"{getattr(cluster, status):,} {status}"
            for status in STATUSES
            if getattr(cluster, status)
        ]
        lines.append(f"{cluster.cluster}: snapshots in the window: {', '.join(counts) or 'none'}")
        for gap in cluster.unknown:
            when = wording.interval(gap.after, gap.by, zone, dated=True)
            reason = escape_controls(gap.reason or "")
            lines.append(f"  unknown {when or 'throughout'}: {reason}")
        for inventory in cluster.not_collected or ():
            reason = f": {escape_controls(inventory.reason)}" if inventory.reason else ""
            lines.append(f"  {inventory.inventory} not collected ({inventory.status}{reason})")
        lines += _not_judged(cluster.not_judged or ())
    return "\n".join(lines)


def _not_judged(rules: Sequence[NotJudged]) -> list[str]:
    """Rules that had no data, a line for each reason."""
    reasons: dict[str, list[str]] = {}
    for rule in rules:
        reasons.setdefault(rule.why, []).append(rule.rule)
    return [
        f"  not judged: {', '.join(names)} ({escape_controls(why)})"
        for why, names in reasons.items()
    ]


def times(report: Report) -> str:
    """The times that the report is about, as programs write them."""
    instants = [(name, report.parameters.get(name)) for name in NAMES]
    return ", ".join(
        f"{name} {clock.iso(instant)}"
        for name, instant in instants
        if isinstance(instant, datetime)
    )


def heading(report: Report) -> str:
    """The title, and the report's times on the wall clock of its zone."""
    parameters, zone = report.parameters, report.zone
    ends = (
        parameters.get("since") or parameters.get("before") or (report.window or (None,))[0],
        parameters.get("until") or parameters.get("after") or parameters.get("at"),
    )
    if not isinstance(ends[1], datetime):
        return report.title
    if isinstance(parameters.get("at"), datetime):
        text = wording.instant(ends[1], zone, dated=True, named=True)
        if ends[0] is not None and ends[0] != ends[1]:
            # It is the oldest of the clusters' last ones.
            later = any(age.taken_at and age.taken_at > ends[0] for age in report.data)
            by = "snapshots since" if later else "the snapshot of"
            text += f", by {by} {_near(ends[0], ends[1], report)}"
        return f"{report.title} ({text})"
    zone_name = clock.zone_name(zone, *filter(None, ends))
    return f"{report.title} ({wording.interval(ends[0], ends[1], zone, dated=True)} {zone_name})"


def title(screen: Screen, report: Report) -> None:
    """The heading; what does not fit one line is broken before its times."""
    text = heading(report)
    if len(text) > screen.width:
        text, gap, when = text.rpartition(" (")
        screen.prose(text, "bold")
        text = f"{gap}{when}".strip()
    screen.prose(text, "bold")


def _near(instant: datetime, other: datetime, report: Report) -> str:
    """An instant, with its date unless that is the other's."""
    same = wording.same_day(instant, other, report.zone)
    age = (
        f", {wording.length(int((other - instant).total_seconds()))} before"
        if (other - instant > timedelta(hours=1))
        else ""
    )
    return wording.instant(instant, report.zone, dated=not same) + age


def render(report: Report, width: int | None, wide: str = "--wide") -> str:
    """The whole report as text; *width* None is the terminal's, and colours as it can.

    *wide*, an option or a command, shows every column.
    """
    screen = Screen(width)
    if report.title:
        title(screen, report)
        screen.prose(" ".join(filter(None, [headline(report), _chosen(report)])))
    for line in sparkline.lines(report):
        screen.line(Piece(line))
    if report.rows:
        _rows(report, screen, wide)
    for line in coverage(report, report.zone).splitlines():
        screen.prose(line, "dim")
    return screen.text()


def _rows(report: Report, screen: Screen, wide: str) -> None:
    laid_out = table_layout.lay_out(report, screen.width)
    screen.facts(f"{name}: {escape_controls(value)}" for name, value in laid_out.above)
    if laid_out.widths is None:
        _stacked(laid_out, screen)
    else:
        _table(report, laid_out, laid_out.widths, screen)
    hints = []
    if laid_out.shortened:
        hints.append("'…' stands for the beginning of a name.")
    if laid_out.hidden:
        hints.append(f"No room for: {', '.join(map(wording.heading, laid_out.hidden))}.")
    if report.brief:
        hints.append(f"Every column: {wide}")
    screen.prose(" ".join(hints), "dim")


def _table(report: Report, laid_out: Layout, widths: Sequence[int], screen: Screen) -> None:
    heads = [
        escape_controls(wording.heading(name) if report.title else name) for name in laid_out.names
    ]
    styles = ["dim" if dim else "" for dim in laid_out.dimmed]
    rows = [
        [_piece(name, value, style) for name, value in zip(laid_out.names, row, strict=True)]
        for style, *row in zip(styles, *laid_out.columns, strict=True)
    ]
    below = map(Piece, laid_out.below, styles)
    screen.table(heads, widths, rows, table_layout.GAP, below)


def _stacked(laid_out: Layout, screen: Screen) -> None:
    width = max(map(len, laid_out.names)) + table_layout.GAP
    for row in zip(*laid_out.columns, strict=True):
        for name, value in zip(laid_out.names, row, strict=True):
            if not value:
                continue
            room = max(screen.width - width, table_layout.FOLDED)
            lines = wrap(value, room, break_long_words=False, break_on_hyphens=False) or [value]
            for k, line in enumerate(lines):
                screen.line(Piece(f"{'' if k else name:<{width}}"), _piece(name, line))
        screen.line()


def _piece(name: str, value: str, style: str = "") -> Piece:
    """A value in the style of its row; a severity has one of its own."""
    if name == "severity" and value:
        style = f"{style} {wording.STYLES.get(value.rsplit(maxsplit=1)[-1], '')}"
    return Piece(value, style)
