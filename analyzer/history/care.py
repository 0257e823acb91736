"""Care of the history: verify, rebuild, compact, prune.

Nothing is deleted that the history has not been proved to give back, and whoever is killed
leaves a store that the next one reads.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from analyzer import clock, snapshot
from analyzer.errors import StoreError
from analyzer.history.entry import fresh
from analyzer.history.fold import Fresh
from analyzer.history.ledger import Ledger, blank
from analyzer.history.part import EVERYTHING, quote, source
from analyzer.history.table import TABLES, Table
from analyzer.inventory import INVENTORIES
from analyzer.store import Store

_CHUNK = 2_000_000  # rows folded at once by rebuild
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
        return _verify(store, ledger)


def _verify(store: Store, ledger: Ledger) -> Verified:
    cluster = ledger.cluster
    try:
        attempts = _attempts(ledger)
        sums = {table.name: _running(ledger, table) for table in TABLES if table.scoped}
        count = sum(entry[1] for entry in ledger.manifest["tables"]["spells"]["closed"])
        for attempt in attempts:
            wrong = _compare(attempt, sums)
            if wrong:
                return Verified(cluster, len(attempts), count, wrong)
        for instant in store.instants(cluster):
            told = snapshot.read_attempt(store.snapshot(cluster, instant))
            known = next((a for a in attempts if a["taken_at"] == instant), None)
            if known is None:
                if instant in store.pending(cluster):
                    continue
                return Verified(
                    cluster, len(attempts), count, f"{clock.iso(instant)} is not folded"
                )
            if known["fingerprint"] != told["fingerprint"]:
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
    ledger._old(table, late=True)  # noqa: SLF001  # the same package
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
    ledger._old(table, late=True)  # noqa: SLF001  # the same package
    moment = f"{quote(told['taken_at'].isoformat())}::timestamp"
    scoped = " and list_contains($scope, svm_id)" if table.scoped else ""
    return ledger.connection.execute(
        f"select {table.listed} from old"
        f" where first_seen <= {moment} and last_seen >= {moment}{scoped} order by all",
        {"scope": told["scope"]} if table.scoped else {},
    ).fetchall()


def rebuild(store: Store, cluster: str) -> int:
    """Fold everything anew from the snapshot files; says how many snapshots.

    What was compacted has no files: of that the history itself is kept. Readers see the old
    history until the new one is whole.

    Raises:
        StoreError: the history is damaged and snapshots were compacted into it.
    """
    with store.lock(cluster):
        manifest = _readable(store, cluster)
        kept = manifest.get("compacted") if manifest else None
        with closing(Ledger(store, cluster, fresh=manifest is None)) as ledger:
            if kept is None:
                ledger.manifest = blank(cluster) | {
                    "generation": ledger.manifest["generation"],
                    "retired": ledger.manifest["retired"],
                }
                instants = store.instants(cluster)
            else:
                cut(ledger, datetime.fromisoformat(kept))
                instants = [at for at in store.instants(cluster) if at.isoformat() > kept]
            for chunk in _chunks(store, cluster, instants):
                ledger.add(chunk)
            ledger.commit()
        for instant in store.pending(cluster):
            store.unmark(cluster, instant)
        return len(instants)


def _readable(store: Store, cluster: str) -> dict[str, Any] | None:
    """The manifest, or None if it and so the history is lost."""
    try:
        return store.manifest(cluster) or None
    except StoreError:
        return None


def _chunks(store: Store, cluster: str, instants: list[datetime]) -> Iterator[list[Fresh]]:
    waiting: list[Any] = []
    size = 0
    for item in fresh(store, cluster, instants):
        waiting.append(item)
        size += item.attempt["connections"]
        if size >= _CHUNK:
            yield waiting
            waiting, size = [], 0
    yield waiting


def cut(ledger: Ledger, instant: datetime) -> None:
    """Make the history what it was when *instant* was the latest snapshot."""
    moment = f"{quote(instant.isoformat())}::timestamp"
    connection, manifest = ledger.connection, ledger.manifest
    manifest["generation"] += 1
    generation = manifest["generation"]
    for table in TABLES:
        known = manifest["tables"][table.name]
        svm = "unnest(scope)" if table.scoped else "''"
        latest = connection.execute(
            f"select svm_id, max(taken_at) from (select {svm} as svm_id, taken_at"
            f" from {source(ledger.attempts().paths)} where {table.taken} and taken_at <= {moment})"
            " group by svm_id order by svm_id"
        ).fetchall()
        ledger._old(table, late=True)  # noqa: SLF001  # the same package
        connection.execute("create or replace temp table whole as from old")
        connection.execute(
            f"create or replace temp view ended as from whole where gone_by <= {moment}"
        )
        ledger.closed(table).replace(connection, generation, "ended", EVERYTHING)
        ledger._write_open(  # noqa: SLF001  # the same package
            table,
            known,
            f"select {table.listed}, seen_after, first_seen from whole"
            f" where first_seen <= {moment} and (gone_by is null or gone_by > {moment})",
        )
        known["latest"] = {svm_id: at.isoformat() for svm_id, at in latest}
    connection.execute(
        f"create or replace temp table settled as select * exclude (cluster)"
        f" from {source(ledger.attempts().paths)} where taken_at <= {moment}"
    )
    ledger.attempts().replace(connection, generation, "settled", EVERYTHING)
    ledger.note()


@dataclass(frozen=True, slots=True)
class Deleted:
    """What compact or prune deleted, or would delete."""

    cluster: str
    snapshots: int
    bytes: int


def compact(store: Store, cluster: str, before: datetime, *, dry_run: bool = False) -> Deleted:
    """Let the history stand for snapshot files older than *before*.

    Only after the history has been verified; the newest comparable snapshot keeps its file.

    Raises:
        StoreError: the history does not give back what the files say.
    """
    with store.lock(cluster), closing(Ledger(store, cluster)) as ledger:
        horizon = ledger.manifest["horizon"]
        newest = datetime.fromisoformat(horizon) if horizon else before
        old = [at for at in store.instants(cluster) if at < before and at < newest]
        waiting = set(store.pending(cluster))
        old = [at for at in old if at not in waiting]
        files = [path for at in old for path in _files(store, cluster, at)]
        size = sum(path.stat().st_size for path in files)
        if dry_run or not old:
            return Deleted(cluster, len(old), size)
        found = _verify(store, ledger)
        if found.problem:
            raise StoreError(f"{cluster}: nothing compacted: {found.problem}")
        last = old[-1].isoformat()
        ledger.manifest["compacted"] = max(ledger.manifest["compacted"] or last, last)
        ledger.commit()
        _delete(files)
        return Deleted(cluster, len(old), size)


def prune(store: Store, cluster: str, before: datetime, *, dry_run: bool = False) -> Deleted:
    """Forget what is older than *before*.

    An event whose later side is kept keeps its earlier side: for every SVM the last comparable
    snapshot before *before* stays, if another follows. The newest one always stays.
    """
    with store.lock(cluster), closing(Ledger(store, cluster)) as ledger:
        start = _start(ledger, before)
        if start is None:
            return Deleted(cluster, 0, 0)
        moment = f"{quote(start.isoformat())}::timestamp"
        gone = ledger.connection.execute(
            f"select count(*) from {source(ledger.attempts().paths)} where taken_at < {moment}"
        ).fetchall()[0][0]
        old = [at for at in store.instants(cluster) if at < start]
        files = [path for at in old for path in _files(store, cluster, at)]
        size = sum(path.stat().st_size for path in files)
        if dry_run or not gone:
            return Deleted(cluster, gone, size)
        _forget(ledger, moment)
        ledger.commit()
        _delete(files)
        return Deleted(cluster, gone, size)


def tidy(
    store: Store, cluster: str, present: datetime, compact_after: timedelta | None,
    keep: timedelta | None,
) -> list[Deleted]:  # fmt: skip
    """What a scheduled run does after collecting: compact and prune, by whole days (UTC).

    A cutoff that moves at midnight only leaves nothing to do for the rest of the day.
    """
    midnight = present.replace(hour=0, minute=0, second=0, microsecond=0)
    done = []
    if keep is not None:
        done.append(prune(store, cluster, midnight - keep))
    if compact_after is not None:
        done.append(compact(store, cluster, midnight - compact_after))
    return [one for one in done if one.snapshots]


def _start(ledger: Ledger, before: datetime) -> datetime | None:
    """The first instant that must stay."""
    if not ledger.attempts().paths:
        return None
    moment = f"{quote(before.isoformat())}::timestamp"
    row = ledger.connection.execute(
        f"""
        with place as (
            select unnest(scope) as svm_id, taken_at from {source(ledger.attempts().paths)}
            where status = 'complete'
        ), svm as (
            select max(taken_at) filter (taken_at < {moment}) as last_before,
                max(taken_at) filter (taken_at >= {moment}) as following
            from place group by svm_id
        ), newest as (
            select max(taken_at) as taken_at from {source(ledger.attempts().paths)}
            where status = 'complete'
        )
        select least({moment}, (select min(last_before) from svm where following is not null),
            (select taken_at from newest))
        """
    ).fetchone()
    return row[0] if row else None


def _forget(ledger: Ledger, moment: str) -> None:
    connection, manifest = ledger.connection, ledger.manifest
    manifest["generation"] += 1
    for table in TABLES:
        parts = ledger.closed(table)
        if not parts.paths:
            continue
        connection.execute(
            f"create or replace temp table kept as select * exclude (cluster)"
            f" from {source(parts.paths)} where last_seen >= {moment}"
        )
        parts.replace(connection, manifest["generation"], "kept", EVERYTHING)
    connection.execute(
        f"create or replace temp table kept as select * exclude (cluster)"
        f" from {source(ledger.attempts().paths)} where taken_at >= {moment}"
    )
    ledger.attempts().replace(connection, manifest["generation"], "kept", EVERYTHING)


def _files(store: Store, cluster: str, taken_at: datetime) -> list[Path]:
    """The files of one snapshot, the session file last."""
    paths = [store.snapshot(cluster, taken_at, name) for name in INVENTORIES]
    return [path for path in [*paths, store.snapshot(cluster, taken_at)] if path.exists()]


def _delete(files: list[Path]) -> None:
    for path in files:
        path.unlink(missing_ok=True)
    for folder in {path.parent for path in files}:
        if not any(folder.iterdir()):
            folder.rmdir()
