"""What is new since the last check, and what is over: each is told once.

The state is one file in the store, published whole. A finding is the same finding as long as the
columns that identify it are; its words and counts may change.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from analyzer import clock
from analyzer.config.rules import SEVERITIES, at_least
from analyzer.errors import StoreError
from analyzer.report.run import Report
from analyzer.store.layout import Store
from analyzer.store.publish import publish
from analyzer.text import escape_controls

# Columns that do not say which finding it is, where a header says nothing of identity.
_WORDS = {"severity", "detail"}


@dataclass(frozen=True, slots=True)
class Alert:
    """A finding that is new, or one that is over."""

    key: str
    report: str
    severity: str
    text: str
    since: str
    over: bool = False

    def told(self) -> dict[str, Any]:
        """For a program."""
        return {
            "report": self.report, "severity": self.severity, "text": self.text,
            "since": self.since, "over": self.over,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class News:
    """What a check found beside what the last one knew; *first* if there was none before."""

    new: tuple[Alert, ...]
    over: tuple[Alert, ...]
    known: dict[str, dict[str, Any]]
    first: bool

    def told(self) -> dict[str, Any]:
        """The body of a webhook."""
        return {
            "first": self.first,
            "new": [one.told() for one in self.new],
            "over": [one.told() for one in self.over],
        }

    def lines(self) -> list[str]:
        """For a person: a line each, or one line if it is the first check of all."""
        if self.first:
            count = len(self.known)
            return [f"first check: {count} findings are known from here on" if count else
                    "first check: nothing found"]  # fmt: skip
        return [
            *(
                f"NEW   {one.severity:<8}  {one.report}: {one.text}"
                + (" (and is over)" if one.over else "")
                for one in self.new
            ),
            *(f"OVER  {one.severity:<8}  {one.report}: {one.text}" for one in self.over),
        ]


def news(store: Store, reports: Sequence[tuple[Report, str]], now: datetime) -> News:
    """What is new and what is over; *reports* come with the least severity that alerts.

    Raises:
        StoreError: the state of the last check cannot be read.
    """
    before = _read(store)
    known = before or {}
    found = {one.key: one for report, least in reports for one in _alerts(report, least, now)}
    ran = {report.name for report, _ in reports}
    new = [one for key, one in found.items() if key not in known]
    over = []
    kept: dict[str, dict[str, Any]] = {}
    for key, told in known.items():
        one = Alert(key, told["report"], told["severity"], told["text"], told["since"], over=True)
        if one.report not in ran:
            kept[key] = told
        # What only happened, and has no end, is not over because a window moved on.
        elif told["open"] and told["ends"] and (key not in found or found[key].over):
            over.append(found.get(key, one))
    ends = {report.name: _ends(report) for report, _ in reports}
    for key, one in found.items():
        since = known.get(key, {}).get("since", one.since)
        kept[key] = {
            "report": one.report, "severity": one.severity, "text": one.text, "since": since,
            "open": not one.over, "ends": ends[one.report],
        }  # fmt: skip
    return News(tuple(new) if before is not None else (), tuple(over), kept, before is None)


def remember(store: Store, found: News) -> None:
    """What the next check will know.

    Raises:
        StoreError: it cannot be written.
    """
    with publish(store.alerts) as draft:
        draft.write_text(json.dumps(found.known, indent=1, sort_keys=True) + "\n", "utf-8")


def _read(store: Store) -> dict[str, dict[str, Any]] | None:
    if not store.alerts.exists():
        return None
    try:
        told = json.loads(store.alerts.read_text(encoding="utf-8"))
        for one in told.values():
            one["report"], one["severity"], one["text"], one["since"], one["open"], one["ends"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(
            f"{store.alerts}: what the last check knew cannot be read; delete it to begin anew"
        ) from error
    return dict(told)


def _ends(report: Report) -> bool:
    return bool(report.ended) or "at" in report.parameters


def _alerts(report: Report, least: str, now: datetime) -> Iterator[Alert]:
    wanted = at_least(least) if least in SEVERITIES else ()
    for row in report.records():
        if row["severity"] not in wanted:
            continue
        names = report.identity or [name for name in row if name not in _WORDS]
        identity = [report.name, *(_plain(row[name]) for name in names)]
        yield Alert(
            key=json.dumps(identity, ensure_ascii=True),
            report=report.name,
            severity=row["severity"],
            text=_text(row),
            since=clock.iso(row[report.began[1]] or now if report.began else now),
            over=row.get("status") in report.ended,
        )


def _plain(value: Any) -> Any:
    return clock.iso(value) if isinstance(value, datetime) else value


def _text(row: dict[str, Any]) -> str:
    who = [row.get(name) for name in ("cluster", "svm", "initiator", "interface", "fault", "cause")]
    return escape_controls(
        " ".join(str(one) for one in who if one) + f": {row.get('detail') or ''}"
    )
