"""The history folded anew: from the snapshot files, and where there is none from the history."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path

from analyzer import clock
from analyzer.errors import StoreError
from analyzer.history import manifest as manifests
from analyzer.history import register, views
from analyzer.history.attempts import SnapshotFiles, snapshot_files
from analyzer.history.history import History
from analyzer.history.manifest import Manifest, NewerFormat
from analyzer.history.parts import EVERYTHING, FoldSession, source, timestamp
from analyzer.history.restore import as_answered, restore
from analyzer.history.verify import SnapshotChecker, prove
from analyzer.inventories import INVENTORIES
from analyzer.pattern import check_cluster
from analyzer.schema import TABLES, Attempt
from analyzer.store import snapshot
from analyzer.store.layout import Store
from analyzer.store.lease import Lease
from analyzer.store.publish import cannot_write
from analyzer.store.regular import read_regular
from analyzer.text import counted

_CHUNK = 2_000_000  # rows folded at once


@dataclass(slots=True)
class Rebuilt:
    """Result of ``rebuild``: *folded* snapshots from files, and *compacted* ones of the history alone.

    *rewritten* names damaged snapshot files that the history gave back, *lost* what nothing did.
    """

    cluster: str
    folded: int = 0
    compacted: int = 0
    rewritten: list[datetime] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    @property
    def sentence(self) -> str:
        """A summary for people."""
        text = f"folded {counted(self.folded, 'snapshot')} anew"
        if self.compacted:
            text += f", retained {self.compacted} that only the history has"
        if self.rewritten:
            text += f", wrote {len(self.rewritten)} damaged files anew"
        return text


@dataclass(frozen=True, slots=True)
class _Base:
    """An earlier state of the history that can be read: which of its snapshots are proved."""

    manifest: Manifest
    attempts: dict[datetime, Attempt]
    proved: dict[datetime, Attempt]
    current: bool


def rebuild(store: Store, cluster: str, *, accept_loss: bool = False) -> Rebuilt:
    """Fold everything anew from the snapshot files.

    What has no file any more is taken from the history as it is, or as it was one commit before,
    once it is proved to give it back. Readers see the old history until the new one is whole.

    Raises:
        Busy: another process writes the history.
        StoreError: something would be lost, and *accept_loss* is not set; nothing was changed.
    """
    for path in store.misplaced(check_cluster(cluster)):  # no writer can be at work on it
        _set_aside(path)
    with store.lock(cluster) as lease:
        store.sweep_snapshots(cluster)
        return _rebuild(store, cluster, lease, accept_loss=accept_loss)


def _rebuild(store: Store, cluster: str, lease: Lease, *, accept_loss: bool) -> Rebuilt:
    # The newest first: an older manifest may have been put back.
    bases = sorted(_bases(store, cluster), key=lambda base: -base.manifest.generation)
    pruned = max((base.manifest.pruned for base in bases if base.manifest.pruned), default=None)
    checker = SnapshotChecker(store, cluster)
    broken: dict[datetime, str] = {}
    intact = set()
    for instant in store.instants(cluster):
        problem = checker.problem(instant)
        if problem:
            broken[instant] = problem
        else:
            intact.add(instant)
    pending = set(store.pending(cluster))
    if pruned is not None:  # what an interrupted prune left behind is not folded again
        forgotten = {at for at in intact if at < pruned and at not in pending}
        intact -= forgotten - {at for base in bases for at in base.attempts}
    base = next((base for base in bases if _missing(base, intact) <= base.proved.keys()), None)
    rebuilt = Rebuilt(cluster)
    if base is None:
        rebuilt.lost = [*_unproved(store, cluster, bases, intact), *broken.values()]
    else:
        rebuilt.lost = [why for at, why in broken.items() if at not in base.proved]
        rebuilt.lost += filter(None, [base.manifest.outdated(store)])
    if rebuilt.lost and not accept_loss:
        raise StoreError(
            f"{cluster}: nothing was changed: {rebuilt.lost[0]}; 'analyzer rebuild --accept-loss"
            f" {cluster}' goes on without it"
        )
    compacted = _missing(base, intact) if base else set()
    history = History(
        store, cluster, _start(store, cluster, base, bases, keep=bool(compacted)), lease
    )
    _set_aside(history.folder / manifests.NAME, folders_only=True)
    try:
        _fold_all(history, intact, max(compacted, default=None))
        rebuilt.compacted, rebuilt.folded = len(compacted), len(intact)
        if base is not None:
            rebuilt.rewritten = _rewrite(history, base, sorted(broken.keys() & base.proved.keys()))
        history.commit(keep_previous=base is not None and base.current)
    finally:
        history.session.close()
    for instant in broken.keys() - set(rebuilt.rewritten):
        _set_aside(store.snapshot(cluster, instant))
    for instant in pending:
        store.clear_pending(cluster, instant)
    views.refresh(store)
    return rebuilt


def _bases(store: Store, cluster: str) -> Iterator[_Base]:
    """The history as committed, and as it was one commit before, where they can be read."""
    for name in (manifests.NAME, manifests.PREVIOUS):
        path = store.history_folder(cluster) / name
        try:
            manifest = manifests.decode(read_regular(path), path, cluster)
            history = History(store, cluster, manifest)
        except NewerFormat:
            raise
        except (OSError, StoreError):
            continue
        try:
            attempts = {attempt.taken_at: attempt for attempt in history.attempts()}
            proved, _problems = prove(history)
            yield _Base(manifest, attempts, proved, current=name == manifests.NAME)
        except StoreError:
            continue
        finally:
            history.session.close()


def _missing(base: _Base, intact: set[datetime]) -> set[datetime]:
    """Snapshots that only the history has."""
    return base.attempts.keys() - intact


def _unproved(
    store: Store, cluster: str, bases: list[_Base], intact: set[datetime]
) -> Iterator[str]:
    """Snapshots that the attempts of any state of the history name and no file can restore."""
    instants = {instant for base in bases for instant in base.attempts}
    folder = store.history_folder(cluster)
    for path in sorted(folder.glob("attempts-*.parquet")):
        session = FoldSession(cluster, folder)
        try:
            rows = session.rows(f"select cluster, taken_at from {source([path])}")
        except StoreError as error:
            yield str(error)
            continue
        finally:
            session.close()
        if {owner for owner, _instant in rows} - {cluster}:
            yield f"{path} has rows of another cluster"
        instants |= {instant for _owner, instant in rows}
    if not instants:
        yield from _registered(store, cluster, intact)
    missing = sorted(instants - intact)
    if missing:
        yield (
            f"{len(missing)} snapshots from {clock.iso(missing[0])} to {clock.iso(missing[-1])}"
            " have no file any more, and the history does not give them back"
        )


def _registered(store: Store, cluster: str, intact: set[datetime]) -> Iterator[str]:
    """Snapshots that only the register names: nothing of the history is left."""
    try:
        entry = register.read(store, cluster)
    except StoreError as error:
        yield str(error)
        return
    if entry is not None and entry.compacted is not None:
        yield f"snapshots up to {clock.iso(entry.compacted)} were compacted, and the history is gone"
    elif entry is not None and not intact:
        yield "its history is gone, and so are its snapshots"


def _start(
    store: Store, cluster: str, base: _Base | None, bases: list[_Base], *, keep: bool
) -> Manifest:
    """The manifest to fold into: that of *base* where it is to *keep* something, else a blank one."""
    if base is not None and keep:
        return base.manifest
    start = base or next(iter(bases), None)
    manifest = Manifest(cluster=cluster)
    if start is not None:
        manifest.retired = dict(start.manifest.retired)
        manifest.pruned, manifest.tidied = start.manifest.pruned, start.manifest.tidied
    # No file that an earlier manifest names is written over.
    numbers = (
        path.stem.rpartition("-")[2] for path in store.history_folder(cluster).glob("*.parquet")
    )
    manifest.generation = max((int(text) for text in numbers if text.isdecimal()), default=0)
    return manifest


def _fold_all(history: History, intact: set[datetime], compacted: datetime | None) -> None:
    """Fold the snapshots that have files, on what the history has up to *compacted*."""
    waiting = sorted(intact)
    if compacted is not None:
        cut(history, compacted)
        history.manifest.compacted = max(history.manifest.compacted or compacted, compacted)
        waiting = sorted(intact - set(history.folded_instants()))
        late = [instant for instant in waiting if instant <= compacted]
        history.add(snapshot_files(history.store, history.cluster, late))
        waiting = waiting[len(late) :]
    for chunk in _chunks(history, waiting):
        history.add(chunk)


def _chunks(history: History, instants: list[datetime]) -> Iterator[list[SnapshotFiles]]:
    waiting: list[SnapshotFiles] = []
    size = 0
    for item in snapshot_files(history.store, history.cluster, instants):
        waiting.append(item)
        size += item.attempt.connections
        if size >= _CHUNK:
            yield waiting
            waiting, size = [], 0
    yield waiting


def _rewrite(history: History, base: _Base, instants: list[datetime]) -> list[datetime]:
    """Write damaged snapshot files anew from what the history proved to give back."""
    for instant in instants:
        attempt = next(iter(history.attempts(f"where taken_at = {timestamp(instant)}")))
        for name in (*INVENTORIES, None):
            _set_aside(history.store.snapshot(history.cluster, instant, name), folders_only=True)
        answered = as_answered(base.proved[instant])
        snapshot.write(history.store, restore(history, attempt), answered, history.check_lease)
    return instants


def _set_aside(path: Path, *, folders_only: bool = False) -> None:
    """Rename a damaged file or folder to ``*.damaged``; it is not ours to delete."""
    if path.is_dir() or (os.path.lexists(path) and not folders_only):
        aside = path.with_name(f"{path.name}.damaged")
        for number in count(2):
            if not os.path.lexists(aside):
                break
            aside = path.with_name(f"{path.name}.damaged-{number}")
        try:
            path.rename(aside)
        except OSError as error:
            raise cannot_write(path, error) from error


def cut(history: History, instant: datetime) -> None:
    """Make the history what it was when *instant* was the latest snapshot."""
    end = timestamp(instant)
    session, manifest = history.session, history.manifest
    manifest.generation += 1
    for table in TABLES:
        spells = history.table(table)
        latest = session.rows(
            f"select svm_id, max(taken_at) from ({history.sequence(table)}) sequence"
            f" where taken_at <= {end} group by svm_id order by svm_id"
        )
        spells.load(late=True)
        session.execute("create or replace temp table whole as from old")
        estimate = session.value("select count(*) from whole")
        session.execute(f"create or replace temp view ended as from whole where gone_by <= {end}")
        spells.closed().replace(manifest.generation, "ended", EVERYTHING)
        spells.write_open(
            f"select {table.listed}, seen_after, first_seen from whole"
            f" where first_seen <= {end} and (gone_by is null or gone_by > {end})",
            estimate,
        )
        spells.folded.latest = dict(latest)
        spells.folded.listed = None
    history.write_attempts(
        history.attempts(f"where taken_at <= {end} order by taken_at"), EVERYTHING
    )
