"""One attempt to list every session of one cluster at one instant, as files.

Sessions and each companion inventory are a Parquet file of their own. What a snapshot of no
sessions has no row to carry (status, reason, scope, counts) is in the key-value metadata of
the session file, which is renamed into place last: where it is, the attempt is whole.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from analyzer import schema
from analyzer.errors import StoreError, Unreachable
from analyzer.schema import INVENTORIES
from analyzer.store.layout import Store
from analyzer.store.publish import publish

_TEXT = pl.String()
_NUMBER = pl.Int64()
_REAL = pl.Float64()
_INSTANT = pl.Datetime("us")
_KEY = "analyzer"

# Exit status of a command that stored a snapshot of this status.
EXITS = {"complete": 0, "partial": 3, "suspect": 3, "failed": Unreachable.exit_code}


@dataclass(frozen=True, slots=True)
class Listing:
    """One endpoint's whole answer.

    *status* is complete, partial, failed, refused (no right), missing (the release does not
    have it) or 'not asked'; *rows* follow ``session.SCHEMA`` or the inventory's schema.
    """

    status: str
    reason: str | None
    rows: pl.DataFrame
    pages: int = 0


def not_asked(name: str) -> Listing:
    """The listing of an inventory that nobody asked for."""
    return Listing("not asked", None, pl.DataFrame(schema=INVENTORIES[name].schema))


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What one attempt brought; *taken_at* is naive UTC."""

    cluster: str
    taken_at: datetime
    sessions: Listing
    inventories: dict[str, Listing] = field(default_factory=dict)
    cluster_uuid: str | None = None
    version: str | None = None
    collector: str | None = None
    seconds: float | None = None
    expected_interval: int | None = None
    clock_skew: float | None = None
    svms_wanted: tuple[str, ...] = ()

    def listing(self, name: str) -> Listing:
        """The named inventory, as listed or as not asked."""
        return self.inventories.get(name) or not_asked(name)

    @property
    def scope(self) -> list[str]:
        """SVMs that this snapshot can speak for: those listed, and those in the rows."""
        seen = set(self.sessions.rows["svm_id"].unique().to_list())
        svms = self.listing("svms")
        if svms.status == "complete":
            wanted = set(self.svms_wanted)
            seen |= {
                uuid
                for uuid, name in svms.rows.select("uuid", "name").iter_rows()
                if not wanted or uuid in wanted or name in wanted
            }
        return sorted(seen)


def digest(rows: Iterable[tuple[Any, ...]]) -> int:
    """Hash of a bag of rows: the sum of the rows' own, so that order is nothing to it."""
    encode = msgspec.json.Encoder().encode
    total = 0
    for row in rows:
        total += int.from_bytes(hashlib.blake2b(encode(row), digest_size=16).digest())
    return total % (1 << 128)


def attempt(snapshot: Snapshot) -> dict[str, Any]:
    """The row of ``ATTEMPT`` that the snapshot is, before anything came after it."""
    rows = snapshot.sessions.rows
    content = f"{digest(rows.iter_rows()):032x}"
    scope = snapshot.scope
    told = hashlib.sha256(json.dumps([snapshot.sessions.status, content, scope]).encode())
    for name in INVENTORIES:
        listing = snapshot.listing(name)
        told.update(json.dumps([name, listing.status, digest(listing.rows.iter_rows())]).encode())
    sessions = rows.select("svm_id", "target_portal_group", "tsih").n_unique() if rows.height else 0
    return {
        "taken_at": snapshot.taken_at,
        "status": snapshot.sessions.status,
        "answered": snapshot.sessions.status,
        "reason": snapshot.sessions.reason,
        "sessions": sessions,
        "connections": rows.filter(pl.col("connections") > 0).height,
        "pages": snapshot.sessions.pages,
        "content": content,
        "fingerprint": told.hexdigest()[:32],
        "listed": scope,
        "scope": scope,
        **{
            f"{name}_{what}": getattr(snapshot.listing(name), what)
            for name in INVENTORIES
            for what in ("status", "reason")
        },
        "cluster_uuid": snapshot.cluster_uuid,
        "version": snapshot.version,
        "collector": snapshot.collector,
        "seconds": snapshot.seconds,
        "expected_interval": snapshot.expected_interval,
        "clock_skew": snapshot.clock_skew,
    }


def write(store: Store, snapshot: Snapshot, told: dict[str, Any]) -> None:
    """Write the snapshot's files, the session file last; *told* is its ``attempt``."""
    for name, listing in snapshot.inventories.items():
        if listing.status == "complete":
            _write(listing.rows, store.snapshot(snapshot.cluster, snapshot.taken_at, name), {})
    facts = {**told, "taken_at": snapshot.taken_at.isoformat(), "cluster": snapshot.cluster}
    path = store.snapshot(snapshot.cluster, snapshot.taken_at)
    _write(snapshot.sessions.rows, path, {_KEY: json.dumps(facts)})


def _write(rows: pl.DataFrame, path: Path, metadata: dict[str, str]) -> None:
    with publish(path) as draft:
        try:
            rows.write_parquet(draft, compression="zstd", metadata=metadata)
        except pl.exceptions.PolarsError as error:
            raise StoreError(f"cannot write {path}: {error}") from error


def read_attempt(path: Path) -> dict[str, Any]:
    """The attempt that a session file carries in its metadata.

    Raises:
        StoreError: the file is damaged or not a snapshot.
    """
    try:
        facts = json.loads(pl.read_parquet_metadata(path)[_KEY])
        facts["taken_at"] = datetime.fromisoformat(facts["taken_at"])
        del facts["cluster"]
    except (OSError, pl.exceptions.PolarsError, KeyError, ValueError) as error:
        raise StoreError(f"{path} is not a whole snapshot: {error}") from error
    return dict(facts)


def empty() -> pl.DataFrame:
    """No sessions, with their columns."""
    return pl.DataFrame(schema=schema.SESSIONS.schema)
