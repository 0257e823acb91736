"""Who may write a cluster's history, when hosts share the store.

A lease is a numbered file, ``leases/C/00000007``: it says who holds it, its time of modification
says when the holder was last alive, and the highest number is the one that counts. It is made by
linking, which succeeds for one of all who try, on NFS too. A holder touches it while it works and
sets its time to zero when it is done. Whoever finds it untouched for ``TERM`` seconds takes the
next number, and the one before is fenced: it may not publish any more.

No two clocks are ever compared: what "now" is, the file system itself says, by the time it gives
to a file that was written just now. Host names must differ between hosts.
"""

import json
import os
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from analyzer.errors import Busy

TERM = 120.0  # seconds after which an untouched lease may be taken over
BEAT = 20.0  # seconds between two touches
_KEPT = 8  # superseded numbers that stay, for those who are still counting


@dataclass(slots=True)
class Lease:
    """One taken lease; ``release`` it."""

    cluster: str
    folder: Path
    number: int
    beat: float
    term: float
    _alive: float = field(default_factory=time.monotonic)
    _done: threading.Event = field(default_factory=threading.Event)
    _heart: threading.Thread | None = None

    @property
    def path(self) -> Path:
        return self.folder / f"{self.number:08d}"

    def start(self) -> None:
        """Say every few seconds that the holder lives."""
        self._heart = threading.Thread(target=self._beat, daemon=True)
        self._heart.start()

    def _beat(self) -> None:
        while not self._done.wait(self.beat):
            asked = time.monotonic()
            with suppress(OSError):
                os.utime(self.path)
                self._alive = asked

    def check(self) -> None:
        """Be still the holder.

        Raises:
            Busy: another one took over, or may have by now; says who.
        """
        if _numbers(self.folder)[-1:] != [self.number]:
            raise Busy(f"{self.cluster}: {_holder(self.folder)} took over; nothing was published")
        if time.monotonic() - self._alive > self.term - self.beat:
            # Asleep for so long that somebody may be taking over at this moment.
            raise Busy(f"{self.cluster}: its lease ran out; nothing was published; try again")

    def release(self) -> None:
        """Let the next one in at once."""
        self._done.set()
        if self._heart is not None:
            self._heart.join()
        with suppress(OSError):
            os.utime(self.path, (0, 0))


def take(folder: Path, cluster: str, host: str, *, term: float = TERM, beat: float = BEAT) -> Lease:
    """The lease of *cluster*; the caller holds the lock of its own host.

    A lease of the same host is dead, since its holder would have that lock.

    Raises:
        Busy: another host has it; says which.
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".{host}.{os.getpid()}.{threading.get_ident()}"
    told = {"host": host, "process": os.getpid(), "acquired": int(time.time())}
    try:
        draft.write_text(json.dumps(told))
        present = draft.stat().st_mtime
        numbers = _numbers(folder)
        latest = numbers[-1] if numbers else 0
        if numbers and _read(folder, latest).get("host") != host:
            with suppress(FileNotFoundError):
                idle = present - (folder / f"{latest:08d}").stat().st_mtime
                if idle <= term:
                    raise _busy(folder, cluster, idle)
        lease = Lease(cluster, folder, latest + 1, beat, term)
        try:
            os.link(draft, lease.path)
        except FileExistsError as error:
            # NFS may answer so to a link that was made, when its first answer got lost.
            if draft.stat().st_nlink < 2:
                raise _busy(folder, cluster) from error
    finally:
        draft.unlink(missing_ok=True)
    if _numbers(folder)[-1] != lease.number:
        # Others counted on while this one looked.
        lease.path.unlink(missing_ok=True)
        raise _busy(folder, cluster)
    for number in numbers:
        if number <= lease.number - _KEPT:
            (folder / f"{number:08d}").unlink(missing_ok=True)
    lease.start()
    return lease


def _busy(folder: Path, cluster: str, idle: float | None = None) -> Busy:
    heard = "" if idle is None else f", heard of {max(0, round(idle))} s ago"
    return Busy(f"{cluster}: {_holder(folder)} is writing its history{heard}; try again")


def _numbers(folder: Path) -> list[int]:
    return sorted(int(entry.name) for entry in folder.iterdir() if entry.name.isdigit())


def _read(folder: Path, number: int) -> dict[str, object]:
    try:
        told = json.loads((folder / f"{number:08d}").read_bytes())
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _holder(folder: Path) -> str:
    numbers = _numbers(folder)
    told = _read(folder, numbers[-1]) if numbers else {}
    if "host" not in told:
        return "another host"
    return f"process {told.get('process')} on {told['host']}"
