"""Attempts: those that are folded, and the status that each has once the next is there."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
from msgspec.structs import replace

from analyzer.errors import StoreError
from analyzer.history.manifest import Manifest, listing_hash
from analyzer.history.parts import FoldSession, source, timestamp
from analyzer.inventories import INVENTORIES
from analyzer.schema import ATTEMPT, Attempt
from analyzer.store import snapshot
from analyzer.store.layout import Store
from analyzer.store.regular import check_regular, read_regular

HELD = {"complete": "spells", "partial": "sightings"}  # the table that holds a snapshot's rows
_SUSPECT = "empty, where the last complete answer was not"
_DISPROVED = "empty, but the next answer had the same connections: not believed"
# One connection, as nothing but itself could be (identity of a connection instance).
_CONNECTION = (
    "svm_id, initiator, isid, tsih, cid, initiator_address, initiator_port, interface_address"
)


@dataclass(frozen=True, slots=True)
class SnapshotFiles:
    """A snapshot to fold: its attempt as answered, and its files by the table that they fold into."""

    attempt: Attempt
    files: dict[str, Path]

    @property
    def taken_at(self) -> datetime:
        return self.attempt.taken_at


def snapshot_files(store: Store, cluster: str, instants: Iterable[datetime]) -> list[SnapshotFiles]:
    """The stored snapshots of these instants, by time.

    Raises:
        StoreError: one of them is damaged, or is of another cluster or instant.
    """
    snapshots = []
    for instant in sorted(instants):
        attempt = snapshot.read_attempt(store, cluster, instant)
        files = {
            name: store.snapshot(cluster, instant, name)
            for name in INVENTORIES
            if attempt.inventory_status(name) == "complete"
        }
        table = HELD.get(attempt.answered)
        if table and attempt.sessions:
            files[table] = store.snapshot(cluster, instant)
        snapshots.append(SnapshotFiles(attempt, files))
    return snapshots


def listed_again(store: Store, manifest: Manifest, attempt: Attempt) -> dict[str, bytes]:
    """The inventories' files of the last snapshot by name, if all that it brought was the same.

    To copy them takes a tenth of the time that it takes to write them anew.
    """
    contents = {}
    with suppress(StoreError, OSError):  # compacted, or damaged
        for last in snapshot_files(store, manifest.cluster, filter(None, [manifest.last])):
            if last.attempt.fingerprint == attempt.fingerprint:
                for name in INVENTORIES.keys() & last.files.keys():
                    content = read_regular(last.files[name])
                    if listing_hash(content) == manifest.tables[name].listed:
                        contents[name] = content
    return contents


def read_part(path: Path, *columns: str) -> pl.DataFrame:
    """A file of the history, or some columns of it: less work than a statement, for few rows.

    Raises:
        StoreError: it is damaged.
    """
    try:
        return pl.read_parquet(
            check_regular(path), columns=[*columns] or None, hive_partitioning=False, glob=False
        )
    except snapshot.DAMAGE as error:
        raise StoreError(f"{path} cannot be read: {error}") from error


def read_since(path: Path, since: datetime) -> list[Attempt]:
    """The attempts from *since* on in one file; those of earlier versions have fewer columns.

    Raises:
        StoreError: it is damaged.
    """
    rows = read_part(path)
    try:
        return msgspec.convert(rows.filter(rows["taken_at"] >= since).to_dicts(), list[Attempt])
    except snapshot.DAMAGE as error:
        raise StoreError(f"{path}: the attempts are damaged: {error}") from error


def with_neighbours(
    attempts: Sequence[Attempt],
) -> list[tuple[Attempt | None, Attempt, Attempt | None]]:
    """Each complete answer of the *attempts*, by time, between the one before and the one after."""
    answers = [attempt for attempt in attempts if attempt.answered == "complete"]
    return list(zip([None, *answers], answers, [*answers[1:], None], strict=False))


def is_doubtful(attempt: Attempt) -> bool:
    """Whether those before it may have a say in what it is, or it in what they are."""
    return not (attempt.answered == "complete" and attempt.sessions and attempt.listed)


def settle(
    attempts: Sequence[Attempt], returned: Callable[[Attempt, Attempt], bool]
) -> list[Attempt]:
    """The *attempts*, by time, with what is now known of them.

    An empty answer after one with rows is doubted until the next answer settles it: empty again or
    nothing back means that it was true; a connection back unchanged means that it was wrong.
    *returned* says whether one is, between the answers of two instants. An empty answer speaks for
    the SVMs of the last one, where nobody listed the SVMs.
    """
    verdicts: dict[datetime, Attempt] = {}
    carried: list[str] = []
    for before, answer, after in with_neighbours(attempts):
        status, reason = "complete", None
        if answer.sessions == 0 and before is not None and before.sessions > 0:
            if after is None:
                status, reason = "suspect", _SUSPECT
            elif after.sessions > 0 and returned(before, after):
                status, reason = "failed", _DISPROVED
        # The first attempt retains its stored scope: what settled it may lie before *attempts*.
        spoken_for = answer.scope if answer is attempts[0] else answer.listed
        scope = answer.listed
        if status == "complete" and not answer.listed:
            scope = carried or spoken_for
        carried = spoken_for or carried
        verdicts[answer.taken_at] = replace(answer, status=status, reason=reason, scope=scope)
    return [
        verdicts.get(attempt.taken_at)
        or replace(attempt, status=attempt.answered, scope=attempt.listed)
        for attempt in attempts
    ]


def returned(
    session: FoldSession, files: dict[datetime, Path], before: Attempt, after: Attempt
) -> bool:
    """Whether a connection of the answer *before* is in that *after*, unchanged.

    Their rows are in *files*, else in the relation ``old``.
    """
    answers = {"before": before, "after": after}
    sides = [_rows(name, answer, files) for name, answer in answers.items()]
    named = {
        name: answer.listed for name, answer in answers.items() if answer.taken_at not in files
    }
    return bool(
        session.value(
            f"select exists (select {_CONNECTION} from {sides[0]}"
            f" intersect select {_CONNECTION} from {sides[1]})",
            named,
        )
    )


def _rows(name: str, answer: Attempt, files: dict[datetime, Path]) -> str:
    if answer.taken_at in files:
        return source([files[answer.taken_at]])
    # A spell goes on over answers that do not list its SVM: of them it says nothing.
    at = timestamp(answer.taken_at)
    return (
        f"(from old where first_seen <= {at} and last_seen >= {at}"
        f" and svm_id in (select unnest(${name}::varchar[])))"
    )


def written(attempts: Sequence[Attempt]) -> tuple[str, dict[str, list[Any]]]:
    """A select of the *attempts* as they are stored, and its parameters."""
    columns = ", ".join(
        f"unnest(${column.name}::{column.type}[]) as {column.name}" for column in ATTEMPT
    )
    values = {column.name: [getattr(a, column.name) for a in attempts] for column in ATTEMPT}
    return f"select {columns}", values
