"""The manifest: a cluster's commit point, which names the files that make up its history.

It is one JSON object that begins with a checksum of all that follows. It is replaced atomically;
the one before it stays beside it, and so do the files that that one names.
"""

import hashlib
import os
import re
import stat
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import msgspec

from analyzer import clock
from analyzer.errors import StoreError
from analyzer.history import register
from analyzer.history.checksum import seal, unseal
from analyzer.history.register import RegisterEntry
from analyzer.schema import TABLES
from analyzer.store.layout import MANIFEST, PREVIOUS_MANIFEST, Store
from analyzer.store.publish import publish
from analyzer.store.regular import check_regular, read_regular

FORMAT = 2  # 1 had fewer tables
NAME, PREVIOUS = MANIFEST, PREVIOUS_MANIFEST
PART = re.compile(r"[a-z_]+(\.open|\.closed)?-\d+-(\d+|fresh)\.parquet", re.ASCII)
_GRACE = 600.0  # seconds of the wall clock that a superseded file outlives its successor
_MOST_RETIRED = 64

Instant = Annotated[datetime, msgspec.Meta(tz=False)]


class Part(msgspec.Struct, frozen=True, array_like=True):
    """One immutable Parquet file of a table; its rows end between *first* and *last*.

    *digest* is the BLAKE2b-128 of the file; None where a version without digests wrote it.
    """

    file: str
    rows: int
    first: Instant
    last: Instant
    digest: str | None = None


class Folded(msgspec.Struct, forbid_unknown_fields=True):
    """One folded table: the parts of its closed spells, and the one file of its open ones."""

    closed: list[Part] = []
    open: str | None = None
    latest: dict[str, Instant] = {}  # SVM ('' for an inventory): its latest complete listing
    listed: str | None = None  # hash of what the last snapshot in order listed
    open_digest: str | None = None


class Manifest(msgspec.Struct, forbid_unknown_fields=True):
    """The history of one cluster, as committed; instants are naive UTC."""

    format: int = FORMAT
    cluster: str = ""
    generation: int = 0
    last: Instant | None = None  # the latest attempt
    horizon: Instant | None = None  # the latest complete snapshot
    sessions: int | None = None  # how many sessions that one has
    compacted: Instant | None = None  # the history stands for snapshot files up to this instant
    attempts: list[Part] = []
    tables: dict[str, Folded] = msgspec.field(
        default_factory=lambda: {table.name: Folded() for table in TABLES}
    )
    retired: dict[str, float] = {}  # files that left the manifest, and when by the wall clock
    pruned: Instant | None = None  # attempts before this instant were forgotten
    tidied: dict[str, Instant] = {}  # up to when compact and prune have nothing left to do

    def files(self) -> Iterator[tuple[str, str | None, int | None]]:
        """Name, digest and rows, where they are known, of every file that counts."""
        for part in self.attempts:
            yield part.file, part.digest, part.rows
        for folded in self.tables.values():
            for part in folded.closed:
                yield part.file, part.digest, part.rows
            if folded.open is not None:
                yield folded.open, folded.open_digest, None

    @property
    def names(self) -> set[str]:
        """The names of those files."""
        return {name for name, _digest, _rows in self.files()}

    @property
    def entry(self) -> RegisterEntry:
        """What the register says of it."""
        return RegisterEntry(self.cluster, self.compacted)

    def outdated(self, store: Store) -> str | None:
        """A sentence if it is older than a history that snapshot files were deleted for."""
        compacted = register.compacted(store, self.cluster)
        latest = max((at for at in (self.last, self.pruned) if at), default=None)
        if compacted is None or (latest is not None and latest >= compacted):
            return None
        return (
            f"{store.history_folder(self.cluster) / NAME} is older than its history: snapshots up to"
            f" {clock.iso(compacted)} were compacted, of which it knows nothing after"
            f" {clock.iso(latest) if latest else 'its beginning'}"
        )


class NewerFormat(StoreError):
    """A newer version wrote the manifest: it is whole, and this version may not touch it."""


class _Header(msgspec.Struct):
    format: int


def listing_hash(content: bytes) -> str:
    """Hash of what a snapshot listed, as it stands in manifests."""
    return hashlib.blake2b(content).hexdigest()


def file_digest(path: Path) -> str:
    """The same, of a file that may be large."""
    with check_regular(path).open("rb") as stream:
        return hashlib.file_digest(stream, partial(hashlib.blake2b, digest_size=16)).hexdigest()


def rebuild_advice(cluster: str) -> str:
    return f"'analyzer rebuild {cluster}' makes it anew"


def misplaced(store: Store, cluster: str) -> list[str]:
    """Sentences: what stands in the way of a folder of the cluster, or of its file in the register."""
    return [
        f"{path} is in the way: it is {'a' if path.is_dir() else 'no'} folder;"
        f" 'analyzer rebuild {cluster}' sets it aside"
        for path in store.misplaced(cluster)
    ]


def read(store: Store, cluster: str) -> Manifest | None:
    """The cluster's manifest as last committed; None where it has no history yet.

    Raises:
        StoreError: it is missing beside data, damaged, outdated, of a newer format or of another
            cluster, or a file that it names is not there.
    """
    path = store.history_folder(cluster) / NAME
    content = _content(path)
    if content is None:
        _expect_no_data(store, cluster)
        return None
    manifest = decode(content, path, cluster)
    for name in sorted(manifest.names):
        if not _is_file(path.with_name(name)):
            if _content(path) != content:  # a writer retired the file meanwhile
                return read(store, cluster)
            raise StoreError(f"{path.with_name(name)} is not there; {rebuild_advice(cluster)}")
    if outdated := manifest.outdated(store):
        if _content(path) != content:  # a writer compacted meanwhile
            return read(store, cluster)
        raise StoreError(f"{outdated}; put the newer one back, or {rebuild_advice(cluster)}")
    return manifest


def _content(path: Path) -> bytes | None:
    try:
        return read_regular(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror or error}") from error


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _expect_no_data(store: Store, cluster: str) -> None:
    """A first writer commits a manifest before any other file, so that data without one is damage.

    Raises:
        StoreError: there is data.
    """
    path = store.history_folder(cluster) / NAME
    if path.with_name(PREVIOUS).exists() or any(path.parent.glob("*.parquet")):
        beside = "other files of the history"
    elif set(store.instants(cluster)) - set(store.pending(cluster)):
        beside = "snapshots"
    elif store.register_file(cluster).exists():
        raise StoreError(
            f"{path} is missing, and so are the snapshots, of which {store.register_file(cluster)}"
            f" says that they were there; 'analyzer rebuild --accept-loss {cluster}' begins anew"
        )
    else:
        return
    raise StoreError(f"{path} is missing beside {beside}; {rebuild_advice(cluster)}")


def decode(content: bytes, path: Path, cluster: str) -> Manifest:
    """Decode the bytes of the manifest at *path*; those of earlier versions have no checksum.

    Raises:
        StoreError: they are damaged, of a newer format, or of another cluster.
    """
    try:
        number = msgspec.json.decode(content, type=_Header).format
        if number > FORMAT:
            raise NewerFormat(
                f"{path} has format {number}: a newer version of analyzer wrote it,"
                f" and this one knows {FORMAT} only; nothing was changed"
            )
        manifest = msgspec.json.decode(unseal(content), type=Manifest)
        _check(manifest)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise StoreError(f"{path} is damaged ({error}); {rebuild_advice(cluster)}") from error
    if manifest.cluster != cluster:
        raise StoreError(
            f"{path} is the manifest of {manifest.cluster}, not of {cluster}: a copy or another"
            " name of its folder, which does not belong into the store"
        )
    return manifest


def _check(manifest: Manifest) -> None:
    """Whether every file that it names can be one of its own folder, and is named once.

    Raises:
        ValueError: one is not.
    """
    unknown = manifest.tables.keys() - {table.name for table in TABLES}
    if unknown or manifest.format < 1:
        raise ValueError(f"it has a table {min(unknown, default='of no format')}")
    for table in TABLES:
        manifest.tables.setdefault(table.name, Folded())
    kinds = {"attempts": manifest.attempts}
    for name, folded in manifest.tables.items():
        kinds[f"{name}.closed"] = folded.closed
        if folded.open is not None:
            kinds[f"{name}.open"] = [Part(folded.open, 0, datetime.min, datetime.min)]
    seen = set()
    for kind, parts in kinds.items():
        for part in parts:
            if not re.fullmatch(rf"{re.escape(kind)}-\d+-\d+\.parquet", part.file, re.ASCII):
                raise ValueError(f"it names {part.file!r} among its {kind}")
            if part.file in seen or part.first > part.last or part.rows < 0:
                raise ValueError(f"what it says of {part.file} cannot be")
            seen.add(part.file)


def write(
    store: Store,
    manifest: Manifest,
    before_rename: Callable[[], None] = lambda: None,
    *,
    keep_previous: bool = True,
) -> None:
    """Replace the manifest: from now on readers see the files that this one names.

    The previous one is retained beside it, unless that is known to be damaged.

    Raises:
        Busy: another host took over the lease meanwhile; nothing was published.
        StoreError: it cannot be written.
    """
    path = store.history_folder(manifest.cluster) / NAME
    manifest.format = FORMAT
    body = msgspec.json.encode(manifest)
    with publish(path, before_rename=before_rename) as draft:
        draft.write_bytes(seal(body))
        if keep_previous and path.exists():
            with publish(path.with_name(PREVIOUS), durable=False) as link:
                link.hardlink_to(path)


def add_digests(manifest: Manifest, folder: Path) -> None:
    """Add the digests that are not known: an earlier version wrote none."""
    for parts in (manifest.attempts, *(folded.closed for folded in manifest.tables.values())):
        for k, part in enumerate(parts):
            if part.digest is None:
                digest = file_digest(folder / part.file)
                parts[k] = msgspec.structs.replace(part, digest=digest)
    for folded in manifest.tables.values():
        if folded.open is not None and folded.open_digest is None:
            folded.open_digest = file_digest(folder / folded.open)


def forget_digests(manifest: Manifest) -> None:
    """Forget them all, before the files are rewritten."""
    for parts in (manifest.attempts, *(folded.closed for folded in manifest.tables.values())):
        parts[:] = [msgspec.structs.replace(part, digest=None) for part in parts]
    for folded in manifest.tables.values():
        folded.open_digest = None


def retire(manifest: Manifest, before: set[str]) -> None:
    """Note in *manifest* which of the files named *before* have left it.

    Readers of the last manifests get ten minutes to finish; nobody needs more than 64 files of
    the past.
    """
    present = time.time()
    recent = {name: left for name, left in manifest.retired.items() if present - left < _GRACE}
    recent |= dict.fromkeys(before - manifest.names, present)
    newest = sorted(recent.items(), key=lambda item: (-item[1], item[0]))[:_MOST_RETIRED]
    manifest.retired = dict(sorted(newest))


def sweep(folder: Path, manifest: Manifest) -> None:
    """Delete the parts that no reader can need: neither named, nor lately retired."""
    needed = manifest.names | manifest.retired.keys()
    for entry in list(os.scandir(folder)):  # it is closed, should a file not go
        if PART.fullmatch(entry.name) and entry.name not in needed and not entry.is_dir():
            Path(entry).unlink(missing_ok=True)
