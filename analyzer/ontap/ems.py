"""The array's event log (EMS): which messages are requested, and how in few requests.

A name that the cluster does not know fails the whole request, so its own list of messages is
fetched first, once a day. DEBUG stays hidden, since the request names no severity.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from analyzer.ontap.client import Client, RequestFailed
from analyzer.ontap.listing import ListingResult, listing
from analyzer.ontap.record import EventRecord, MessageRecord
from analyzer.ontap.resource import Release
from analyzer.ontap.resources import RESOURCES

NAMES = frozenset(
    {
        "callhome.hainterconnect.down",
        "cf.transition.info",
        "iscsi.loginFailure",
        "iscsi.loginIpNotAuthorized",
        "iscsi.notice",
        "iscsi.warning",
        "netif.linkDown",
        "netif.linkUp",
        "san.ChangedHomeNode",
        "san.ChangedHomePort",
        "san.DuplicateIpAddress",
        "san.initiator.login",
        "san.initiator.login.missing",
        "san.initiator.login.not.req",
        "san.lifmove.fail",
        "sblade.duplicate.iscsi.addr",
        "scsiblade.disabled",
        "scsiblade.isolated",
        "scsiblade.offline",
        "scsiblade.online",
        "scsiblade.unavailable",
        "sfo.takeover.aborted",
        "sk.panic",
        "sm.mediator.unreachable",
        "smbc.aufo.completed",
        "smbc.aufo.failed",
        "smbc.pfo.completed",
        "smbc.pfo.failed",
        "vifmgr.displaced.lifHomed",
        "vifmgr.lifdown.noports",
        "vifmgr.lifmoved.byadmin",
        "vifmgr.lifmoved.bylb",
        "vifmgr.lifmoved.linkdown",
        "vifmgr.lifmoved.nodedown",
        "vifmgr.lifsuccessfullymoved",
        "vifmgr.portdown",
        "vifmgr.portup",
        "vifmgr.unabletohostmovedlif",
        "vserver.stop.succeeded",
    }
)
"""The messages that are requested: those that explain a lost path, or occur beside one."""


@dataclass(frozen=True, slots=True)
class LogPosition:
    """Where the reading of a cluster's event log goes on.

    *since* is by the array's clock (naive UTC); *names* are the messages that the cluster was
    known to have a day ago at most, None where the list has to be fetched.
    """

    since: datetime = datetime(1970, 1, 1)
    names: frozenset[str] | None = None


@dataclass(slots=True)
class LogReading:
    """How the reading ended, and the names that the cluster knows, where that was learned."""

    events: ListingResult
    names: frozenset[str] | None = None


def read_log(client: Client, release: Release, position: LogPosition) -> LogReading:
    """The events from the position on: one request, two where the names have to be fetched.

    Never raises for what the array does.
    """
    names = position.names
    if names is not None:
        reading = LogReading(_ask(client, release, names, position.since))
        if not _refused(reading.events):
            return reading
    learned = _shared_names(client, release)
    names = NAMES if learned is None else learned
    reading = LogReading(_ask(client, release, names, position.since), learned)
    if _refused(reading.events):  # its list may not be read, or it takes no OR of names
        _request_each(client, release, names, position.since, reading)
    elif reading.events.status == "complete":
        reading.names = names
    return reading


def _shared_names(client: Client, release: Release) -> frozenset[str] | None:
    """The names that both sides know; None where the cluster does not list them."""
    messages = listing(client, RESOURCES["messages"], release)
    if messages.status != "complete":
        return None
    records: list[MessageRecord] = messages.records
    return NAMES & {record.name for record in records}


def _refused(events: ListingResult) -> bool:
    return events.failure is not None and events.failure.status == 400


def _ask(client: Client, release: Release, names: frozenset[str], since: datetime) -> ListingResult:
    if not names:
        return ListingResult()
    filters = {
        "message.name": "|".join(sorted(names)),
        "time": f">={since.replace(tzinfo=UTC).isoformat(timespec='seconds')}",
    }
    start = time.monotonic()
    events = listing(client, RESOURCES["ems"], release, filters)
    # ONTAP answers a filter that it could not finish in time with nothing, and no next link.
    late = time.monotonic() - start >= client.cluster.return_timeout > 0
    if events.status == "complete" and not events.records and late:
        events.failure = RequestFailed("empty after all the time that the cluster may take")
        events.status, events.reason = "failed", events.failure.reason
    return events


def _request_each(
    client: Client, release: Release, names: frozenset[str], since: datetime, reading: LogReading
) -> None:
    """One request for each name; those that are refused are not known."""
    accepted: set[str] = set()
    records: list[EventRecord] = []
    for name in sorted(names):
        events = _ask(client, release, frozenset({name}), since)
        if events.status == "complete":
            accepted.add(name)
            records += events.records
        elif not _refused(events):
            reading.events = events
            return
    if accepted:
        reading.events, reading.names = ListingResult(records=records), frozenset(accepted)
