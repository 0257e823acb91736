"""What is new since the last check, what is over and what is muted: each is reported once.

The state is one file in the store, replaced atomically. A finding is the same finding as long as
the columns are equal that the header of its report calls its identity; words and counts may change.
A check changes only the findings of its own reports and clusters. Hence schedules with different
clusters, windows or severities can share one state. Each destination has a state of its own, which
advances when a message was delivered: what one missed is not repeated to the others.
"""

import json
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

import msgspec

from analyzer import clock
from analyzer.config.rules import SEVERITIES, at_least
from analyzer.engine.engine import Row
from analyzer.errors import StoreError
from analyzer.output.value import to_json
from analyzer.report.run import Report
from analyzer.store.layout import Store
from analyzer.store.publish import publish
from analyzer.store.regular import read_regular
from analyzer.text import counted, escape_controls

_FORMAT = 2
# A shorter window than the last one does not hold what a longer one may show again.
_REMEMBERED = timedelta(days=100)


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """A finding as it was reported; instants are ISO 8601.

    *seen* is the last check that found it. *open* is whether it lasts; *ends* whether it can end, and
    did not only happen; *muted* whether its severity was lowered after it was reported.
    """

    report: str
    cluster: str | None = None
    severity: str
    text: str
    since: str
    seen: datetime
    open: bool = True
    ends: bool = False
    muted: bool = False


class AlertEntry(msgspec.Struct, frozen=True):
    """An alert as programs hear of it."""

    report: str
    severity: str
    text: str
    since: str
    over: bool


class NewsBody(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of a webhook."""

    test: bool = False
    first: bool
    new: tuple[AlertEntry, ...]
    over: tuple[AlertEntry, ...]
    muted: tuple[AlertEntry, ...]


class _CheckState(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The file: the reported findings by their identities, and those sent to each destination."""

    format: int = 1
    alerts: dict[str, Alert] | None = None
    destinations: dict[str, dict[str, Alert]] = {}

    def alerts_of(self, destination: str) -> dict[str, Alert] | None:
        """The alerts that were sent to *destination* ('' is the command's output); None before the first."""
        return self.destinations.get(destination) if destination else self.alerts


Event = Literal["new", "over", "muted"]


class Edge(NamedTuple):
    """An alert that is new, over or muted; *key* is the identity of its finding."""

    event: Event
    key: str
    alert: Alert


_Step = tuple[Event | None, Alert | None]


@dataclass(frozen=True, slots=True)
class News:
    """The difference between a check and the last one; *first* if there was none before.

    *edges* are in the order of the reports; of a first check nothing is new.
    *alerts* are the findings of the check's own reports and clusters, as the state remembers them;
    *forgotten* are the keys of those that were not seen for long.
    """

    edges: tuple[Edge, ...]
    alerts: dict[str, Alert]
    forgotten: frozenset[str]
    first: bool

    @property
    def new(self) -> tuple[Alert, ...]:
        return self._alerts("new")

    @property
    def over(self) -> tuple[Alert, ...]:
        return self._alerts("over")

    @property
    def muted(self) -> tuple[Alert, ...]:
        return self._alerts("muted")

    def _alerts(self, event: Event) -> tuple[Alert, ...]:
        return tuple(edge.alert for edge in self.edges if edge.event == event)

    def body(self) -> NewsBody:
        """For programs."""
        new, over, muted = map(_entries, (self.new, self.over, self.muted))
        return NewsBody(first=self.first, new=new, over=over, muted=muted)

    def lines(self) -> list[str]:
        """For a person: a line each, or one line if it is the first check of all."""
        if self.first:
            count = len(self.alerts)
            return [f"first check: {counted(count, 'finding')} known from here on" if count else
                    "first check: nothing found"]  # fmt: skip
        lines = []
        for word, alerts in (("NEW", self.new), ("OVER", self.over), ("MUTED", self.muted)):
            for alert in alerts:
                end = " (and is over)" if word == "NEW" and not alert.open else ""
                lines.append(f"{word:<5} {alert.severity:<8}  {alert.report}: {alert.text}{end}")
        return lines


def _entries(alerts: Iterable[Alert]) -> tuple[AlertEntry, ...]:
    return tuple(AlertEntry(a.report, a.severity, a.text, a.since, not a.open) for a in alerts)


def news(
    store: Store,
    reports: Sequence[tuple[Report, str]],
    clusters: Sequence[str],
    now: datetime,
    destination: str = "",
) -> News:
    """The alerts that are new, over and muted for a destination.

    *reports* come with the least severity that alerts.

    Raises:
        StoreError: the state of the last check cannot be read.
    """
    state = read(store).alerts_of(destination)
    thresholds = {report.name: least for report, least in reports}
    before = {
        key: alert
        for key, alert in (state or {}).items()
        if alert.report in thresholds and (alert.cluster is None or alert.cluster in clusters)
    }
    findings = {key: alert for report, _ in reports for key, alert in _findings(report, now)}
    alerts: dict[str, Alert] = {}
    edges: list[Edge] = []
    for key in dict.fromkeys((*findings, *before)):
        finding, last = findings.get(key), before.get(key)
        if finding is None:
            event, alert = _absent(last, now) if last is not None else (None, None)
        else:
            alarms = finding.severity in at_least(thresholds[finding.report])
            event, alert = _present(finding, last, now, alarms=alarms)
        if alert is not None:
            alerts[key] = alert
            if event is not None and state is not None:
                edges.append(Edge(event, key, alert))
    return News(tuple(edges), alerts, frozenset(before.keys() - alerts.keys()), state is None)


def _present(finding: Alert, last: Alert | None, now: datetime, *, alarms: bool) -> _Step:
    """The event of a finding that is there, if any, and its next state."""
    if last is None or (finding.open and (last.muted or not last.open)):
        if not alarms:
            return None, last and msgspec.structs.replace(last, seen=now)
        since = last.since if last is not None and last.open else finding.since
        return "new", msgspec.structs.replace(finding, since=since)
    if last.open and not finding.open:
        return "over", msgspec.structs.replace(last, seen=now, open=False)
    if last.open and not alarms and _is_lower(finding, last):
        return "muted", msgspec.structs.replace(last, seen=now, muted=True)
    newest = finding if alarms else last
    return None, msgspec.structs.replace(newest, since=last.since, seen=now, open=finding.open)


def _absent(last: Alert, now: datetime) -> _Step:
    """The same of a finding that the last check had and this one has not."""
    # What only happened, and has no end, is not over because a window moved on.
    if last.open and last.ends:
        return "over", msgspec.structs.replace(last, open=False)
    return None, last if now - last.seen <= _REMEMBERED else None


def _is_lower(finding: Alert, last: Alert) -> bool:
    return SEVERITIES.index(finding.severity) > SEVERITIES.index(last.severity)


def remember(store: Store, news: News, destination: str = "", missed: Container[str] = ()) -> None:
    """Write the state for the next check; what another check wrote meanwhile stays.

    *missed* are keys of edges that could not be delivered to the destination: they are sent again.

    Raises:
        StoreError: it cannot be written.
    """
    state = read(store)
    before = state.alerts_of(destination) or {}
    alerts = before | {key: alert for key, alert in news.alerts.items() if key not in missed}
    for key in news.forgotten:
        alerts.pop(key, None)
    if destination:
        state.destinations = state.destinations | {destination: alerts}
    else:
        state.alerts = alerts
    content = msgspec.to_builtins(state)
    with publish(store.alerts) as draft:
        draft.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", "utf-8")


def read(store: Store) -> _CheckState:
    """The state, empty before the first check; one of an earlier format is as good as empty.

    Raises:
        StoreError: it is damaged, or of a newer format.
    """
    try:
        state = msgspec.json.decode(read_regular(store.alerts), type=_CheckState)
    except FileNotFoundError:
        return _CheckState(format=_FORMAT)
    except (OSError, ValueError, RecursionError) as error:
        raise StoreError(
            f"{store.alerts}: what the last check knew cannot be read; delete it to begin anew"
        ) from error
    if state.format > _FORMAT:
        raise StoreError(f"{store.alerts}: is of a newer format; a newer analyzer wrote it")
    return state if state.format == _FORMAT else _CheckState(format=_FORMAT)


def _findings(report: Report, now: datetime) -> Iterator[tuple[str, Alert]]:
    """The findings of a report by their identity, whatever their severity."""
    for row in report.records():
        if row["severity"] not in SEVERITIES:
            continue
        identity = [report.name, *(to_json(row[name]) for name in report.identifying)]
        began = row[report.began[1]] if report.began else None
        yield (
            json.dumps(identity, ensure_ascii=True, default=str),  # a decimal as its digits
            Alert(
                report=report.name,
                cluster=row.get("cluster"),
                severity=row["severity"],
                text=_text(row),
                since=clock.iso(began or now),
                seen=now,
                open=not report.is_over(row),
                ends=bool(report.ended) or "at" in report.parameters,
            ),
        )


def _text(row: Row) -> str:
    names = ("cluster", "svm", "initiator", "interface", "fault", "cause")
    subject = " ".join(str(row[name]) for name in names if row.get(name))
    return escape_controls(f"{subject}: {row.get('detail') or ''}")
