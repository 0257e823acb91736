"""Saved API answers become a snapshot, as if a collector had got them at that instant."""

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from analyzer import clock, history
from analyzer.errors import UsageError
from analyzer.ontap import Malformed, decode, frame
from analyzer.ontap.client import explain
from analyzer.schema import Attempt
from analyzer.store import snapshot
from analyzer.store.layout import Store
from analyzer.store.snapshot import EXITS, Listing, Snapshot

_AHEAD = timedelta(minutes=5)  # how far two clocks may be apart without anybody minding


def read(path: Path) -> bytes:
    """A file's bytes; ``-`` is standard input.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        return sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error


def bring(
    store: Store,
    cluster: str,
    taken_at: datetime,
    pages: Sequence[Path],
    companions: Mapping[str, Path] | None = None,
    cluster_info: Path | None = None,
    *,
    future: bool = False,
) -> tuple[Attempt, int]:
    """Import the pages of one listing, in order; returns the attempt and the exit status.

    Raises:
        UsageError: a file cannot be read, the instant has other content already, or it is to
            come and *future* is not set.
        Busy: a collector holds the cluster.
    """
    _check_past(taken_at, future=future)
    sessions = _sessions(pages)
    inventories = {name: _companion(name, path) for name, path in (companions or {}).items()}
    uuid = version = None
    if cluster_info is not None:
        try:
            identity = decode.cluster(read(cluster_info))
        except Malformed as error:
            raise UsageError(f"{cluster_info}: {error}") from error
        uuid, version = identity.uuid, identity.version.full if identity.version else None
    taken = Snapshot(
        cluster=cluster,
        taken_at=taken_at.replace(microsecond=0),
        sessions=sessions,
        inventories=inventories,
        cluster_uuid=uuid,
        version=version,
        collector="import",
    )
    attempt = history.record(store, taken)
    return attempt, EXITS[attempt.status]


def fail(
    store: Store, cluster: str, taken_at: datetime, why: str, *, future: bool = False
) -> Attempt:
    """Record that nothing could be had at that instant, and why; raises as ``bring``."""
    _check_past(taken_at, future=future)
    empty = Listing("failed", why, snapshot.empty())
    taken = Snapshot(cluster, taken_at.replace(microsecond=0), empty, collector="import")
    return history.record(store, taken)


def _check_past(taken_at: datetime, *, future: bool) -> None:
    if not future and taken_at > clock.now() + _AHEAD:
        raise UsageError(
            f"{clock.iso(taken_at)} is still to come; --future takes it, and nobody sees it until then"
        )


def _sessions(pages: Sequence[Path]) -> Listing:
    if sum(str(path) == "-" for path in pages) > 1:
        raise UsageError("standard input (-) can be read once")
    frames, reason, count = [], None, 0
    following = None
    for number, path in enumerate(pages, 1):
        body = read(path)
        try:
            page = decode.page("sessions", body)
            frames.append(frame.sessions(page.records, count))
        except Malformed as error:
            words = explain(body)
            why = f"an error envelope{words}" if words else str(error)
            reason = reason or f"page {number} ({path.name}): {why}"
            continue
        count += len(page.records)
        if page.errors:
            reason = reason or f"page {number} says that records are missing from it (errors)"
        if page.num_records is not None and page.num_records != len(page.records):
            reason = reason or (
                f"page {number} says {page.num_records} records and has {len(page.records)}"
            )
        following = page.next
    if following is not None:
        reason = reason or "the last page has a next link: pages are missing"
    if not frames:
        return Listing("failed", reason or "no page", snapshot.empty())
    rows = frame.distinct(pl.concat(frames))
    return Listing("partial" if reason else "complete", reason, rows, len(frames))


def _companion(name: str, path: Path) -> Listing:
    try:
        page = decode.page(name, read(path))
    except Malformed as error:
        raise UsageError(f"{path}: {error}") from error
    if page.next or page.errors:
        reason = f"{path.name} is not the whole listing"
        return Listing("failed", reason, frame.inventory(name, []), 1)
    return Listing("complete", None, frame.inventory(name, page.records), 1)
