"""The layout on disk, and the only room that knows it.

::

    snapshots/cluster=C/date=2026-11-23/20261123T021000Z.parquet             sessions
    snapshots/cluster=C/date=2026-11-23/20261123T021000Z.interfaces.parquet  an inventory
    history/cluster=C/manifest.json      the commit point: names the files that make it up
    history/cluster=C/manifest.previous.json                                 the one before it
    history/cluster=C/pending/STAMP      a snapshot that may not be folded yet
    history.duckdb                       views, for anyone's DuckDB
    marks.json                           instants with names; see ``marks``
    locks/C@host                         one writer per cluster and host; dies with its process
    leases/C/00000007                    one host per cluster; see ``lease``
    register/C.json                      that C had a history, should that be deleted

A file appears under its final name whole or not at all; names that start with a dot are
unfinished and nobody reads them.
"""

import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from analyzer import clock
from analyzer.errors import StoreError, UsageError
from analyzer.inventories import INVENTORIES
from analyzer.pattern import is_cluster
from analyzer.store import lock
from analyzer.store.lease import Lease
from analyzer.store.publish import cannot_write, make_folder, sweep
from analyzer.text import is_utf8

MANIFEST, PREVIOUS_MANIFEST = "manifest.json", "manifest.previous.json"
# What a store's folder holds; the last two are of DuckDB, while somebody has the database open.
NAMES = frozenset({
    "snapshots", "history", "history.duckdb", "locks", "leases", "alerts.json",
    "marks.json", "register",
    "history.duckdb.wal", "history.duckdb.tmp",
})  # fmt: skip
_CLUSTER = "cluster="
_STAMP = re.compile(r"\d{8}T\d{6}Z", re.ASCII)


class Store:
    """One directory of snapshots and history."""

    def __init__(self, root: Path, host: str | None = None) -> None:
        """Open it as *host*, by default this one.

        Raises:
            UsageError: its path is not UTF-8, which neither DuckDB nor Polars can open.
        """
        self.root = root.resolve()
        if not is_utf8(str(self.root)):
            raise UsageError(f"{self.root}: the path of a store must be UTF-8")
        self.host = host or socket.gethostname()

    @property
    def snapshots(self) -> Path:
        return self.root / "snapshots"

    @property
    def history(self) -> Path:
        return self.root / "history"

    @property
    def database(self) -> Path:
        return self.root / "history.duckdb"

    @property
    def alerts(self) -> Path:
        """The state of ``check --once``."""
        return self.root / "alerts.json"

    @property
    def marks(self) -> Path:
        """Instants with names."""
        return self.root / "marks.json"

    @property
    def register(self) -> Path:
        """A file for each cluster that ever had a history."""
        return self.root / "register"

    def exists(self) -> bool:
        """Whether something was ever collected into it."""
        return any(top.is_dir() for top in (self.snapshots, self.history, self.register))

    def clusters(self) -> list[str]:
        """Clusters that have a snapshot or ever had a history, by name."""
        entries = {
            entry.name.removeprefix(_CLUSTER)
            for top in (self.history, self.snapshots)
            if top.is_dir()
            for entry in os.scandir(top)
            if entry.name.startswith(_CLUSTER) and entry.is_dir()
        }
        entries |= {path.stem for path in self.register.glob("*.json")}
        return sorted(filter(is_cluster, entries))

    def check_only_one(self, cluster: str) -> None:
        """Filters match without regard to case, and so do some file systems: of a name there is one.

        Raises:
            UsageError: the store has another cluster of that name.
        """
        for name in self.clusters():
            if name != cluster and name.lower() == cluster.lower():
                raise UsageError(
                    f"'{cluster}': the store has the cluster '{name}'; case does not count"
                )

    def history_folder(self, cluster: str) -> Path:
        return self.history / f"{_CLUSTER}{cluster}"

    def register_file(self, cluster: str) -> Path:
        return self.register / f"{cluster}.json"

    def snapshot_folder(self, cluster: str) -> Path:
        return self.snapshots / f"{_CLUSTER}{cluster}"

    def snapshot(self, cluster: str, taken_at: datetime, inventory: str | None = None) -> Path:
        """The file of one attempt, or of one inventory listed with it."""
        day = self.snapshot_folder(cluster) / f"date={taken_at:%Y-%m-%d}"
        suffix = f".{inventory}.parquet" if inventory else ".parquet"
        return day / (clock.compact(taken_at) + suffix)

    def misplaced(self, cluster: str) -> Iterator[Path]:
        """Files in the place of the cluster's folders, and folders in the place of its files."""
        history = self.history_folder(cluster)
        folders = (
            self.root / "locks", self.root / "leases", self.root / "leases" / cluster,
            self.register, self.history, history, history / "pending",
            self.snapshots, self.snapshot_folder(cluster),
        )  # fmt: skip
        yield from (path for path in folders if os.path.lexists(path) and not path.is_dir())
        files = (self.register_file(cluster), history / PREVIOUS_MANIFEST)
        yield from (path for path in files if path.is_dir())

    def delete_snapshot(self, cluster: str, taken_at: datetime) -> None:
        """Delete the files of one attempt, the session file first: without it nobody reads them."""
        for inventory in (None, *INVENTORIES):
            path = self.snapshot(cluster, taken_at, inventory)
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise cannot_write(path, error) from error

    def instants(self, cluster: str) -> list[datetime]:
        """Instants whose session files are still there, in order; other files are passed over."""
        paths = self.snapshot_folder(cluster).glob("date=*/*.parquet")
        instants = ((path, instant(path.name.removesuffix(".parquet"))) for path in paths)
        return sorted(at for path, at in instants if at and path == self.snapshot(cluster, at))

    def pending(self, cluster: str) -> list[datetime]:
        """Instants that were being stored when their writer last touched them, in order."""
        folder = self.history_folder(cluster) / "pending"
        try:
            instants = [instant(entry.name) for entry in folder.iterdir()]
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise StoreError(f"cannot read {folder}: {error.strerror or error}") from error
        return sorted(at for at in instants if at)

    def mark_pending(self, cluster: str, taken_at: datetime) -> None:
        """Note, before a snapshot is written, that it will need folding."""
        folder = self.history_folder(cluster) / "pending"
        try:
            make_folder(folder)
            (folder / clock.compact(taken_at)).touch(0o660)
        except OSError as error:
            raise cannot_write(folder, error) from error

    def clear_pending(self, cluster: str, taken_at: datetime) -> None:
        """Note that it has been folded, or never was written."""
        path = self.history_folder(cluster) / "pending" / clock.compact(taken_at)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise cannot_write(path, error) from error

    def manifest_stamp(self, cluster: str) -> tuple[int, ...]:
        """A cheap change token for the manifest: (mtime, inode, size); () without one."""
        try:
            status = (self.history_folder(cluster) / MANIFEST).stat()
        except OSError:
            return ()
        return status.st_mtime_ns, status.st_ino, status.st_size

    @contextmanager
    def lock(self, cluster: str) -> Iterator[Lease]:
        """Be the one writer of *cluster*; not re-entrant.

        Raises:
            Busy: another process or host is; says which.
            StoreError: the store cannot be written.
        """
        with lock.writer(self.root, cluster, self.host) as held:
            sweep(self.root)
            sweep(self.history / "seed")
            days = {self.snapshot(cluster, at).parent for at in self.pending(cluster)}
            for folder in (self.history_folder(cluster), *days):
                sweep(folder, living=False)
            yield held

    def sweep_snapshots(self, cluster: str) -> None:
        """Delete every draft among the cluster's snapshots; the lock must be held."""
        for folder in self.snapshot_folder(cluster).glob("date=*"):
            sweep(folder, living=False)


def instant(stamp: str) -> datetime | None:
    """The instant that ``clock.compact`` wrote; None for any other text."""
    if not _STAMP.fullmatch(stamp):
        return None
    try:
        return clock.parse(stamp)
    except UsageError:
        return None
