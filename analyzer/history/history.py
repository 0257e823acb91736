"""One cluster's history, open for writing: lock, lease, one manifest, one DuckDB session.

Nothing that readers see changes until ``commit``.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import chain
from operator import attrgetter
from typing import Any

import msgspec

from analyzer import clock
from analyzer.errors import StoreError, UsageError
from analyzer.history import attempts, register, views
from analyzer.history import manifest as manifests
from analyzer.history.attempts import SnapshotFiles, snapshot_files
from analyzer.history.manifest import Manifest
from analyzer.history.parts import EVERYTHING, NOTHING, FoldSession, PartList
from analyzer.history.spells import SpellTable
from analyzer.history.withdraw import withdraw
from analyzer.pattern import check_cluster
from analyzer.schema import ATTEMPT, TABLES, Attempt, Table
from analyzer.store import snapshot as snapshots
from analyzer.store.layout import Store
from analyzer.store.lease import Lease
from analyzer.store.snapshot import Snapshot

_COLUMNS = ", ".join(column.name for column in ATTEMPT)
_NO_ATTEMPTS = (
    "select "
    + ", ".join(f"null::{column.type} as {column.name}" for column in ATTEMPT)
    + " where false"
)
_TAKEN_AT = attrgetter("taken_at")
_EARLIEST = datetime(1970, 1, 1)


class History:
    """The history of one cluster; ``open`` it for writing, ``read`` it else.

    *manifest* is what will be committed next.
    """

    def __init__(
        self, store: Store, cluster: str, manifest: Manifest, lease: Lease | None = None
    ) -> None:
        """Stand on *manifest*; without a *lease* nothing may be written."""
        self.store = store
        self.cluster = cluster
        self.folder = store.history_folder(cluster)
        self.manifest = manifest
        self.session = FoldSession(cluster, self.folder)
        self._lease = lease
        self._committed = manifest.names

    @classmethod
    @contextmanager
    def open(cls, store: Store, cluster: str) -> Iterator["History"]:
        """Be the one writer of the cluster's history, and read its manifest once.

        Raises:
            Busy: another process writes it.
            StoreError: the history is damaged, or the store cannot be written.
            UsageError: no cluster may be called so, or one is but for the case of letters.
        """
        with store.lock(check_cluster(cluster)) as lease:
            if misplaced := manifests.misplaced(store, cluster):  # before anything is stored
                raise StoreError(misplaced[0])
            manifest = manifests.read(store, cluster)
            history = cls(store, cluster, manifest or Manifest(cluster=cluster), lease)
            try:
                if manifest is None:
                    store.check_only_one(cluster)
                    history.commit()  # so that files without a manifest are always damage
                else:  # a damaged entry is mended before anything is stored
                    register.write(store, manifest.entry, lease.check)
                yield history
                views.refresh(store)
            finally:
                history.session.close()

    @classmethod
    @contextmanager
    def read(cls, store: Store, cluster: str) -> Iterator["History"]:
        """The history as it is committed; takes no lock and writes nothing.

        Raises:
            StoreError: it is damaged.
        """
        manifest = manifests.read(store, cluster)
        history = cls(store, cluster, manifest or Manifest(cluster=cluster))
        try:
            yield history
        finally:
            history.session.close()

    def record(self, snapshot: Snapshot) -> Attempt:
        """Store a snapshot and fold it; returns its attempt as it now stands.

        The same instant with the same content changes nothing. A failed or partial attempt gives
        way to a complete one of its instant.

        Raises:
            UsageError: the instant is already taken by other content, or cannot be.
            StoreError: the store cannot be written.
        """
        taken_at = snapshot.taken_at
        if taken_at < _EARLIEST:
            raise UsageError(f"{clock.iso(taken_at)}: no array was queried before 1970")
        attempt = snapshots.attempt(snapshot)
        self.catch_up()
        stored = self.last_attempt(taken_at, taken_at + timedelta(microseconds=1))
        if stored is not None and stored.fingerprint == attempt.fingerprint:
            return stored
        if stored is not None and (stored.answered == "complete" or attempt.answered != "complete"):
            raise UsageError(
                f"{self.cluster} already has a snapshot of {clock.iso(taken_at)}"
                " with other content; nothing was changed"
            )
        self.store.mark_pending(self.cluster, taken_at)
        if stored is not None:
            # Only the history holds it until the new files are whole.
            self.store.delete_snapshot(self.cluster, taken_at)
        again = attempts.listed_again(self.store, self.manifest, attempt)
        snapshots.write(self.store, snapshot, attempt, self.check_lease, again)
        settled = self._fold_pending([taken_at])
        return next((item for item in settled if item.taken_at == taken_at), attempt)

    def catch_up(self) -> int:
        """Fold what a killed writer stored and did not fold; returns how many snapshots.

        Raises:
            StoreError: one of them is damaged.
        """
        pending = self.store.pending(self.cluster)
        if not pending:
            return 0
        written = [at for at in pending if self.store.snapshot(self.cluster, at).exists()]
        for instant in set(pending) - set(written):
            # Without the session file, written last, it never was.
            self.store.delete_snapshot(self.cluster, instant)
        waiting = [at for at in written if not self._is_folded(at)]
        self._fold_pending(waiting)
        for instant in pending:
            self.store.clear_pending(self.cluster, instant)
        return len(waiting)

    def _fold_pending(self, instants: list[datetime]) -> list[Attempt]:
        if not instants:
            return []
        if self.manifest.last is not None and min(instants) <= self.manifest.last:
            for instant in set(instants) & set(self.folded_instants()):
                withdraw(self, instant)
        settled = self.add(snapshot_files(self.store, self.cluster, instants))
        self.commit()
        for instant in instants:
            self.store.clear_pending(self.cluster, instant)
        return settled

    def _is_folded(self, instant: datetime) -> bool:
        """Whether the history has what the session file of *instant* says."""
        stored = self.last_attempt(instant, instant + timedelta(microseconds=1))
        if stored is None:
            return False
        written = snapshots.read_attempt(self.store, self.cluster, instant)
        return stored.fingerprint == written.fingerprint

    def last_attempt(self, since: datetime, until: datetime) -> Attempt | None:
        """The last attempt from *since* on and before *until*."""
        if self.manifest.last is None or since > self.manifest.last:
            return None  # as for every snapshot that comes in order
        attempts = [attempt for attempt in self.attempts_since(since) if attempt.taken_at < until]
        return attempts[-1] if attempts else None

    def attempts(self, clauses: str = "order by taken_at") -> list[Attempt]:
        """The attempts that the *clauses* of a select leave.

        Raises:
            StoreError: a file is damaged.
        """
        rows = self.session.records(f"select {_COLUMNS} from {self.attempts_source} {clauses}")
        try:
            return msgspec.convert(rows, list[Attempt])
        except msgspec.ValidationError as error:
            raise StoreError(f"{self.cluster}: the attempts are damaged: {error}") from error

    def attempts_since(self, instant: datetime) -> list[Attempt]:
        """The attempts from *instant* on, in order.

        Raises:
            StoreError: a file is damaged.
        """
        parts = [part for part in self.manifest.attempts if part.last >= instant]
        batches = (attempts.read_since(self.folder / part.file, instant) for part in parts)
        return sorted(chain.from_iterable(batches), key=_TAKEN_AT)

    def latest(self, name: str, column: str) -> tuple[datetime | None, list[Any]]:
        """When the inventory *name* was last listed, and a column of what is newest of it.

        Raises:
            StoreError: a file is damaged.
        """
        folded = self.manifest.tables[name]
        newest = [folded.open] if folded.open else [part.file for part in folded.closed]
        values = (attempts.read_part(self.folder / file, column)[column] for file in newest)
        return folded.latest.get(""), list(chain.from_iterable(values))

    def folded_instants(self) -> list[datetime]:
        """When the attempts of the history were taken, in order."""
        rows = self.session.rows(f"select taken_at from {self.attempts_source} order by taken_at")
        return [instant for (instant,) in rows]

    @property
    def attempts_source(self) -> str:
        """The relation of the attempts, for a FROM clause."""
        parts = self.attempt_parts()
        return parts.source if parts.paths else f"({_NO_ATTEMPTS})"

    def attempt_parts(self) -> PartList:
        label = f"attempts-{self.lease_number}"
        entries = self.manifest.attempts
        return PartList(
            self.session, self.cluster, self.folder, label, "taken_at", ATTEMPT, entries
        )

    @property
    def lease_number(self) -> int:
        """Part of every file's name: a fenced holder must never write what its successor names."""
        return self._lease.number if self._lease else 0

    def table(self, table: Table) -> SpellTable:
        return SpellTable(self.session, self.folder, self.manifest, self.lease_number, table)

    def add(self, items: list[SnapshotFiles]) -> list[Attempt]:
        """Fold snapshots, by time, none of which the history has yet.

        Returns the attempts that it looked at as they now stand, the new ones among them.
        """
        if not items:
            return []
        manifest, new = self.manifest, [item.attempt for item in items]
        late = manifest.last is not None and items[0].taken_at <= manifest.last
        manifest.generation += 1
        stored: list[Attempt] = []
        if late or manifest.last != manifest.horizon or any(map(attempts.is_doubtful, new)):
            stored = self.attempts_since(EVERYTHING if late else manifest.horizon or EVERYTHING)
        answered = sorted([*stored, *new], key=_TAKEN_AT)
        settled = attempts.settle(answered, self._returned(items, late=late))
        for table in self._touched(settled, late=late):
            standing = self.sequence(table) if late else ""
            self.table(table).fold(items, settled, standing, late=late)
        changed = (
            before.taken_at for before, after in zip(answered, settled, strict=True)
            if (before.status, before.scope) != (after.status, after.scope)
        )  # fmt: skip
        self.write_attempts(settled, min(items[0].taken_at, next(changed, NOTHING)))
        return settled

    def _returned(
        self, items: list[SnapshotFiles], *, late: bool
    ) -> Callable[[Attempt, Attempt], bool]:
        files = {item.taken_at: item.files["spells"] for item in items if "spells" in item.files}

        def returned(before: Attempt, after: Attempt) -> bool:
            self.table(TABLES[0]).load(late=late)
            return attempts.returned(self.session, files, before, after)

        return returned

    def write_attempts(self, settled: list[Attempt], since: datetime) -> None:
        """Write those from *since* on, and note in the manifest which are the latest."""
        manifest = self.manifest
        select, values = attempts.written([a for a in settled if a.taken_at >= since])
        instants = values["taken_at"]
        span = (len(instants), min(instants, default=None), max(instants, default=None))
        self.attempt_parts().replace(
            manifest.generation, f"({select})", since, span=span, parameters=values
        )
        complete = [attempt for attempt in settled if attempt.status == "complete"]
        manifest.last = settled[-1].taken_at if settled else None
        manifest.horizon = complete[-1].taken_at if complete else None
        manifest.sessions = complete[-1].sessions if complete else None

    def commit(self, *, keep_previous: bool = True) -> None:
        """Make it what readers see, and delete what none of them can need.

        Raises:
            Busy: another host took over the lease meanwhile; nothing was published.
        """
        manifests.add_digests(self.manifest, self.folder)
        manifests.retire(self.manifest, self._committed)
        manifests.write(self.store, self.manifest, self.check_lease, keep_previous=keep_previous)
        register.write(self.store, self.manifest.entry, self.check_lease)
        manifests.sweep(self.folder, self.manifest)
        self._committed = self.manifest.names

    def check_lease(self) -> None:
        """Fencing check before anything becomes visible.

        Raises:
            Busy: another host took over the lease meanwhile.
        """
        assert self._lease is not None  # noqa: S101  # only a writer publishes
        self._lease.check()

    def _touched(self, settled: list[Attempt], *, late: bool) -> list[Table]:
        """Tables that the new attempts have anything to say about."""
        if late:
            return list(TABLES)
        latest = {
            table.name: max(self.manifest.tables[table.name].latest.values(), default=EVERYTHING)
            for table in TABLES
        }
        return [
            table
            for table in TABLES
            if any(table.takes(a) and a.taken_at > latest[table.name] for a in settled)
        ]

    def sequence(self, table: Table) -> str:
        """A select (svm_id, taken_at) of the attempts that contribute rows to the table."""
        svm = "unnest(scope)" if table.scoped else "''"
        return f"select {svm} as svm_id, taken_at from {self.attempts_source} where {table.taken}"


def record(store: Store, snapshot: Snapshot) -> Attempt:
    """``History.record`` in a session of its own."""
    with History.open(store, snapshot.cluster) as history:
        return history.record(snapshot)


def catch_up(store: Store, cluster: str) -> int:
    """``History.catch_up`` in a session of its own, which is opened only where it has work."""
    if not store.pending(cluster):
        return 0
    with History.open(store, cluster) as history:
        return history.catch_up()
