"""The register: a file for each cluster that ever had a history, beside the histories themselves.

``register/C.json`` outlives the folder of the history, so that one that was deleted whole is named,
and not begun anew in silence. It is written after the manifest, when what it says has changed.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

import msgspec

from analyzer.errors import StoreError
from analyzer.history.checksum import seal, unseal
from analyzer.store.layout import Store
from analyzer.store.publish import publish
from analyzer.store.regular import read_regular


class RegisterEntry(msgspec.Struct, forbid_unknown_fields=True):
    """The history stood for snapshot files up to *compacted*, in naive UTC; None if for none."""

    cluster: str
    compacted: datetime | None = None


def read(store: Store, cluster: str) -> RegisterEntry | None:
    """The cluster's entry; None where there is none, as before its first commit.

    Raises:
        StoreError: it is damaged.
    """
    path = store.register_file(cluster)
    try:
        entry = msgspec.json.decode(unseal(read_regular(path)), type=RegisterEntry)
        if entry.cluster != cluster:
            raise ValueError(f"it is that of {entry.cluster}")
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors
        raise StoreError(f"{path} is damaged ({error})") from error
    return entry


def compacted(store: Store, cluster: str) -> datetime | None:
    """Up to when the history stood for snapshot files when it was last written; None if unknown."""
    try:
        entry = read(store, cluster)
    except StoreError:
        return None
    return entry.compacted if entry else None


def write(store: Store, entry: RegisterEntry, before_rename: Callable[[], None]) -> None:
    """Make the entry of a cluster say what its committed manifest says.

    Raises:
        Busy: another host took over the lease meanwhile; nothing was published.
        StoreError: it cannot be written.
    """
    path = store.register_file(entry.cluster)
    content = seal(msgspec.json.encode(entry))
    with suppress(OSError):  # not there yet, or to be replaced
        if read_regular(path) == content:
            return
    with publish(path, before_rename=before_rename) as draft:
        draft.write_bytes(content)
