"""Taking a snapshot into the history, exactly once, whenever it arrives."""

from collections.abc import Iterable
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

from analyzer import clock
from analyzer.errors import UsageError
from analyzer.history import views
from analyzer.history.fold import Fresh
from analyzer.history.ledger import Ledger
from analyzer.history.parts import quote, source
from analyzer.pattern import check_cluster
from analyzer.schema import INVENTORIES
from analyzer.store import snapshot
from analyzer.store.layout import Store
from analyzer.store.snapshot import Snapshot


def record(store: Store, taken: Snapshot) -> dict[str, Any]:
    """Store a snapshot and fold it; returns its attempt as it now stands.

    The same instant with the same content changes nothing.

    Raises:
        Busy: another process writes this cluster's history.
        UsageError: the instant is already taken by other content.
        StoreError: the store cannot be written.
    """
    check_cluster(taken.cluster)
    told = snapshot.attempt(taken)
    with store.lock(taken.cluster), closing(Ledger(store, taken.cluster)) as ledger:
        _fold_pending(store, ledger)
        known = _find(ledger, taken.taken_at)
        if known is not None:
            if known["fingerprint"] != told["fingerprint"]:
                raise UsageError(
                    f"{taken.cluster} already has a snapshot of {clock.iso(taken.taken_at)}"
                    " with other content; nothing was changed"
                )
            return known
        store.mark(taken.cluster, taken.taken_at)
        snapshot.write(store, taken, told)
        _fold(store, ledger, [taken.taken_at])
        return _find(ledger, taken.taken_at) or told


def catch_up(store: Store, cluster: str) -> int:
    """Fold what a killed writer stored and did not fold; says how many snapshots."""
    if not store.pending(cluster):
        return 0
    with store.lock(cluster), closing(Ledger(store, cluster)) as ledger:
        return _fold_pending(store, ledger)


def _fold_pending(store: Store, ledger: Ledger) -> int:
    waiting = store.pending(ledger.cluster)
    if not waiting:
        return 0
    written = [at for at in waiting if store.snapshot(ledger.cluster, at).exists()]
    missing = [at for at in written if _find(ledger, at) is None]
    _fold(store, ledger, missing)
    for instant in waiting:
        store.unmark(ledger.cluster, instant)
    return len(missing)


def _fold(store: Store, ledger: Ledger, instants: list[datetime]) -> None:
    if not instants:
        return
    ledger.add(fresh(store, ledger.cluster, instants))
    ledger.commit()
    for instant in instants:
        store.unmark(ledger.cluster, instant)
    views.refresh(store)


def fresh(store: Store, cluster: str, instants: Iterable[datetime]) -> list[Fresh]:
    """The stored snapshots of these instants, ready to fold."""
    items = []
    for instant in instants:
        path = store.snapshot(cluster, instant)
        told = snapshot.read_attempt(path)
        rows = {"complete": "spells", "partial": "sightings"}.get(told["answered"])
        files = {
            name: store.snapshot(cluster, instant, name)
            for name in INVENTORIES
            if told[f"{name}_status"] == "complete"
        }
        if rows and told["sessions"]:
            files[rows] = path
        items.append(Fresh(instant, told, files))
    return items


def _find(ledger: Ledger, instant: datetime) -> dict[str, Any] | None:
    """The attempt of that instant, if the history has it."""
    return _last(ledger, instant, instant + timedelta(microseconds=1))


def _last(ledger: Ledger, since: datetime, until: datetime) -> dict[str, Any] | None:
    known = ledger.manifest["last"]
    if known is None or since.isoformat() > known:
        return None  # as for every snapshot that comes in order
    cursor = ledger.connection.execute(
        f"select * exclude (cluster) from {source(ledger.attempts().paths)}"
        f" where taken_at >= {quote(since.isoformat())}::timestamp"
        f" and taken_at < {quote(until.isoformat())}::timestamp"
        " order by taken_at desc limit 1"
    )
    names = [column[0] for column in cursor.description]
    row = cursor.fetchone()
    return dict(zip(names, row, strict=True)) if row else None


def last(store: Store, cluster: str, since: datetime, until: datetime) -> dict[str, Any] | None:
    """The last attempt from *since* on and before *until*; the lock must be held."""
    with closing(Ledger(store, cluster)) as ledger:
        return _last(ledger, since, until)
