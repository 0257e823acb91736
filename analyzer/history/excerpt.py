"""A store of its own made of another: the whole history, and the snapshot files of one window.

The history goes along whole because verdicts stand on it: new means never seen before, and open
means not seen since. A snapshot whose file was compacted away is given back from it.
"""

import shutil
from contextlib import closing
from datetime import datetime
from typing import Any

import duckdb
import polars as pl

from analyzer import schema
from analyzer.errors import StoreError
from analyzer.history import parts
from analyzer.history.ledger import Ledger
from analyzer.history.parts import source
from analyzer.history.verify import present
from analyzer.schema import INVENTORIES, TABLES
from analyzer.store import snapshot
from analyzer.store.layout import Store
from analyzer.store.snapshot import Listing, Snapshot

_TRIES = 3


def excerpt(
    store: Store, cluster: str, into: Store, since: datetime, until: datetime
) -> list[datetime]:
    """Put the cluster into the store *into*; returns the instants whose snapshots it has as files.

    These are all attempts from the last comparable one before *since* to the first comparable
    one after *until*, so that both sides of every loss of the window are there.

    Raises:
        StoreError: a file of the history cannot be read.
    """
    if not store.manifest(cluster):
        return []
    _copy(store, cluster, into)
    try:
        with closing(Ledger(into, cluster)) as ledger:
            told = _between(ledger, since, until)
            for attempt in told:
                if not _copied(store, cluster, into, attempt):
                    snapshot.write(into, _given_back(ledger, attempt), _as_answered(attempt))
    except duckdb.Error as error:
        why = str(error).partition("\n")[0]  # the rest quotes our own statement
        raise StoreError(f"a file of the history cannot be read: {why}") from error
    return [attempt["taken_at"] for attempt in told]


def _copy(store: Store, cluster: str, into: Store) -> None:
    """The files that the manifest names; the history stands for all that has no file here."""
    folder = into.folder(cluster)
    folder.mkdir(parents=True, exist_ok=True)
    for attempt in range(_TRIES):
        manifest = store.manifest(cluster)
        try:
            for name in sorted(parts.named(manifest)):
                shutil.copyfile(store.folder(cluster) / name, folder / name)
        except OSError as error:
            # A writer may have retired a file between the manifest and the copy.
            if attempt == _TRIES - 1:
                raise StoreError(f"a file of the history cannot be read: {error}") from error
            continue
        into.commit(cluster, manifest | {"compacted": manifest["last"], "retired": {}})
        return


def _between(ledger: Ledger, since: datetime, until: datetime) -> list[dict[str, Any]]:
    if not ledger.attempts().paths:
        return []
    cursor = ledger.connection.execute(
        f"""
        with attempt as (from {source(ledger.attempts().paths)})
        select * exclude (cluster) from attempt
        where taken_at >= coalesce((select max(taken_at) from attempt
                where status = 'complete' and taken_at < $since), $since)
            and taken_at <= coalesce((select min(taken_at) from attempt
                where status = 'complete' and taken_at > $until), $until)
        order by taken_at
        """,
        {"since": since, "until": until},
    )
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _copied(store: Store, cluster: str, into: Store, attempt: dict[str, Any]) -> bool:
    """Whether the snapshot's files are still there and now here, the session file last."""
    instant = attempt["taken_at"]
    listed = [name for name in INVENTORIES if attempt[f"{name}_status"] == "complete"]
    for name in (*listed, None):
        path = into.snapshot(cluster, instant, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(store.snapshot(cluster, instant, name), path)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise StoreError(f"a snapshot cannot be read: {error}") from error
    return True


def _given_back(ledger: Ledger, attempt: dict[str, Any]) -> Snapshot:
    held = {"spells": "complete", "sightings": "partial"}
    rows, inventories = snapshot.empty(), {}
    for table in TABLES:
        if table.inventory is not None and attempt[f"{table.inventory}_status"] == "complete":
            made = pl.DataFrame(
                present(ledger, table, attempt), schema=INVENTORIES[table.name].schema, orient="row"
            )
            inventories[table.name] = Listing("complete", None, made)
        elif held.get(table.name) == attempt["status"]:
            rows = pl.DataFrame(
                present(ledger, table, attempt), schema=schema.SESSIONS.schema, orient="row"
            )
    listing = Listing(attempt["answered"], attempt["reason"], rows, attempt["pages"])
    return Snapshot(ledger.cluster, attempt["taken_at"], listing, inventories)


def _as_answered(attempt: dict[str, Any]) -> dict[str, Any]:
    """The attempt as it was before anything came after it."""
    whole = attempt["answered"] == "complete"
    return attempt | {
        "status": attempt["answered"],
        "scope": attempt["listed"],
        "reason": None if whole else attempt["reason"],
    }
