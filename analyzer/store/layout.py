"""The layout on disk, and the only room that knows it.

::

    snapshots/cluster=C/date=2026-11-23/20261123T021000Z.parquet             sessions
    snapshots/cluster=C/date=2026-11-23/20261123T021000Z.interfaces.parquet  a companion
    history/cluster=C/manifest.json      the commit point: names the files that make it up
    history/cluster=C/pending/STAMP      a snapshot that may not be folded yet
    history.duckdb                       views, for anyone's DuckDB
    locks/C@host                         one writer per cluster and host; dies with its process
    leases/C/00000007                    one host per cluster; see ``lease``

A file appears under its final name whole or not at all; names that start with a dot are
unfinished and nobody reads them.
"""

import json
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from analyzer import clock
from analyzer.errors import StoreError
from analyzer.store import lock
from analyzer.store.lease import Lease
from analyzer.store.publish import cannot_write, make_folder, publish, sweep


class Store:
    """One directory of snapshots and history."""

    def __init__(self, root: Path, host: str | None = None) -> None:
        """Open it as *host*, by default this one."""
        self.root = root.resolve()
        self.host = host or socket.gethostname()
        self._held: dict[str, int] = {}
        self._leases: dict[str, Lease] = {}

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
        """What the last check knew."""
        return self.root / "alerts.json"

    def clusters(self) -> list[str]:
        """Clusters that have a history or a snapshot, by name."""
        found = {
            entry.name.removeprefix("cluster=")
            for top in (self.history, self.snapshots)
            if top.is_dir()
            for entry in top.iterdir()
            if entry.name.startswith("cluster=")
        }
        return sorted(found)

    def folder(self, cluster: str) -> Path:
        """Where the cluster's history lives."""
        return self.history / f"cluster={cluster}"

    def snapshot(self, cluster: str, taken_at: datetime, inventory: str | None = None) -> Path:
        """The file of one attempt, or of one inventory listed with it."""
        day = self.snapshots / f"cluster={cluster}" / f"date={taken_at:%Y-%m-%d}"
        suffix = f".{inventory}.parquet" if inventory else ".parquet"
        return day / (clock.compact(taken_at) + suffix)

    def instants(self, cluster: str) -> list[datetime]:
        """Instants whose snapshot files are still there, in order."""
        top = self.snapshots / f"cluster={cluster}"
        names = (path.name for path in top.glob("date=*/*Z.parquet") if path.name[0] != ".")
        return sorted(clock.parse(name.removesuffix(".parquet")) for name in names)

    def pending(self, cluster: str) -> list[datetime]:
        """Instants that were being stored when their writer last touched them, in order."""
        folder = self.folder(cluster) / "pending"
        if not folder.is_dir():
            return []
        return sorted(clock.parse(entry.name) for entry in folder.iterdir())

    def mark(self, cluster: str, taken_at: datetime) -> None:
        """Say, before a snapshot is written, that it will need folding."""
        folder = self.folder(cluster) / "pending"
        try:
            make_folder(folder)
            (folder / clock.compact(taken_at)).touch(0o660)
        except OSError as error:
            raise cannot_write(folder, error) from error

    def unmark(self, cluster: str, taken_at: datetime) -> None:
        """Say that it has been folded, or never was written."""
        (self.folder(cluster) / "pending" / clock.compact(taken_at)).unlink(missing_ok=True)

    def manifest(self, cluster: str) -> dict[str, Any]:
        """The cluster's manifest as last committed; empty if it has none yet.

        Raises:
            StoreError: it is there and cannot be understood.
        """
        path = self.folder(cluster) / "manifest.json"
        try:
            manifest = json.loads(path.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise StoreError(
                f"{path} is damaged ({error}); 'analyzer rebuild' makes it anew"
            ) from error
        if not isinstance(manifest, dict):
            raise StoreError(f"{path} is damaged; 'analyzer rebuild' makes it anew")
        return manifest

    def edition(self, cluster: str) -> tuple[int, ...]:
        """What changes whenever the manifest does; empty if there is none. Cheap to ask."""
        try:
            told = (self.folder(cluster) / "manifest.json").stat()
        except OSError:
            return ()
        return told.st_mtime_ns, told.st_ino, told.st_size

    def commit(self, cluster: str, manifest: dict[str, Any]) -> None:
        """Replace the manifest: from now on readers see the files it names.

        Raises:
            Busy: another host took over meanwhile; nothing was published.
        """
        fence = self._leases[cluster].check if cluster in self._leases else lambda: None
        with publish(self.folder(cluster) / "manifest.json", before_rename=fence) as draft:
            draft.write_text(json.dumps(manifest, separators=(",", ":")))

    def holding(self, cluster: str) -> int:
        """The number of the lease under which files are written; 0 without one."""
        return self._leases[cluster].number if cluster in self._leases else 0

    @contextmanager
    def lock(self, cluster: str) -> Iterator[None]:
        """Be the one writer of *cluster*; a holder may take it again.

        Raises:
            Busy: another process or host is; says which.
            StoreError: the store cannot be written.
        """
        if self._held.get(cluster):
            self._held[cluster] += 1
            try:
                yield
            finally:
                self._held[cluster] -= 1
            return
        with lock.writer(self.root, cluster, self.host) as held:
            sweep(self.root)
            sweep(self.history / "seed")
            for folder in (self.folder(cluster), *self._days(cluster, self.pending(cluster))):
                sweep(folder, living=False)
            self._held[cluster] = 1
            self._leases[cluster] = held
            try:
                yield
            finally:
                del self._held[cluster], self._leases[cluster]

    def _days(self, cluster: str, instants: Iterable[datetime]) -> set[Path]:
        return {self.snapshot(cluster, instant).parent for instant in instants}

    def sweep_snapshots(self, cluster: str) -> None:
        """Delete every draft among the cluster's snapshots; the lock must be held."""
        for folder in (self.snapshots / f"cluster={cluster}").glob("date=*"):
            sweep(folder, living=False)
