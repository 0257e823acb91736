"""Letting go of what is old: compact and prune.

Nothing is deleted that the history has not been proved to give back, and whoever is killed
leaves a store that the next one reads.
"""

from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from analyzer.errors import StoreError
from analyzer.history.ledger import Ledger
from analyzer.history.parts import EVERYTHING, quote, source
from analyzer.history.verify import prove
from analyzer.schema import INVENTORIES, TABLES
from analyzer.store.layout import Store


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
        found = prove(store, ledger)
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
