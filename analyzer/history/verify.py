"""Whether the history gives back every snapshot as it was, and giving one back."""

from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from analyzer import clock
from analyzer.errors import StoreError
from analyzer.history.ledger import Ledger
from analyzer.history.parts import quote, source
from analyzer.schema import TABLES, Table
from analyzer.store import snapshot
from analyzer.store.layout import Store

_MODULUS = 1 << 128
_HELD = {"complete": "spells", "partial": "sightings"}  # the table that holds a snapshot's rows


@dataclass(frozen=True, slots=True)
class Verified:
    """What verify found of one cluster; *problem* names the first snapshot that is wrong."""

    cluster: str
    snapshots: int
    spells: int
    problem: str | None = None


def verify(store: Store, cluster: str) -> Verified:
    """Whether every snapshot that the history claims can be given back as it was.

    The hash of a snapshot is the sum of its rows' (see ``snapshot.digest``), so that running
    sums over the ends of spells give all of them at a cost of spells plus attempts.
    """
    with store.lock(cluster), closing(Ledger(store, cluster)) as ledger:
        return prove(store, ledger)


def prove(store: Store, ledger: Ledger) -> Verified:
    """``verify``, for whoever has the history open for writing."""
    cluster = ledger.cluster
    try:
        attempts = _attempts(ledger)
        folded = {attempt["taken_at"]: attempt["fingerprint"] for attempt in attempts}
        sums = {table.name: _running(ledger, table) for table in TABLES if table.scoped}
        count = sum(entry[1] for entry in ledger.manifest["tables"]["spells"]["closed"])
        for attempt in attempts:
            wrong = _compare(attempt, sums)
            if wrong:
                return Verified(cluster, len(attempts), count, wrong)
        for instant in store.instants(cluster):
            told = snapshot.read_attempt(store.snapshot(cluster, instant))
            if instant not in folded:
                if instant in store.pending(cluster):
                    continue
                return Verified(
                    cluster, len(attempts), count, f"{clock.iso(instant)} is not folded"
                )
            if folded[instant] != told["fingerprint"]:
                wrong = f"{clock.iso(instant)}: its file and the history disagree"
                return Verified(cluster, len(attempts), count, wrong)
    except (StoreError, duckdb.Error) as error:
        return Verified(cluster, 0, 0, f"a file cannot be read: {error}")
    return Verified(cluster, len(attempts), count)


def _attempts(ledger: Ledger) -> list[dict[str, Any]]:
    if not ledger.attempts().paths:
        return []
    cursor = ledger.connection.execute(
        "select taken_at, answered, status, content, fingerprint, listed, scope"
        f" from {source(ledger.attempts().paths)} order by taken_at"
    )
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


class _Running:
    """The sum of a table's row hashes at any instant, by SVM; asked in order of time."""

    def __init__(self, edges: list[tuple[datetime, bool, str, int]]) -> None:
        self._edges = sorted(edges)
        self._at = 0
        self._sums: dict[str, int] = defaultdict(int)

    def sum(self, instant: datetime, scope: list[str]) -> int:
        # A row counts from its first instant to its last, both included.
        while self._at < len(self._edges) and self._edges[self._at][:2] <= (instant, False):
            _, _, svm, moved = self._edges[self._at]
            self._sums[svm] += moved
            self._at += 1
        return sum(self._sums[svm] for svm in scope) % _MODULUS


def _running(ledger: Ledger, table: Table) -> _Running:
    ledger.old(table, late=True)
    edges = []
    cursor = ledger.connection.execute(f"select {table.listed}, first_seen, last_seen from old")
    width = len(table.names)
    while rows := cursor.fetchmany(10_000):
        for row in rows:
            value = snapshot.digest([row[:width]])
            edges.append((row[width], False, row[0], value))
            edges.append((row[width + 1], True, row[0], -value))
    return _Running(edges)


def _content(attempt: dict[str, Any], sums: dict[str, _Running]) -> str | None:
    """The hash of what the history gives back; None of an attempt that has no rows."""
    table = _HELD.get(attempt["status"])
    if table is None:
        return None
    return f"{sums[table].sum(attempt['taken_at'], attempt['scope']):032x}"


def _compare(attempt: dict[str, Any], sums: dict[str, _Running]) -> str | None:
    if _content(attempt, sums) not in {None, attempt["content"]}:
        return f"{clock.iso(attempt['taken_at'])} cannot be given back: its hash differs"
    return None


def contents(store: Store, cluster: str) -> dict[datetime, str]:
    """The content hash of every snapshot with rows, of what the history gives back."""
    with closing(Ledger(store, cluster)) as ledger:
        sums = {table.name: _running(ledger, table) for table in TABLES if table.scoped}
        given = {a["taken_at"]: _content(a, sums) for a in _attempts(ledger)}
    return {taken_at: content for taken_at, content in given.items() if content is not None}


def rows(store: Store, cluster: str, taken_at: datetime) -> list[tuple[Any, ...]]:
    """The session rows of any snapshot, given back from the history.

    Raises:
        StoreError: the history does not have it.
    """
    with closing(Ledger(store, cluster)) as ledger:
        told = next((a for a in _attempts(ledger) if a["taken_at"] == taken_at), None)
        if told is None:
            raise StoreError(f"{cluster} has no snapshot of {clock.iso(taken_at)}")
        name = _HELD.get(told["status"])
        if name is None:
            return []
        return present(ledger, next(table for table in TABLES if table.name == name), told)


def present(ledger: Ledger, table: Table, told: dict[str, Any]) -> list[tuple[Any, ...]]:
    """The rows of a table that the attempt *told* listed."""
    ledger.old(table, late=True)
    moment = f"{quote(told['taken_at'].isoformat())}::timestamp"
    scoped = " and list_contains($scope, svm_id)" if table.scoped else ""
    return ledger.connection.execute(
        f"select {table.listed} from old"
        f" where first_seen <= {moment} and last_seen >= {moment}{scoped} order by all",
        {"scope": told["scope"]} if table.scoped else {},
    ).fetchall()
