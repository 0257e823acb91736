"""The table for people: fits the width, cuts nothing that identifies, says what it could not see."""

import io
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from textwrap import wrap
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from analyzer import clock
from analyzer.render import spark
from analyzer.render.value import cell, visible
from analyzer.report import Report
from analyzer.severity import SEVERITIES

WIDTH = 120  # columns, where nobody's terminal says otherwise
_GAP = 2
_FOLDED = 30  # a column that need not be wider than this may be folded to it
_MARKS = {"critical": "!!", "high": "! ", "medium": "* ", "low": "- ", "info": "  "}
_STYLES = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan", "info": "dim"}
_WHOSE = ("cluster", "svm")  # said once if all rows share them, else part of what a row is about
_INTERVALS = {"after": "by", "from": "to"}


def headline(report: Report) -> str:
    """What was found, in a sentence that never takes 'could not see' for 'nothing there'."""
    gaps = sum(len(told["unknown"]) for told in report.coverage)
    if not report.rows:
        if gaps:
            return f"Nothing found, but not everything could be seen: {_count(gaps, 'gap')}, below."
        return "Nothing found."
    if report.kind != "finding":
        return f"{_count(len(report.rows), 'row')}."
    at = [column.name for column in report.columns].index("severity")
    found = Counter(row[at] for row in report.rows)
    parts = [f"{found[severity]} {severity}" for severity in SEVERITIES if found[severity]]
    return f"{_count(len(report.rows), 'finding')}: {', '.join(parts)}."


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def coverage(report: Report) -> str:
    """What was seen and what was not, a line each."""
    lines = []
    for told in report.coverage:
        counts = [
            f"{told[s]:,} {s}" for s in ("complete", "partial", "failed", "suspect") if told[s]
        ]
        lines.append(f"{told['cluster']}: snapshots in the window: {', '.join(counts) or 'none'}")
        lines += [
            f"  unknown {_interval(gap['after'], gap['by'], dated=True) or 'throughout'}:"
            f" {visible(gap['reason'] or '')}"
            for gap in told["unknown"]
        ]
        lines += [
            f"  {missing['inventory']} not collected ({missing['status']}"
            f"{': ' + visible(missing['reason']) if missing['reason'] else ''})"
            for missing in told.get("not_collected", [])
        ]
        lines += _not_judged(told.get("not_judged", []))
    return "\n".join(lines)


def _not_judged(silent: Sequence[dict[str, Any]]) -> list[str]:
    """Rules that had no data, a line for each reason."""
    reasons: dict[str, list[str]] = {}
    for one in silent:
        reasons.setdefault(one["why"], []).append(one["rule"])
    return [f"  not judged: {', '.join(rules)} ({visible(why)})" for why, rules in reasons.items()]


def render(report: Report, width: int | None) -> str:
    """The whole report as text; *width* None asks the terminal, and colours as it can."""
    out = io.StringIO()
    terminal = Console()
    console = Console(
        file=out,
        width=width or terminal.width,
        force_terminal=width is None,
        color_system=terminal.color_system if width is None else None,  # type: ignore[arg-type]  # rich's own word
        highlight=False,
        markup=False,
        emoji=False,
    )
    if report.title:
        console.print(
            Text(report.title, style="bold"), Text(f"({when(report.parameters)})"), soft_wrap=True
        )
        console.print(headline(report), soft_wrap=True)
    for line in spark.lines(report):
        console.print(line, soft_wrap=True)
    if report.rows:
        _rows(report, console)
    told = coverage(report)
    if told:
        console.print(Text(told, style="dim"), soft_wrap=True)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def when(parameters: dict[str, Any]) -> str:
    """The times that were asked about."""
    told = [(name, parameters[name]) for name in ("since", "until", "at", "before", "after")
            if isinstance(parameters.get(name), datetime)]  # fmt: skip
    return ", ".join(f"{name} {clock.iso(instant)}" for name, instant in told)


def _rows(report: Report, console: Console) -> None:
    names, columns, above = _shaped(report)
    if above:
        console.print("  ".join(f"{name}: {visible(value)}" for name, value in above))
    names, columns, widths = _chosen(report, names, columns, console.width)
    rows = list(zip(*columns, strict=True))
    if widths is None:
        _stacked(names, rows, console)
    else:
        table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, _GAP, 0, 0))
        for name, width in zip(names, widths, strict=True):
            table.add_column(_heading(name), overflow="fold", width=width)
        for row in rows:
            table.add_row(*(_styled(name, value) for name, value in zip(names, row, strict=True)))
        console.print(table)
    if report.brief:
        console.print(Text("Every column: --wide", style="dim"))


def _chosen(
    report: Report, names: list[str], columns: list[list[str]], room: int
) -> tuple[list[str], list[list[str]], list[int] | None]:
    """The columns to show and their widths; None for the widths if only a stack can hold them.

    Of brief columns as many as fit; a table that has no room for the severity is a stack.
    """
    if not report.brief:
        return names, columns, _fit(names, columns, room)
    starts = [_start(name, names) for name in (*_WHOSE, *report.brief)]
    order = [names.index(name) for name in dict.fromkeys(starts) if name in names]
    names, columns = [names[k] for k in order], [columns[k] for k in order]
    fewest = names.index("severity") if "severity" in names else 0
    for count in range(len(names), fewest, -1):
        widths = _fit(names[:count], columns[:count], room)
        if widths is not None:
            return names[:count], columns[:count], widths
    return names, columns, None


def _start(name: str, names: Sequence[str]) -> str:
    """What a column of the report is called here, where an interval is one."""
    return name if name in names else name.removesuffix("_after").removesuffix("_by")


def _heading(name: str) -> str:
    return name.replace("_", " ")


def _fit(names: Sequence[str], columns: Sequence[Sequence[str]], room: int) -> list[int] | None:
    """Widths that fit the room; None if columns would have to be cut, not folded.

    Prose is folded between words; what identifies is a word, and stays whole.
    """
    headings = [_heading(name) for name in names]
    widths = [
        max(*map(len, heading.split()), *map(len, values))
        for heading, values in zip(headings, columns, strict=True)
    ]
    least = [
        max(
            min(width, _FOLDED),
            *(len(word) for text in (heading, *values) for word in text.split()),
        )
        for heading, values, width in zip(headings, columns, widths, strict=True)
    ]
    room -= _GAP * (len(names) - 1)
    if sum(least) > room:
        return None
    while sum(widths) > room:
        widest = max(range(len(widths)), key=lambda k: widths[k] - least[k])
        widths[widest] -= 1
    return widths


def _stacked(names: Sequence[str], rows: Sequence[Sequence[str]], console: Console) -> None:
    width = max(map(len, names)) + _GAP
    for row in rows:
        for name, value in zip(names, row, strict=True):
            if not value:
                continue
            room = max(console.width - width, _FOLDED)
            lines = wrap(value, room, break_long_words=False, break_on_hyphens=False) or [value]
            for k, line in enumerate(lines):
                console.print(
                    Text(f"{'' if k else name:<{width}}"),
                    _styled(name, line),
                    sep="",
                    soft_wrap=True,
                )
        console.print()


def _styled(name: str, value: str) -> Text:
    if name == "severity":
        word = value.rsplit(maxsplit=1)[-1] if value else ""
        return Text(value, style=_STYLES.get(word, ""))
    return Text(value)


def _shaped(report: Report) -> tuple[list[str], list[list[str]], list[tuple[str, str]]]:
    """Names and columns as people read them, and what is said once above them.

    An interval is one column, what is empty is left out, what is the same everywhere said once.
    """
    source = [column.name for column in report.columns]
    rows = report.rows
    days = {
        value.date() for row in rows for value in row if isinstance(value, datetime)
    }  # fmt: skip
    dated = len(days) > 1
    names: list[str] = []
    columns: list[list[str]] = []
    above: list[tuple[str, str]] = []
    skip: set[str] = set()
    for k, name in enumerate(source):
        if name in skip or all(row[k] is None for row in rows):
            continue
        end = _end(name)
        if end in source:
            other = source.index(end)
            skip.add(end)
            shown = name.removesuffix("_after") if name.endswith("_after") else "when"
            values = [_interval(row[k], row[other], dated=dated) for row in rows]
            names.append(shown)
            columns.append(values)
            continue
        values = [_shown(name, row[k], dated=dated) for row in rows]
        if name in _WHOSE and len(set(values)) == 1 and len(rows) > 1:
            above.append((name, values[0]))
            continue
        names.append(name)
        columns.append(values)
    if days and not dated:
        above.append(("day", days.pop().isoformat()))
    return names, columns, above


def _end(name: str) -> str:
    for start, stop in _INTERVALS.items():
        if name == start:
            return stop
        if name.endswith(f"_{start}"):
            return name.removesuffix(start) + stop
    return ""


def _shown(name: str, value: Any, *, dated: bool) -> str:
    if isinstance(value, datetime):
        return _instant(value, dated=dated)
    if name == "severity" and value in _MARKS:
        return f"{_MARKS[value]} {value}".strip()
    if name.endswith("_seconds") and isinstance(value, int):
        return _length(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return visible(cell(value))


def _instant(value: datetime, *, dated: bool) -> str:
    shown = "%H:%M:%S" if value.second else "%H:%M"
    return value.strftime(f"%Y-%m-%d {shown}" if dated else shown)


def _interval(start: datetime | None, end: datetime | None, *, dated: bool) -> str:
    if start is None and end is None:
        return ""
    left = _instant(start, dated=dated) if start else "…"
    if end is None:
        return f"{left} – open"
    same = start is not None and start.date() == end.date()
    return f"{left}–{_instant(end, dated=dated and not same)}"


def _length(seconds: int) -> str:
    if seconds < 60:
        return f"{seconds} s"
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"
