"""One attempt to list every session of one cluster at one instant, as files.

Sessions and each inventory are a Parquet file of their own. What a snapshot of no
sessions has no row to carry (status, reason, scope, counts) is in the key-value metadata of
the session file, which is renamed into place last: where it is, the attempt is whole.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, partial
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec
import polars as pl

from analyzer import clock, schema
from analyzer.column import Column
from analyzer.errors import StoreError, Unreachable
from analyzer.inventories import INVENTORIES, NOT_REQUESTED
from analyzer.schema import Attempt
from analyzer.store.layout import Store
from analyzer.store.publish import publish, sync
from analyzer.store.regular import check_regular
from analyzer.text import first_line

_KEY = "analyzer"
_ENCODER = msgspec.json.Encoder()
# What reading a damaged file raises; a panic of Polars is no ``Exception``.
DAMAGE = (
    OSError, KeyError, ValueError, msgspec.MsgspecError,
    pl.exceptions.PolarsError, pl.exceptions.PanicException,
)  # fmt: skip

# Exit status of a command that stored a snapshot of this status.
EXITS = {"complete": 0, "partial": 3, "suspect": 3, "failed": Unreachable.exit_code}


@dataclass(frozen=True, slots=True)
class Listing:
    """One endpoint's whole answer.

    *status* is complete, partial, failed, refused (no right), missing (the release does not
    have it) or ``NOT_REQUESTED``; *rows* follow ``schema.SESSIONS`` or the inventory's schema.
    """

    status: str
    reason: str | None
    rows: pl.DataFrame
    pages: int = 0


@cache
def not_requested(name: str) -> Listing:
    """The listing of an inventory that was not requested."""
    return Listing(NOT_REQUESTED, None, pl.DataFrame(schema=INVENTORIES[name].schema))


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The data of one attempt; *taken_at* is naive UTC."""

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
    ems_since: datetime | None = None
    svms_wanted: tuple[str, ...] = ()

    def listing(self, name: str) -> Listing:
        """The named inventory as listed, or as not requested."""
        return self.inventories.get(name) or not_requested(name)

    @property
    def scope(self) -> list[str]:
        """SVMs that this snapshot can speak for: those listed, and those in the rows."""
        seen = set(self.sessions.rows["svm_id"].unique().to_list())
        svms = self.listing("svms")
        if svms.status == "complete":
            names = set(self.svms_wanted)
            seen |= {
                uuid
                for uuid, name in zip(svms.rows["uuid"], svms.rows["name"], strict=True)
                if not names or uuid in names or name in names
            }
        return sorted(seen)


def digest(rows: Iterable[tuple[Any, ...]], columns: Sequence[Column]) -> int:
    """Order-independent multiset hash: the sum of BLAKE2b-128 of each row, modulo 2^128.

    Of added columns those at the end of a row that are null do not count.
    """
    encode = _ENCODER.encode
    fewest = sum(not column.added for column in columns)
    total = 0
    for row in rows:
        while len(row) > fewest and row[-1] is None:
            row = row[:-1]  # noqa: PLW2901  # as it was before the column was added
        total += int.from_bytes(hashlib.blake2b(encode(row), digest_size=16).digest())
    return total % (1 << 128)


def fingerprint(
    answered: str, content: str, listed: Sequence[str], inventories: Mapping[str, tuple[str, int]]
) -> str:
    """Hash over all that one attempt brought; *inventories* are the status and digest of each."""
    total = hashlib.sha256(json.dumps([answered, content, listed]).encode())
    for name, inventory in INVENTORIES.items():
        if not inventory.added or inventories[name][0] != NOT_REQUESTED:
            total.update(json.dumps([name, *inventories[name]]).encode())
    return total.hexdigest()[:32]


def attempt(snapshot: Snapshot) -> Attempt:
    """The attempt that the snapshot is, before anything came after it."""
    rows = snapshot.sessions.rows
    content = f"{digest(rows.iter_rows(), schema.SESSIONS.columns):032x}"
    scope = snapshot.scope
    listings = {name: snapshot.listing(name) for name in INVENTORIES}
    digests = {
        name: (listing.status, digest(listing.rows.iter_rows(), INVENTORIES[name].columns))
        for name, listing in listings.items()
    }
    outcomes = {
        f"{name}_{outcome}": getattr(listing, outcome)
        for name, listing in listings.items()
        for outcome in ("status", "reason")
    }
    sessions = rows["svm_id", "target_portal_group", "tsih"].n_unique() if rows.height else 0
    return Attempt(
        taken_at=snapshot.taken_at,
        status=snapshot.sessions.status,
        answered=snapshot.sessions.status,
        reason=snapshot.sessions.reason,
        sessions=sessions,
        connections=int((rows["connections"] > 0).sum()),
        pages=snapshot.sessions.pages,
        content=content,
        fingerprint=fingerprint(snapshot.sessions.status, content, scope, digests),
        listed=scope,
        scope=scope,
        cluster_uuid=snapshot.cluster_uuid,
        version=snapshot.version,
        collector=snapshot.collector,
        seconds=snapshot.seconds,
        expected_interval=snapshot.expected_interval,
        clock_skew=snapshot.clock_skew,
        ems_since=snapshot.ems_since if snapshot.listing("ems").status == "complete" else None,
        **outcomes,
    )


class _StoredAttempt(Attempt):
    """An attempt from the metadata of its session file."""

    cluster: str = ""


def write(
    store: Store,
    snapshot: Snapshot,
    attempt: Attempt,
    before_replace: Callable[[], None] = lambda: None,
    contents: Mapping[str, bytes] = MappingProxyType({}),
) -> None:
    """Write the snapshot's files, the session file last.

    *contents* are the bytes of inventories' files, by name, where they are known already.
    *before_replace* is the fencing check before a file that is there already is replaced; new
    ones are written by a fenced writer too, since that instant can never be collected again.

    Raises:
        Busy: another host took over the lease, and stored the same instant.
        StoreError: a file cannot be written.
    """
    session_file = store.snapshot(snapshot.cluster, snapshot.taken_at)

    def check(path: Path) -> None:
        if path.exists():
            before_replace()

    listed = {n: item.rows for n, item in snapshot.inventories.items() if item.status == "complete"}
    for name, rows in listed.items():
        path = store.snapshot(snapshot.cluster, snapshot.taken_at, name)
        with publish(path, named=False, before_rename=partial(check, path)) as draft:
            draft.write_bytes(contents.get(name) or parquet(rows))
    if listed:
        sync(session_file.parent)
    facts = msgspec.json.encode(
        _StoredAttempt(cluster=snapshot.cluster, **msgspec.structs.asdict(attempt))
    )
    with publish(session_file, before_rename=partial(check, session_file)) as draft:
        draft.write_bytes(parquet(snapshot.sessions.rows, {_KEY: facts.decode()}))


def parquet(rows: pl.DataFrame, metadata: dict[str, str] | None = None) -> bytes:
    """The content of a file with these rows: Polars itself has other words for a full disk."""
    content = BytesIO()
    rows.write_parquet(content, compression="zstd", metadata=metadata)
    return content.getvalue()


def read_attempt(store: Store, cluster: str, taken_at: datetime) -> Attempt:
    """The attempt that a session file carries in its metadata, as it was answered.

    Raises:
        StoreError: the file is missing or damaged, or is of another cluster or instant.
    """
    path = store.snapshot(cluster, taken_at)
    try:
        stored = msgspec.json.decode(
            pl.read_parquet_metadata(check_regular(path))[_KEY], type=_StoredAttempt
        )
    except DAMAGE as error:
        raise StoreError(f"{path} is not a whole snapshot: {first_line(error)}") from error
    if (stored.cluster, stored.taken_at) != (cluster, taken_at):
        raise StoreError(
            f"{path} is the snapshot of {stored.cluster} at {clock.iso(stored.taken_at)}"
        )
    fields = msgspec.structs.asdict(stored)
    del fields["cluster"]
    return Attempt(**fields)


def read_rows(
    store: Store, cluster: str, taken_at: datetime, inventory: str | None = None
) -> pl.DataFrame:
    """Every row of one file of a snapshot, read to the last page.

    Raises:
        StoreError: the file is missing or damaged, or has other columns.
    """
    path = store.snapshot(cluster, taken_at, inventory)
    try:
        rows = pl.read_parquet(check_regular(path), hive_partitioning=False, glob=False)
    except DAMAGE as error:
        raise StoreError(f"{path} cannot be read: {first_line(error)}") from error
    listed = INVENTORIES[inventory] if inventory else schema.SESSIONS
    for column in listed.columns:
        if column.added and column.name not in rows.columns:
            rows = rows.with_columns(pl.lit(None, listed.schema[column.name]).alias(column.name))
    if dict(rows.schema) != listed.schema:
        raise StoreError(f"{path} does not have the columns of {listed.name}")
    return rows


def empty() -> pl.DataFrame:
    """No sessions, with their columns."""
    return pl.DataFrame(schema=schema.SESSIONS.schema)
