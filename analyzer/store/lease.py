"""The lease: which host may write a cluster's history, when hosts share the store.

A lease is a numbered file, ``leases/CLUSTER/00000007``. It says who holds it, its modification time
is the holder's last heartbeat, and only the highest number counts: the number is a fencing token.
It is acquired by linking, which succeeds for one of all who try, on NFS too (the algorithm of
flufl.lock). The holder sends a heartbeat while it works, and writes ``released`` into the file when
it is done, so that a copy of the store is not held by anybody. Without a heartbeat for
``LEASE_SECONDS`` another host takes the next number, and the holder before is fenced: it may not
publish any more.

Clocks of two hosts are never compared: what "now" is, the file system says, by the time it gives
to a file that was just written. Host names must differ between hosts.
"""

import os
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from analyzer.errors import Busy
from analyzer.store.publish import make_folder, sweep
from analyzer.store.regular import read_regular

LEASE_SECONDS = 120.0  # without a heartbeat for so long, a lease may be taken over
HEARTBEAT_SECONDS = 20.0
_SUPERSEDED = 8  # old numbers that stay, for hosts that are still looking at them
_RELEASED = b"\nreleased\n"


class Holder(msgspec.Struct):
    """The content of a lease file: its holder; *acquired* is seconds since 1970."""

    host: str = ""
    process: int = 0
    acquired: int = 0

    def __str__(self) -> str:
        return f"process {self.process} on {self.host}" if self.host else "another host"


@dataclass(slots=True)
class Lease:
    """An acquired lease; ``release`` it. Times are in seconds."""

    cluster: str
    folder: Path
    number: int
    heartbeat_seconds: float = HEARTBEAT_SECONDS
    lease_seconds: float = LEASE_SECONDS
    _last_heartbeat: float = field(default_factory=time.monotonic)
    _released: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    @property
    def path(self) -> Path:
        return self.folder / f"{self.number:08d}"

    def start(self) -> None:
        """Start the heartbeat: a thread that touches the lease file."""
        self._thread = threading.Thread(target=self._heartbeat, daemon=True)
        self._thread.start()

    def _heartbeat(self) -> None:
        while not self._released.wait(self.heartbeat_seconds):
            before = time.monotonic()
            with suppress(OSError):
                os.utime(self.path)
                self._last_heartbeat = before

    def check(self) -> None:
        """Fencing check, to be done just before what was written becomes visible.

        Raises:
            Busy: another host took the lease over, or may be doing so at this moment.
        """
        if _numbers(self.folder)[-1:] != [self.number]:
            holder = _holder(self.folder)
            raise Busy(f"{self.cluster}: {holder} took over; nothing was published")
        silent = time.monotonic() - self._last_heartbeat
        if silent > self.lease_seconds - self.heartbeat_seconds:
            raise Busy(f"{self.cluster}: its lease ran out; nothing was published; try again")

    def release(self) -> None:
        """Let the next writer in at once."""
        self._released.set()
        if self._thread is not None:
            self._thread.join()
        with suppress(OSError):
            handle = os.open(self.path, os.O_WRONLY | os.O_APPEND)
            try:
                os.write(handle, _RELEASED)
            finally:
                os.close(handle)
        with suppress(OSError):
            os.utime(self.path, (0, 0))  # earlier versions look at the time only


def acquire(
    folder: Path,
    cluster: str,
    host: str,
    *,
    lease_seconds: float = LEASE_SECONDS,
    heartbeat_seconds: float = HEARTBEAT_SECONDS,
) -> Lease:
    """Acquire the lease of *cluster*; the caller holds the lock of its own host.

    A lease of the same host is dead, since its holder would have that lock.

    Raises:
        Busy: another host holds it; says which.
        OSError: the folder cannot be written.
    """
    make_folder(folder)
    draft = folder / f".{host}.{os.getpid()}.{threading.get_ident()}"
    try:
        draft.touch(0o660)
        draft.write_bytes(msgspec.json.encode(Holder(host, os.getpid(), int(time.time()))))
        numbers = _numbers(folder)
        if numbers:
            _check_expired(folder, cluster, host, draft.stat().st_mtime, lease_seconds)
        number = numbers[-1] + 1 if numbers else 1
        lease = Lease(cluster, folder, number, heartbeat_seconds, lease_seconds)
        try:
            os.link(draft, lease.path)
        except FileExistsError as error:
            # NFS may answer so after it created the link, when its first answer was lost.
            if draft.stat().st_nlink < 2:
                raise _busy(folder, cluster) from error
    finally:
        draft.unlink(missing_ok=True)
    if _numbers(folder)[-1] != number:
        # Another host acquired a later number meanwhile.
        lease.path.unlink(missing_ok=True)
        raise _busy(folder, cluster)
    for superseded in numbers:
        if superseded <= number - _SUPERSEDED:
            (folder / f"{superseded:08d}").unlink(missing_ok=True)
    sweep(folder)
    lease.start()
    return lease


def _check_expired(
    folder: Path, cluster: str, host: str, present: float, lease_seconds: float
) -> None:
    """Raise Busy unless the latest lease is released, of this host, or without a heartbeat."""
    path = folder / f"{_numbers(folder)[-1]:08d}"
    with suppress(FileNotFoundError):
        if read_regular(path).endswith(_RELEASED) or _holder(folder).host == host:
            return
        silent = present - path.stat().st_mtime
        if silent < -lease_seconds:
            # The clock was ahead at the last heartbeat and has been set back: its time counts
            # from now on, so that a dead holder blocks nobody until that future comes.
            os.utime(path)
        if silent <= lease_seconds:
            raise _busy(folder, cluster, silent)


def _busy(folder: Path, cluster: str, silent: float | None = None) -> Busy:
    heartbeat = "" if silent is None else f", last heartbeat {max(0, round(silent))} s ago"
    return Busy(f"{cluster}: {_holder(folder)} is writing its history{heartbeat}; try again")


def _numbers(folder: Path) -> list[int]:
    names = (entry.name for entry in os.scandir(folder))
    return sorted(int(name) for name in names if name.isascii() and name.isdigit())


def _holder(folder: Path) -> Holder:
    """The holder of the latest lease."""
    try:
        text = read_regular(folder / f"{_numbers(folder)[-1]:08d}").removesuffix(_RELEASED)
        return msgspec.json.decode(text, type=Holder)
    except (OSError, IndexError, ValueError, msgspec.DecodeError):
        return Holder()
