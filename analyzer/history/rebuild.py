"""The history folded anew from the snapshot files."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from typing import Any

from analyzer.errors import StoreError
from analyzer.history.entry import fresh
from analyzer.history.fold import Fresh
from analyzer.history.ledger import Ledger, blank
from analyzer.history.parts import EVERYTHING, quote, source
from analyzer.schema import TABLES
from analyzer.store.layout import Store

_CHUNK = 2_000_000  # rows folded at once


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
        ledger.old(table, late=True)
        connection.execute("create or replace temp table whole as from old")
        (about,) = connection.execute("select count(*) from whole").fetchall()[0]
        connection.execute(
            f"create or replace temp view ended as from whole where gone_by <= {moment}"
        )
        ledger.closed(table).replace(connection, generation, "ended", EVERYTHING)
        ledger.write_open(
            table,
            known,
            f"select {table.listed}, seen_after, first_seen from whole"
            f" where first_seen <= {moment} and (gone_by is null or gone_by > {moment})",
            about,
        )
        known["latest"] = {svm_id: at.isoformat() for svm_id, at in latest}
        known["listed"] = None
    connection.execute(
        f"create or replace temp table settled as select * exclude (cluster)"
        f" from {source(ledger.attempts().paths)} where taken_at <= {moment}"
    )
    ledger.attempts().replace(connection, generation, "settled", EVERYTHING)
    ledger.note()
