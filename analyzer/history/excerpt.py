"""A part of a store as a store of its own: the whole history, the snapshot files of one window.

The history is copied whole because verdicts stand on it: new means never seen before, and open
means not seen since. A snapshot whose file was compacted away is restored from it.
"""

import shutil
from datetime import datetime

import msgspec

from analyzer.errors import StoreError
from analyzer.history import manifest as manifests
from analyzer.history.history import History
from analyzer.history.parts import check_digest, timestamp
from analyzer.history.restore import as_answered, restore
from analyzer.inventories import INVENTORIES
from analyzer.schema import Attempt
from analyzer.store import snapshot
from analyzer.store.layout import Store

_TRIES = 3


def excerpt(
    store: Store, cluster: str, into: Store, since: datetime, until: datetime
) -> list[datetime]:
    """Put the cluster into the store *into*; returns the instants whose snapshots it has as files.

    These are all attempts from the last complete one before *since* to the first complete
    one after *until*, so that both sides of every loss of the window are there.

    Raises:
        StoreError: a file of the history cannot be read.
    """
    if not _copy_history(store, cluster, into):
        return []
    with History.read(into, cluster) as history:
        attempts = _between(history, since, until)
        for attempt in attempts:
            if not _copy_files(store, cluster, into, attempt):
                snapshot.write(into, restore(history, attempt), as_answered(attempt))
    return [attempt.taken_at for attempt in attempts]


def _copy_history(store: Store, cluster: str, into: Store) -> bool:
    """The files that the manifest names; the history stands for all that has no file here."""
    folder = into.history_folder(cluster)
    for attempt in range(_TRIES):
        manifest = manifests.read(store, cluster)
        if manifest is None:
            break
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name, digest, _rows in manifest.files():
                path = store.history_folder(cluster) / name
                shutil.copyfile(path, folder / name)
                check_digest(path, digest)
        except OSError as error:
            # A writer may have retired a file between the manifest and the copy.
            if attempt == _TRIES - 1:
                raise StoreError(f"a file of the history cannot be read: {error}") from error
            continue
        manifests.write(
            into, msgspec.structs.replace(manifest, compacted=manifest.last, retired={})
        )
        return True
    return False


def _between(history: History, since: datetime, until: datetime) -> list[Attempt]:
    """From the last complete attempt before *since* to the first after *until*."""
    return history.attempts(
        f"""
        where taken_at >= coalesce((select max(taken_at) from {history.attempts_source}
                where status = 'complete' and taken_at < {timestamp(since)}), {timestamp(since)})
            and taken_at <= coalesce((select min(taken_at) from {history.attempts_source}
                where status = 'complete' and taken_at > {timestamp(until)}), {timestamp(until)})
        order by taken_at
        """
    )


def _copy_files(store: Store, cluster: str, into: Store, attempt: Attempt) -> bool:
    """Whether the snapshot's files are still there and now here, the session file last."""
    inventories = [name for name in INVENTORIES if attempt.inventory_status(name) == "complete"]
    for name in (*inventories, None):
        path = into.snapshot(cluster, attempt.taken_at, name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(store.snapshot(cluster, attempt.taken_at, name), path)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise StoreError(f"a snapshot cannot be read: {error}") from error
    return True
