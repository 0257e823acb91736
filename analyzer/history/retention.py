"""Letting go of what is old: compact and prune.

Nothing is deleted that the history has not been proved to reproduce, and a process that is killed
leaves a store that the next one reads.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from analyzer import clock
from analyzer.errors import StoreError
from analyzer.history.attempts import SnapshotFiles, snapshot_files, with_neighbours
from analyzer.history.history import History
from analyzer.history.parts import EVERYTHING, timestamp
from analyzer.history.restore import as_answered, restore
from analyzer.history.verify import damaged_files, prove
from analyzer.inventories import INVENTORIES
from analyzer.schema import TABLES
from analyzer.store import marks, snapshot
from analyzer.store.layout import Store


@dataclass(frozen=True, slots=True)
class Deleted:
    """Result of compact or prune: deleted, or to be deleted; *bytes* are those of snapshot files."""

    cluster: str
    snapshots: int
    bytes: int


def cutoff(present: datetime, span: timedelta) -> datetime:
    """*span* before *present*; the beginning of the calendar where that is before it."""
    try:
        return present - span
    except OverflowError:
        return EVERYTHING


@contextmanager
def _opened(store: Store, cluster: str, *, dry_run: bool) -> Iterator[History]:
    """The history for retention; a *dry_run* takes no lock and writes nothing."""
    if dry_run:
        with History.read(store, cluster) as history:
            yield history
    else:
        with History.open(store, cluster) as history:
            store.sweep_snapshots(cluster)
            yield history


def compact(store: Store, cluster: str, before: datetime, *, dry_run: bool = False) -> Deleted:
    """Delete snapshot files older than *before*, once verified that the history reproduces them.

    The newest complete snapshot keeps its files, and so does what is not folded yet. A *dry_run*
    verifies too, takes no lock and writes nothing.

    Raises:
        StoreError: the history does not give back what the files say; nothing was deleted.
    """
    with _opened(store, cluster, dry_run=dry_run) as history:
        return _compact(history, before, dry_run=dry_run)


def _compact(history: History, before: datetime, *, dry_run: bool = False) -> Deleted:
    store, cluster, manifest = history.store, history.cluster, history.manifest
    end = min(before, _newest_complete(history) or before)
    instants = [at for at in store.instants(cluster) if at < end]
    instants = sorted(set(instants) - set(store.pending(cluster)))
    files = _files(store, cluster, instants)
    size = sum(path.stat().st_size for path in files)
    if not instants:
        return Deleted(cluster, 0, size)
    proved, problems = prove(history)
    for instant in instants:
        if problems:
            break
        stored = snapshot.read_attempt(store, cluster, instant)
        if instant not in proved:
            problems.append(f"{clock.iso(instant)} is not folded")
        elif stored.fingerprint != proved[instant].fingerprint:
            problems.append(f"{clock.iso(instant)}: its file and the history disagree")
    if problems:
        raise StoreError(f"{cluster}: nothing compacted: {problems[0]}")
    if dry_run:
        return Deleted(cluster, len(instants), size)
    manifest.compacted = max(manifest.compacted or instants[-1], instants[-1])
    history.commit()
    _delete(files)
    return Deleted(cluster, len(instants), size)


def prune(store: Store, cluster: str, before: datetime, *, dry_run: bool = False) -> Deleted:
    """Forget what is older than *before*.

    An event whose later side is retained retains its earlier side: for every SVM the last complete
    snapshot before *before* stays, if another follows. The newest one always stays; what is later
    than the clock is no newest one, and lets nothing go. What answers at a mark that says so stays
    too, as if nothing had been taken between it and what stays. A *dry_run* reads every file of the
    history too, takes no lock and writes nothing.

    Raises:
        StoreError: the history or the marks are damaged; nothing was deleted.
    """
    with _opened(store, cluster, dry_run=dry_run) as history:
        return _prune(history, before, dry_run=dry_run)


def _prune(history: History, before: datetime, *, dry_run: bool = False) -> Deleted:
    store, cluster, manifest = history.store, history.cluster, history.manifest
    start = _start(history, before)
    spared = _spared(history, start)
    forgotten = {at for at in history.folded_instants() if at < start} - spared
    leftovers = {
        at for at in store.instants(cluster)
        if at < start and manifest.pruned is not None and at < manifest.pruned
    } - set(store.pending(cluster)) - spared  # fmt: skip
    files = _files(store, cluster, sorted(forgotten | leftovers))
    size = sum(path.stat().st_size for path in files)
    if not (forgotten or leftovers):
        return Deleted(cluster, 0, size)
    for problem in damaged_files(history):
        raise StoreError(f"{cluster}: nothing pruned: {problem}")
    if dry_run:
        return Deleted(cluster, len(forgotten), size)
    if forgotten:
        with TemporaryDirectory(prefix="analyzer-prune-") as folder:
            snapshots = _set_aside(history, Store(Path(folder)), spared)
            _forget(history, timestamp(start), spared)
            history.add(snapshots)
        manifest.pruned = max(manifest.pruned or start, start)
        history.commit()
    _delete(files)
    return Deleted(cluster, len(forgotten), size)


def tidy(
    history: History, present: datetime, compact_after: timedelta | None, keep: timedelta | None
) -> list[Deleted]:
    """Retention of a scheduled run, after collecting: compact and prune, by whole days (UTC).

    A cutoff that moves at midnight only leaves nothing to do for the rest of the day, and the
    manifest remembers it, so that no folder is listed for nothing.

    Raises:
        StoreError: as ``compact`` and ``prune``.
    """
    midnight = present.replace(hour=0, minute=0, second=0, microsecond=0)
    deleted = []
    for name, span, work in (("prune", keep, _prune), ("compact", compact_after, _compact)):
        before = cutoff(midnight, span) if span is not None else EVERYTHING
        if before <= history.manifest.tidied.get(name, EVERYTHING):
            continue
        history.manifest.tidied[name] = before
        deleted.append(work(history, before))
        if not deleted[-1].snapshots:
            history.commit()
    return [done for done in deleted if done.snapshots]


def _newest_complete(history: History) -> datetime | None:
    newest: datetime | None = history.session.value(
        f"select max(taken_at) from {history.attempts_source}"
        f" where status = 'complete' and taken_at <= {timestamp(clock.now())}"
    )
    return newest


def _start(history: History, before: datetime) -> datetime:
    """The first instant that must stay."""
    cut = timestamp(before)
    start: datetime = history.session.value(
        f"""
        with place as (
            select unnest(scope) as svm_id, taken_at from {history.attempts_source}
            where status = 'complete' and taken_at <= {timestamp(clock.now())}
        ), svm as (
            select max(taken_at) filter (where taken_at < {cut}) as last_before,
                max(taken_at) filter (where taken_at >= {cut}) as following
            from place group by svm_id
        )
        select least({cut}, (select min(last_before) from svm where following is not null),
            $newest::timestamp)
        """,
        {"newest": _newest_complete(history)},
    )
    return start


def _spared(history: History, start: datetime) -> set[datetime]:
    """The attempts before *start* that answer at protected marks, and those that settle empty ones.

    How an empty answer is read depends on the answers beside it, and on the last one that listed
    the SVMs where it does not (``settle``). Without a spared one before it, the first that stays is
    read as it was.
    """
    staying = {at for at in _answering(history) if at < start}
    if not staying:
        return staying
    answers = with_neighbours(history.attempts())
    while True:
        support: set[datetime] = set()
        lister: datetime | None = None
        for before, answer, after in answers:
            if answer.sessions == 0 and (answer.taken_at in staying or answer.taken_at >= start):
                support |= {item.taken_at for item in (before, after) if item is not None}
                if lister is not None and not answer.listed:
                    support.add(lister)
            lister = answer.taken_at if answer.listed else lister
        support = {at for at in support if at < start} - staying
        if not support:
            return staying
        staying |= support


def _answering(history: History) -> set[datetime]:
    """The attempts that answer at protected marks (those set with ``--keep``).

    They are the last complete one by then, and of each SVM and inventory the last listing.
    """
    session, source = history.session, history.attempts_source
    instants = [mark.instant for mark in marks.read(history.store) if mark.keep]
    # What partial answers showed answers no instant.
    listings = [history.sequence(table) for table in TABLES if table.name != "sightings"]
    listings.append(f"select '' as svm_id, taken_at from {source} where status = 'complete'")
    return {
        at
        for instant in instants
        for listing in listings
        for (at,) in session.rows(
            f"select max(taken_at) from ({listing}) listing"
            f" where taken_at <= {timestamp(instant)} group by svm_id"
        )
    }


def _set_aside(history: History, scratch: Store, instants: set[datetime]) -> list[SnapshotFiles]:
    """These snapshots as files of another store, to be folded again as late arrivals."""
    for attempt in history.attempts():
        if attempt.taken_at in instants:
            snapshot.write(scratch, restore(history, attempt), as_answered(attempt))
    return snapshot_files(scratch, history.cluster, instants)


# A spell that began between the first snapshot that is folded again and what stays begins at the
# next place that stays: what is folded again says from where on.
_STAYING = """
create or replace temp table staying as
select old.* replace (
    case when old.first_seen >= n.spared and old.first_seen < {start} then n.staying
        else old.first_seen end as first_seen)
from old left join (
    select svm_id,
        min(taken_at) filter (where list_contains($spared::timestamp[], taken_at)) as spared,
        min(taken_at) filter (where taken_at >= {start}) as staying
    from ({sequence}) group by svm_id
) n on n.svm_id = {svm}
where old.last_seen >= {start}
"""


def _forget(history: History, start: str, spared: set[datetime]) -> None:
    """Forget what ended before *start*; attempts of *spared* are to be folded again."""
    session, manifest = history.session, history.manifest
    manifest.generation += 1
    for table in TABLES:
        spells = history.table(table)
        spells.load(late=True)
        svm = "old.svm_id" if table.scoped else "''"
        session.execute(
            _STAYING.format(sequence=history.sequence(table), start=start, svm=svm),
            {"spared": sorted(spared)},
        )
        session.execute(
            "create or replace temp view ended as from staying where gone_by is not null"
        )
        spells.closed().replace(manifest.generation, "ended", EVERYTHING)
        if spared:
            spells.write_open(
                f"select {table.listed}, seen_after, first_seen from staying where gone_by is null",
                session.value("select count(*) from staying where gone_by is null"),
            )
    attempts = history.attempt_parts()
    if attempts.paths:
        session.execute(
            "create or replace temp table staying as select * exclude (cluster)"
            f" from {attempts.source} where taken_at >= {start}"
        )
        attempts.replace(manifest.generation, "staying", EVERYTHING)


def _files(store: Store, cluster: str, instants: Iterable[datetime]) -> list[Path]:
    """The files of these snapshots, of each the session file last."""
    names = (*INVENTORIES, None)
    paths = (store.snapshot(cluster, instant, name) for instant in instants for name in names)
    return [path for path in paths if path.exists()]


def _delete(files: list[Path]) -> None:
    try:
        for path in files:
            path.unlink(missing_ok=True)
        for folder in {path.parent for path in files}:
            if not any(folder.iterdir()):
                folder.rmdir()
    except OSError as error:
        raise StoreError(f"cannot delete {error.filename}: {error.strerror}") from error
