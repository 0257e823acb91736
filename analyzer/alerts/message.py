"""The messages of a check to a destination: edges as bodies of its template, each sent once."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from analyzer import clock
from analyzer.alerts import state, template, webhook
from analyzer.alerts.check import CheckResult
from analyzer.alerts.state import Alert, Edge
from analyzer.config.destination import Destination
from analyzer.errors import AnalyzerError, UsageError
from analyzer.store.layout import Store

MOST = 100  # messages to one destination in one check
_AROUND = timedelta(minutes=30)  # of a moment, so that one sees what was before


@dataclass(frozen=True, slots=True)
class Message:
    """The content of one POST: the edges, and the variables of its template."""

    edges: tuple[Edge, ...]
    context: Mapping[str, Any]


def tell(store: Store, destination: Destination, result: CheckResult, console: str | None) -> int:
    """Tell the destination what is new to it and what is over; it is remembered what it took.

    Returns how many messages wait for the next check, as there are too many for one.

    Raises:
        UsageError: its template, or what the configuration says of it, is wrong.
        Unreachable: it did not take everything; the next check sends the rest.
        StoreError: the state of what it was sent cannot be read or written.
    """
    now = clock.now()
    news = state.news(store, result.checked, result.clusters, now, destination.name)
    edges = [edge for edge in news.edges if edge.event in destination.events]
    missed = {edge.key for edge in edges}
    problem: AnalyzerError | None = None
    try:
        for message, body in _bodies(destination, edges, console, now):
            webhook.send(destination, body)
            missed -= {edge.key for edge in message.edges}
    except AnalyzerError as error:
        problem = error
    state.remember(store, news, destination.name, missed)
    if problem is not None:
        raise problem
    return len(missed)


def test(destination: Destination, console: str | None) -> int:
    """Send a message of an alert that there is not; the status of the answer.

    Raises:
        UsageError, Unreachable: as ``tell`` does.
    """
    now = clock.now()
    alert = Alert(report="test", severity="info", text="This is a test of analyzer: all is well.",
                  since=clock.iso(now), seen=now)  # fmt: skip
    ((_, body),) = _bodies(destination, [Edge("new", "test", alert)], console, now)
    return webhook.send(destination, body)


def _bodies(
    destination: Destination, edges: Sequence[Edge], console: str | None, now: datetime
) -> list[tuple[Message, bytes]]:
    messages = _messages(destination, edges, console, now)
    if not messages:
        return []
    bodies = template.render(destination, [message.context for message in messages])
    for body in bodies:
        _check_json(destination, body)
    return list(zip(messages, bodies, strict=True))


def _messages(
    destination: Destination, edges: Sequence[Edge], console: str | None, now: datetime
) -> list[Message]:
    alerts = [_alert(edge, console, now) for edge in edges]
    shared = {"console": console, "now": clock.iso(now)}
    if destination.each:
        pairs = list(zip(edges, alerts, strict=True))[:MOST]
        return [Message((edge,), {**shared, "alert": alert}) for edge, alert in pairs]
    if not alerts:
        return []
    lists = {name: [a for a in alerts if a["event"] == name] for name in ("new", "over")}
    begins = [clock.parse(alert["since"]) for alert in alerts]
    link = _link(console, min(begins), now, {alert["cluster"] for alert in alerts})
    return [Message(tuple(edges), {**shared, "alerts": alerts, **lists, "link": link})]


def _alert(edge: Edge, console: str | None, now: datetime) -> Mapping[str, Any]:
    """An alert as templates see it; *id* is the same for its beginning and its end."""
    alert = edge.alert
    return {
        "event": edge.event,
        "id": hashlib.blake2b(edge.key.encode(), digest_size=8).hexdigest(),
        "report": alert.report,
        "cluster": alert.cluster,
        "severity": alert.severity,
        "text": alert.text,
        "since": alert.since,
        "over": not alert.open,
        "link": _link(console, clock.parse(alert.since), now, {alert.cluster}),
    }


def _link(
    console: str | None, since: datetime, until: datetime, clusters: set[str | None]
) -> str | None:
    """The console's address of the moment; None where it is not configured."""
    if console is None:
        return None
    query = [("since", clock.iso(since - _AROUND)), ("until", clock.iso(until))]
    query += [("cluster", name) for name in sorted(filter(None, clusters))]
    return f"{console.rstrip('/')}/incident?{urlencode(query)}"


def _check_json(destination: Destination, body: bytes) -> None:
    if "json" not in destination.content_type:
        return
    try:
        json.loads(body.decode())
    except (ValueError, RecursionError) as error:
        where = f"destination {destination.name}: {destination.template or 'body'}"
        raise UsageError(f"{where}: gives no JSON: {error}") from error
