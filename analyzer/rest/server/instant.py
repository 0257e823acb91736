"""Which snapshot an instant means, and which fields can be queried of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from analyzer import clock
from analyzer.engine.engine import Row
from analyzer.inventories import INVENTORIES, NOT_REQUESTED
from analyzer.ontap.resource import FIRST, Release
from analyzer.report.catalog import Catalog
from analyzer.rest.language import QueryError
from analyzer.rest.language.error import ABSENT
from analyzer.store import marks
from analyzer.store.layout import Store

_VERSION = re.compile(r"(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?")
_NEWEST: Release = (9, 99)


@dataclass(frozen=True, slots=True)
class SnapshotRef:
    """One complete snapshot, and the row of its attempt."""

    cluster: str
    taken_at: datetime
    attempt: Mapping[str, Any]

    @property
    def version(self) -> tuple[str, int, int, int]:
        """The release in words and numbers; the lowest there is where it was not collected."""
        text = self.attempt["version"] or ""
        match = _VERSION.search(text)
        if match is None:
            return f"NetApp Release {FIRST[0]}.{FIRST[1]}: not collected", *FIRST, 0
        return text, int(match[1]), int(match[2]), int(match[3] or 0)

    @property
    def release(self) -> Release:
        """The release whose fields may be queried: the newest where none was collected."""
        return self.version[1:3] if self.attempt["version"] else _NEWEST

    @property
    def scope(self) -> list[str]:
        """SVMs that it speaks for."""
        return self.attempt["scope"] or []

    def listed_at(self, name: str, catalog: Catalog) -> datetime:
        """When the inventory *name* was listed: in the same run, a rare one within a day before.

        Raises:
            QueryError: it was not.
        """
        if INVENTORIES[name].rare:
            (row,) = catalog.select(
                f"select max(taken_at) as listed from attempts where {name}_status = 'complete'"
                " and taken_at <= $at and taken_at > $at - interval 1 day",
                {"at": self.taken_at},
            ).records()
            if row["listed"] is not None:
                return row["listed"]  # type: ignore[no-any-return]  # a timestamp
        status = self.attempt[f"{name}_status"] or NOT_REQUESTED
        reason = self.attempt[f"{name}_reason"]
        if status != "complete":
            why = f"{status}: {reason}" if reason else status
            raise absent(
                f"the {name} of {self.cluster} were not listed in the snapshot of"
                f" {clock.iso(self.taken_at)} ({why})"
            )
        return self.taken_at


def absent(sentence: str) -> QueryError:
    """Not seen is not empty."""
    return QueryError(404, ABSENT, sentence)


Word = Literal["latest", "previous"]
Instant = datetime | Word
_WORDS: dict[str, Word] = {"latest": "latest", "previous": "previous"}


def read(text: str, store: Store) -> Instant:
    """An instant as a client writes it: ISO 8601, a duration back from now, a word, a mark.

    Raises:
        UsageError: it is none.
    """
    return _WORDS.get(text) or marks.moment(store, text)


def find(catalog: Catalog, cluster: str, when: Instant, *, nearest: bool) -> SnapshotRef:
    """The snapshot that shows the cluster at that instant.

    With *nearest*, an instant that nobody saw means the last complete snapshot before it.

    Raises:
        QueryError: nothing was seen then; names the nearest instants.
    """
    if not isinstance(when, datetime):
        last = 0 if when == "latest" else 1
        attempt = _complete(catalog, cluster, f"order by taken_at desc limit 1 offset {last}")
        return SnapshotRef(cluster, attempt["taken_at"], attempt)
    present = clock.now()
    times = {"since": when, "until": when, "now": present}
    spans = catalog.run_query(catalog.models["coverage_spans"], times).records()
    before = [row for row in spans if row["starts"] is not None and row["starts"] <= when]
    if not before:
        first = _complete(catalog, cluster, "order by taken_at limit 1")
        raise absent(
            f"{cluster} had no complete snapshot at {clock.iso(when)};"
            f" the first is of {clock.iso(first['taken_at'])}"
        )
    row = max(before, key=lambda row: row["starts"])
    starts, ends = row["starts"], row["ends"]
    if not nearest and when > starts and (row["is_gap"] or when > present):
        why = row["reason"] if row["is_gap"] else "it has not come yet"
        near = f"snapshot is of {clock.iso(starts)}, with none after it yet"
        if ends:
            near = f"snapshots are of {clock.iso(starts)} and {clock.iso(ends)}"
        raise absent(
            f"what {cluster} had at {clock.iso(when)} is unknown: {why}; the nearest complete {near}"
        )
    attempt = _complete(catalog, cluster, "and taken_at = $at", at=starts)
    return SnapshotRef(cluster, starts, attempt)


def _complete(catalog: Catalog, cluster: str, which: str, **bound: Any) -> Row:
    """The row of one complete snapshot's attempt.

    Raises:
        QueryError: there is none.
    """
    text = f"select * from attempts where status = 'complete' {which}"
    attempts = catalog.select(text, bound).records()
    if not attempts:
        raise absent(f"{cluster} has no such complete snapshot yet")
    return attempts[0]
