"""Whether the history gives back every snapshot as it was, inventories included."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import msgspec
import polars as pl

from analyzer import clock
from analyzer.errors import StoreError
from analyzer.history import manifest as manifests
from analyzer.history import parts, register
from analyzer.history.attempts import HELD
from analyzer.history.history import History
from analyzer.history.parts import source
from analyzer.history.restore import as_answered
from analyzer.inventories import INVENTORIES
from analyzer.schema import SESSIONS, TABLES, Attempt, Table
from analyzer.store import marks, snapshot
from analyzer.store.layout import Store

_MODULUS = 1 << 128
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Verified:
    """Result of ``verify`` for one cluster.

    *snapshots* can be restored from the history; of these, *read* have files that were read too.
    *notes* say what was not read.
    """

    cluster: str
    snapshots: int
    read: int
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def problem(self) -> str | None:
        """The first of the problems."""
        return self.problems[0] if self.problems else None


def verify(store: Store, cluster: str) -> Verified:
    """Whether every snapshot that the history claims can be restored row for row.

    Takes no lock and writes nothing. Whole fingerprints are recomputed, and every file that
    counts is read to its last page.
    """
    for _ in range(_TRIES):
        stamp = store.manifest_stamp(cluster)
        verified = _verify(store, cluster)
        if not verified.problems or store.manifest_stamp(cluster) == stamp:
            break  # else a writer came between
    return verified


def _verify(store: Store, cluster: str) -> Verified:
    misplaced = manifests.misplaced(store, cluster)
    try:
        with History.read(store, cluster) as history:
            instants = store.instants(cluster)
            pending = set(store.pending(cluster))
            proved, problems = prove(history)
    except StoreError as error:
        problems = misplaced or [str(error)]
        return Verified(cluster, 0, 0, tuple(problems), ("its snapshot files were not read",))
    problems += misplaced or _register_problem(store, cluster)
    compacted, pruned = history.manifest.compacted, history.manifest.pruned
    checker, notes, read = SnapshotChecker(store, cluster), [], 0
    for instant in instants:
        if instant in proved:
            leftover = compacted is not None and instant <= compacted
            problem = checker.problem(instant, proved[instant], leftover=leftover)
            read += problem is None
            problems += [problem] if problem else []
        elif instant in pending:
            problem = checker.problem(instant)
            if problem is None:
                notes.append(f"{clock.iso(instant)} is whole and not folded yet")
            elif instant in store.pending(cluster):  # else a writer came between
                problems.append(problem)
        elif pruned is None or instant >= pruned:
            problems.append(f"{clock.iso(instant)} is not folded")
    notes += _forgotten(store, pruned, proved)
    alone = len(proved.keys() - set(instants))
    if alone:
        notes.append(f"{alone} snapshots have no file any more; only the history has them")
    return Verified(cluster, len(proved), read, tuple(problems), tuple(notes))


def _register_problem(store: Store, cluster: str) -> list[str]:
    try:
        register.read(store, cluster)
    except StoreError as error:
        return [
            f"{error}; 'analyzer rebuild {cluster}' writes it anew, and so does the next snapshot"
        ]
    return []


def _forgotten(
    store: Store, pruned: datetime | None, attempts: Mapping[datetime, Attempt]
) -> Iterator[str]:
    """Marks with ``keep`` that were set after the instant that they name was pruned."""
    complete = [at for at, attempt in attempts.items() if attempt.status == "complete"]
    first = min(complete, default=datetime.max)
    with suppress(StoreError):  # that they are damaged is said once, not of each cluster
        for mark in marks.read(store):
            if mark.keep and pruned is not None and mark.instant < min(pruned, first):
                yield f"nothing answers at the mark {mark.name}: it was pruned before"


def prove(history: History) -> tuple[dict[datetime, Attempt], list[str]]:
    """The attempts whose fingerprints the history reproduces, and what is wrong.

    A snapshot's hash is the sum of its rows' (see ``snapshot.digest``), so that running sums over
    the ends of spells give all of them at a cost of spells plus attempts.
    """
    problems = list(damaged_files(history))
    if problems:
        return {}, problems
    try:
        attempts = history.attempts()
        fingerprints = recomputed(history, attempts)
    except StoreError as error:
        return {}, [str(error)]
    complete = [attempt for attempt in attempts if attempt.status == "complete"]
    last, horizon = (group[-1].taken_at if group else None for group in (attempts, complete))
    if (history.manifest.last, history.manifest.horizon) != (last, horizon):
        problems.append("the manifest names another last snapshot than the attempts do")
    proved = {}
    for attempt in attempts:
        if attempt.taken_at in proved:
            problems.append(f"{clock.iso(attempt.taken_at)} is there twice")
        elif fingerprints[attempt.taken_at][1] == attempt.fingerprint:
            proved[attempt.taken_at] = attempt
        else:
            problems.append(f"{clock.iso(attempt.taken_at)} cannot be restored: its hash differs")
    return proved, problems


def damaged_files(history: History) -> Iterator[str]:
    """Reads every file of the history to its last byte, and compares it with the manifest."""
    for name, digest, rows in history.manifest.files():
        path = history.folder / name
        try:
            parts.check_digest(path, digest)
            rows_of = source([path])
            if digest is None:  # an earlier version wrote it: what is damaged shows when it is read
                history.session.execute(f"create or replace temp table whole as from {rows_of}")
                rows_of = "whole"
            count, strangers = history.session.rows(
                "select count(*), count(*) filter (where cluster is distinct from $cluster)"
                f" from {rows_of}",
                {"cluster": history.cluster},
            )[0]
        except StoreError as error:
            yield str(error)
            continue
        if strangers:
            yield f"{path} has rows of another cluster"
        elif rows not in {None, count}:
            yield f"{path} has {count} rows; the manifest says {rows}"


class _RunningSums:
    """The sum of a table's row hashes at an instant, by SVM; instants must ascend."""

    def __init__(self, history: History, table: Table) -> None:
        self._edges = sorted(_edges(history, table))
        self._next = 0
        self._sums: dict[str, int] = defaultdict(int)

    def sum(self, instant: datetime, scope: Sequence[str]) -> int:
        # A row counts from its first instant to its last, both included.
        while self._next < len(self._edges) and self._edges[self._next][:2] <= (instant, False):
            _, _, svm, value = self._edges[self._next]
            self._sums[svm] += value
            self._next += 1
        return sum(self._sums[svm] for svm in scope) % _MODULUS


def _edges(history: History, table: Table) -> Iterator[tuple[datetime, bool, str, int]]:
    """Where each row begins (+) and ends (-): instant, whether it ends, SVM, signed hash."""
    spells = history.table(table)
    if spells.folded.open is None and not spells.folded.closed:
        return
    width = len(table.names)
    select = f"select {table.listed}, first_seen, last_seen from ({spells.select(late=True)})"
    for rows in history.session.batches(select):
        for row in rows:
            value = snapshot.digest([row[:width]], table.columns)
            svm = row[0] if table.scoped else ""
            yield row[width], False, svm, value
            yield row[width + 1], True, svm, -value


def recomputed(history: History, attempts: Sequence[Attempt]) -> dict[datetime, tuple[str, str]]:
    """Content hash and fingerprint of what the history gives back for *attempts*, by time."""
    sums = {table.name: _RunningSums(history, table) for table in TABLES}
    hashes = {}
    for attempt in attempts:
        instant, content = attempt.taken_at, attempt.content
        if attempt.status in HELD:
            content = f"{sums[HELD[attempt.status]].sum(instant, attempt.scope):032x}"
        statuses = {name: attempt.inventory_status(name) for name in INVENTORIES}
        digests = {
            name: (status, sums[name].sum(instant, [""]) if status == "complete" else 0)
            for name, status in statuses.items()
        }
        hashes[instant] = (
            content,
            snapshot.fingerprint(attempt.answered, content, attempt.listed, digests),
        )
    return hashes


class SnapshotChecker:
    """Compares snapshot files with their attempts, in ascending order of time."""

    def __init__(self, store: Store, cluster: str) -> None:
        self._store = store
        self._cluster = cluster
        self._last: dict[str | None, tuple[pl.DataFrame, int]] = {}

    def problem(
        self, instant: datetime, folded: Attempt | None = None, *, leftover: bool = False
    ) -> str | None:
        """Why a snapshot's files cannot be trusted, or are not what was *folded*.

        A *leftover* of a compaction that was interrupted may have lost its inventories.
        """
        try:
            stored = snapshot.read_attempt(self._store, self._cluster, instant)
            content, digests = f"{self._digest(instant, None):032x}", {}
            for name in INVENTORIES:
                status, digest = stored.inventory_status(name), 0
                if status == "complete":
                    if leftover and not self._store.snapshot(self._cluster, instant, name).exists():
                        return None
                    digest = self._digest(instant, name)
                digests[name] = (status, digest)
        except StoreError as error:
            return str(error)
        fingerprint = snapshot.fingerprint(stored.answered, content, stored.listed, digests)
        if fingerprint != stored.fingerprint:
            return f"{clock.iso(instant)}: the rows of its files are not those that were written"
        if folded is None:
            return None
        answered, reason = (
            as_answered(folded),
            stored.reason if stored.answered != "complete" else None,
        )
        if answered != msgspec.structs.replace(stored, reason=reason):
            return f"{clock.iso(instant)}: its file and the history disagree"
        return None

    def _digest(self, instant: datetime, inventory: str | None) -> int:
        """Of all rows of one file; those of the last file again are not hashed again."""
        rows = snapshot.read_rows(self._store, self._cluster, instant, inventory)
        last = self._last.get(inventory)
        if last is None or not rows.equals(last[0]):
            columns = (INVENTORIES[inventory] if inventory else SESSIONS).columns
            last = self._last[inventory] = rows, snapshot.digest(rows.iter_rows(), columns)
        return last[1]
