"""Saved API answers become a snapshot, as if a collector had listed them at that instant."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from analyzer import clock, history
from analyzer.collect import saved
from analyzer.errors import UsageError
from analyzer.ontap import Malformed, decode, frame
from analyzer.ontap.client import explain
from analyzer.ontap.record import ClusterRecord
from analyzer.ontap.resources import RESOURCES
from analyzer.schema import Attempt
from analyzer.store import snapshot
from analyzer.store.layout import Store
from analyzer.store.snapshot import EXITS, Listing, Snapshot
from analyzer.text import for_encoding, is_utf8

_AHEAD = timedelta(minutes=5)  # how far two clocks may be apart without anybody minding


def bring(
    store: Store,
    cluster: str,
    taken_at: datetime,
    pages: Sequence[Path],
    side_files: Mapping[str, Path] | None = None,
    cluster_info: Path | None = None,
    *,
    future: bool = False,
) -> tuple[Attempt, int]:
    """Import the pages of one listing, in order; returns the attempt and the exit status.

    *side_files* are answers of inventories by name, *cluster_info* is one of ``/api/cluster``.

    Raises:
        UsageError: a file cannot be read, is no JSON, or is of another endpoint; the instant has
            other content already, or is to come and *future* is not set. Nothing was stored.
        Busy: a collector holds the cluster.
    """
    _check_past(taken_at, future=future)
    paths = [*pages, *(side_files or {}).values(), cluster_info]
    if sum(str(path) == "-" for path in paths) > 1:
        raise UsageError("standard input (-) can be read once")
    sessions = _sessions(pages)
    inventories = {name: _inventory(name, path) for name, path in (side_files or {}).items()}
    identity = _identity(cluster_info) if cluster_info is not None else ClusterRecord()
    imported = Snapshot(
        cluster=cluster,
        taken_at=taken_at.replace(microsecond=0),
        sessions=sessions,
        inventories=inventories,
        cluster_uuid=identity.uuid,
        version=identity.version.full if identity.version else None,
        collector="import",
        ems_since=_earliest(inventories.get("ems")),
    )
    attempt = history.record(store, imported)
    return attempt, EXITS[attempt.status]


def fail(
    store: Store, cluster: str, taken_at: datetime, why: str, *, future: bool = False
) -> Attempt:
    """Record that nothing could be had at that instant, and why; raises as ``bring``."""
    _check_past(taken_at, future=future)
    if not is_utf8(why):
        raise UsageError("--failed is no text in the encoding of this terminal")
    if not why.strip():
        raise UsageError("--failed is empty: it says why nothing could be had")
    empty = Listing("failed", why, snapshot.empty())
    imported = Snapshot(cluster, taken_at.replace(microsecond=0), empty, collector="import")
    return history.record(store, imported)


def _check_past(taken_at: datetime, *, future: bool) -> None:
    if not future and taken_at > clock.now() + _AHEAD:
        raise UsageError(
            f"{clock.iso(taken_at)} is more than five minutes ahead of the clock; --future takes it,"
            " and no report sees it before then"
        )


def _sessions(pages: Sequence[Path]) -> Listing:
    frames, reason, count = [], None, 0
    following = None
    for number, path in enumerate(pages, 1):
        body = saved.read(path)
        try:
            page = decode.page("sessions", body)
            frames.append(frame.sessions(page.records, count))
        except Malformed as error:
            words = explain(body)
            why = f"an error envelope{words}" if words else str(error)
            reason = reason or f"page {number} ({_name(path)}): {why}"
            continue
        count += len(page.records)
        reason = reason or page.incomplete(number)
        following = page.next
    if following is not None:
        reason = reason or "the last page has a next link: pages are missing"
    if not frames:
        return Listing("failed", reason or "no page", snapshot.empty())
    rows = frame.distinct(pl.concat(frames))
    return Listing("partial" if reason else "complete", reason, rows, len(frames))


def _name(path: Path) -> str:
    """A name of a file as it can be stored: it need not be UTF-8."""
    return for_encoding(path.name, "utf-8")


def _inventory(name: str, path: Path) -> Listing:
    body = saved.read(path)
    saved.check_kind(path, name, body)
    try:
        page = decode.page(name, body)
        rows = frame.inventory(name, page.records)
    except Malformed as error:
        raise UsageError(f"{path}: {error}") from error
    if page.next or page.incomplete(1):
        return Listing("failed", f"{_name(path)} is not the whole listing", rows.clear(), 1)
    return Listing("complete", None, rows, 1)


def _earliest(events: Listing | None) -> datetime | None:
    """From when on a saved event log is known: its first event."""
    if events is None or events.rows.is_empty():
        return None
    return events.rows["time"].min()  # type: ignore[return-value]  # a column of instants


def _identity(path: Path) -> ClusterRecord:
    try:
        identity = decode.cluster(saved.read(path))
    except Malformed as error:
        raise UsageError(f"{path}: {error}") from error
    if identity.uuid is None and identity.version is None:
        raise UsageError(f"{path} is no answer of {RESOURCES['cluster'].path}")
    return identity
