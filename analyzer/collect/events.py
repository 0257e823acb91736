"""Reading on in a cluster's event log: from where, and what of it a snapshot keeps.

It is read from the last event that is stored, not from the last snapshot, so that the array's own
log fills the collector's gaps. An event is listed for as long as it is among the last ones, and
is one spell, however often it was listed.
"""

from datetime import datetime, timedelta

from analyzer.history import History
from analyzer.ontap.ems import LogPosition

LOG = ("ems", "messages")
"""The inventories that reading the log brings."""

_FIRST = timedelta(days=7)  # before the first reading
# Read again each time: a node that was away hands its log in late, and two nodes' clocks differ.
_OVERLAP = timedelta(hours=1)
_DAY = timedelta(days=1)  # after which the names that the cluster knows are fetched again


def position(history: History, present: datetime) -> LogPosition:
    """Where the reading goes on after what the history has."""
    listed_at, times = history.latest("ems", "time")
    names_at, names = history.latest("messages", "name")
    last = max(times, default=None)
    since = present - _FIRST if last is None else min(last, listed_at or last) - _OVERLAP
    fresh = names_at is not None and present - names_at < _DAY
    return LogPosition(since, frozenset(names) if fresh else None)
