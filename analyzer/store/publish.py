"""How a file appears: atomically, under its final name, or not at all.

A writer works on a *draft* beside the target, ``.NAME.PID.THREAD``, and renames it. Readers never
look at names that begin with a dot. Drafts of killed writers are swept (``sweep``).
"""

import errno
import os
import re
import shutil
import stat
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from analyzer.errors import StoreError, UsageError

DRAFT = re.compile(r"\..+\.\d+\.\d+", re.ASCII)
_ABANDONED = 3600.0  # seconds after which nobody is working on a draft any more
_LONGEST = 60  # letters of a name in the name of its draft
_PRIVATE = 0o770  # nobody but owner and group
_synced = True
# Errors that are about the place that was named, not about the disk behind it.
_PLACE = {
    errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EACCES, errno.EPERM, errno.EROFS,
    errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL,
}  # fmt: skip


def cannot_write(path: Path, error: OSError) -> StoreError:
    """The error to raise for a file or folder of the store that cannot be written."""
    return StoreError(f"cannot write {path}: {error.strerror or error}")


def make_folder(folder: Path) -> None:
    """Make a folder of the store with those above it, for owner and group only.

    Raises:
        OSError: it cannot be created.
    """
    try:
        folder.mkdir(_PRIVATE)
    except FileNotFoundError:
        make_folder(folder.parent)
        folder.mkdir(_PRIVATE, exist_ok=True)
    except FileExistsError:
        if not folder.is_dir():
            raise


@contextmanager
def publish(
    path: Path,
    *,
    durable: bool = True,
    named: bool = True,
    before_rename: Callable[[], None] = lambda: None,
) -> Iterator[Path]:
    """Write a file of the store atomically: yields the draft to write to.

    A *durable* file outlives a loss of power once this returns; its name does so only if it is
    *named*, else once ``sync`` was called for its folder. *before_rename* is called between fsync
    and rename: the place for a fencing check, since an fsync may take longer than a lease.

    Raises:
        StoreError: the disk would not take it.
    """
    draft = _draft(path)
    try:
        make_folder(path.parent)
        yield draft
        draft.chmod(draft.stat().st_mode & _PRIVATE)
        if durable:
            _sync(draft)
        before_rename()
        draft.replace(path)
        if durable and named:
            _sync(path.parent)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


@contextmanager
def deliver(path: Path) -> Iterator[Path]:
    """Write a file that a user named (``--output``): yields a path to write to.

    A regular file is replaced atomically and keeps its mode; a link stays, its target is written.
    Standard output, a pipe or a device is written to when all is ready. Folders are not created.

    Raises:
        UsageError: nothing can be written at that place.
        StoreError: the disk would not take it.
    """
    try:
        if _is_stream(path):
            with tempfile.TemporaryDirectory(prefix="analyzer-") as folder:
                draft = Path(folder) / "output"
                yield draft
                _copy(draft, path)
        else:
            yield from _replace(Path(os.path.realpath(path)))
    except OSError as error:
        kind = UsageError if error.errno in _PLACE else StoreError
        raise kind(f"cannot write {path}: {error.strerror or error}") from error


def _replace(target: Path) -> Iterator[Path]:
    # The draft is created first, so that a place that takes no file is refused before the work.
    draft = _draft(target)
    try:
        mode = _mode(target)
        sweep(target.parent, target.name)
        draft.touch()
        yield draft
        if mode is not None:
            draft.chmod(mode)
        _sync(draft)
        draft.replace(target)
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def _mode(target: Path) -> int | None:
    """The permissions of a file that is to be replaced; None if there is none."""
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return stat.S_IMODE(mode)


def _is_stream(path: Path) -> bool:
    """Whether *path* is written to and never replaced."""
    try:
        there = path.stat()
    except OSError:
        return False
    if stat.S_ISREG(there.st_mode):
        # A shell may have redirected standard output to a regular file, /dev/fd/3 likewise.
        return path.absolute().parts[:2] in {("/", "dev"), ("/", "proc")}
    return not stat.S_ISDIR(there.st_mode)


def _copy(draft: Path, stream: Path) -> None:
    if os.path.samestat(stream.stat(), os.fstat(1)):
        sys.stdout.flush()  # standard output has a position of its own
        target = os.fdopen(os.dup(1), "wb")
    else:
        target = stream.open("wb")
    with suppress(BrokenPipeError), draft.open("rb") as source, target:
        shutil.copyfileobj(source, target)  # until whoever reads it has seen enough


def sweep(folder: Path, name: str = "", *, living: bool = True) -> None:
    """Delete the drafts in *folder* (of the file *name*) that nobody works on any more.

    With *living* writers about, those are drafts untouched for an hour by the file system's own
    clock; without, all. What cannot be deleted stays.
    """
    with suppress(OSError):
        drafts = [
            Path(entry)
            for entry in os.scandir(folder)
            if DRAFT.fullmatch(entry.name)
            and entry.name.startswith(f".{name[:_LONGEST]}")
            and entry.is_file(follow_symlinks=False)
        ]
        present = file_system_time(folder) if drafts and living else 0.0
        for draft in drafts:
            if not living or abs(present - draft.stat().st_mtime) > _ABANDONED:
                draft.unlink(missing_ok=True)


def file_system_time(folder: Path) -> float:
    """Seconds since 1970 by the file system; clocks of hosts that share it may differ."""
    with tempfile.NamedTemporaryFile(prefix=".", dir=folder) as probe:
        return os.fstat(probe.fileno()).st_mtime


def _draft(path: Path) -> Path:
    return path.with_name(f".{path.name[:_LONGEST]}.{os.getpid()}.{threading.get_ident()}")


def sync(folder: Path) -> None:
    """Let the names of a folder's files outlive a loss of power.

    Raises:
        StoreError: the disk would not take it.
    """
    try:
        _sync(folder)
    except OSError as error:
        raise cannot_write(folder, error) from error


@contextmanager
def unsynced() -> Iterator[None]:
    """Within it nothing waits for the disk: for a store that can be recorded anew."""
    global _synced  # noqa: PLW0603  # a setting of the process, also of its threads
    before, _synced = _synced, False
    try:
        yield
    finally:
        _synced = before


def _sync(path: Path) -> None:
    if not _synced:
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
