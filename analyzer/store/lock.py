"""One writer per cluster: a lock on this host, which dies with its process, then the lease.

The lock is per host, since a share that passes locks on may not let go of a dead host's. It is
not re-entrant. Whoever has both is the only writer: what other writers left is swept.
"""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path

from analyzer.errors import Busy, StoreError
from analyzer.pattern import check_cluster
from analyzer.store import lease
from analyzer.store.lease import Lease
from analyzer.store.publish import cannot_write, file_system_time, make_folder

_NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL}
_ABANDONED = 3600.0  # seconds after which a lock file of another host is of a dead process


@contextmanager
def writer(root: Path, cluster: str, host: str) -> Iterator[Lease]:
    """Be the one writer of *cluster* in the store at *root*, as *host*.

    Raises:
        Busy: another process or host is; says which.
        StoreError: the store cannot be written, or its file system has no locks.
    """
    path = root / "locks" / f"{check_cluster(cluster)}@{host}"
    with _lock(path, cluster) as handle:
        try:
            held = _acquire(handle, root, cluster, host)
            try:
                _sweep(path, cluster)
                yield held
            finally:
                held.release()
        finally:
            with suppress(OSError):
                path.unlink(missing_ok=True)


def _acquire(handle: FileIO, root: Path, cluster: str, host: str) -> Lease:
    try:
        handle.truncate(0)
        handle.write(f"process {os.getpid()} on {host}".encode())
        return lease.acquire(root / "leases" / cluster, cluster, host)
    except OSError as error:
        raise cannot_write(Path(error.filename or root), error) from error


def _lock(path: Path, cluster: str) -> FileIO:
    """The lock file, open and locked."""
    try:
        make_folder(path.parent)
        while True:
            handle = _open(path)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # The holder before may have deleted the file between open and lock.
                with suppress(FileNotFoundError):
                    if os.path.samestat(path.stat(), os.fstat(handle.fileno())):
                        return handle
            except BlockingIOError as error:
                handle.seek(0)
                holder = handle.read().decode(errors="replace").strip() or "another process"
                handle.close()
                raise Busy(f"{cluster}: {holder} is writing its history; try again") from error
            except BaseException:
                handle.close()
                raise
            handle.close()
    except OSError as error:
        if error.errno in _NO_LOCKS:
            raise StoreError(
                f"{path} cannot be locked ({error.strerror}): the store needs a file system with"
                " flock(2); mount the share with locks"
            ) from error
        raise cannot_write(path, error) from error


def _open(path: Path) -> FileIO:
    # A link in somebody else's store may point at anything, and what is locked is written to.
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
    # Without a buffer: what a full disk did not take would be written again on closing.
    return os.fdopen(os.open(path, flags, 0o660), "a+b", buffering=0)


def _sweep(own: Path, cluster: str) -> None:
    """Delete lock files that hosts left which are gone: a pod has another name every time."""
    with suppress(OSError):
        others = [path for path in own.parent.glob(f"{cluster}@*") if path != own]
        present = file_system_time(own.parent) if others else 0.0
        for path in others:
            if abs(present - path.stat().st_mtime) > _ABANDONED:
                path.unlink(missing_ok=True)
