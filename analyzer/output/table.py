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
from analyzer.config.rules import SEVERITIES
from analyzer.output import layout, sparkline
from analyzer.report.run import Report
from analyzer.text import escape_controls

WIDTH = 120  # columns, where nobody's terminal says otherwise
_STYLES = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan", "info": "dim"}


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
            f"  unknown {layout.interval(gap['after'], gap['by'], dated=True) or 'throughout'}:"
            f" {escape_controls(gap['reason'] or '')}"
            for gap in told["unknown"]
        ]
        lines += [
            f"  {missing['inventory']} not collected ({missing['status']}"
            f"{': ' + escape_controls(missing['reason']) if missing['reason'] else ''})"
            for missing in told.get("not_collected", [])
        ]
        lines += _not_judged(told.get("not_judged", []))
    return "\n".join(lines)


def _not_judged(silent: Sequence[dict[str, Any]]) -> list[str]:
    """Rules that had no data, a line for each reason."""
    reasons: dict[str, list[str]] = {}
    for one in silent:
        reasons.setdefault(one["why"], []).append(one["rule"])
    return [
        f"  not judged: {', '.join(rules)} ({escape_controls(why)})"
        for why, rules in reasons.items()
    ]


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
    for line in sparkline.lines(report):
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
    names, columns, above = layout.shaped(report)
    if above:
        console.print("  ".join(f"{name}: {escape_controls(value)}" for name, value in above))
    names, columns, widths = layout.chosen(report, names, columns, console.width)
    rows = list(zip(*columns, strict=True))
    if widths is None:
        _stacked(names, rows, console)
    else:
        table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, layout.GAP, 0, 0))
        for name, width in zip(names, widths, strict=True):
            head = layout.heading(name) if report.brief else name
            table.add_column(head, overflow="fold", width=width)
        for row in rows:
            table.add_row(*(_styled(name, value) for name, value in zip(names, row, strict=True)))
        console.print(table)
    if report.brief:
        console.print(Text("Every column: --wide", style="dim"))


def _stacked(names: Sequence[str], rows: Sequence[Sequence[str]], console: Console) -> None:
    width = max(map(len, names)) + layout.GAP
    for row in rows:
        for name, value in zip(names, row, strict=True):
            if not value:
                continue
            room = max(console.width - width, layout.FOLDED)
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
