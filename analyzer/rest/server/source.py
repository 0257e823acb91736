"""One cluster's history, open for requests, and a cache of the last few clusters."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from analyzer import clock
from analyzer.ontap.resource import Release, Resource
from analyzer.report.catalog import Catalog
from analyzer.rest.language import MemoryRecords
from analyzer.rest.language.records import Record
from analyzer.rest.language.table_records import TableRecords
from analyzer.rest.server import instant
from analyzer.rest.server.instant import Instant, SnapshotRef
from analyzer.rest.server.mapping import statement
from analyzer.store.layout import Store

PAGE = 10_000
_TABLES = 6  # of a cluster, each the records of one resource in one snapshot
_SNAPSHOTS = 1_000
_OPEN = 4  # clusters; a snapshot of 100,000 sessions takes some 50 MB


class ServedCluster:
    """Tables over one cluster's files, for one request at a time: it is not thread-safe.

    The records of the last few snapshots stay in memory. A manifest that changed is noticed with
    the next request.
    """

    def __init__(self, store: Store, name: str) -> None:
        self.store = store
        self.name = name
        self._stamp: tuple[int, ...] | None = None
        self._catalog: Catalog | None = None
        self._opened = clock.now()
        self._tables: OrderedDict[tuple[datetime, str], str] = OrderedDict()
        self._snapshots: dict[Instant, SnapshotRef] = {}
        self._created = 0

    @contextmanager
    def time_limit(self, seconds: float) -> Iterator["ServedCluster"]:
        """The cluster as it is now; statements are interrupted after *seconds*.

        Raises:
            Busy: that was not enough.
        """
        with self._fresh().time_limit(seconds):
            yield self

    def _fresh(self) -> Catalog:
        stamp = self.store.manifest_stamp(self.name)
        now = clock.now()
        # A snapshot later than the clock is not seen, so what is latest may change with it alone.
        moved = self._catalog is not None and (self._catalog.ahead or now < self._opened)
        if self._catalog is None or moved or stamp != self._stamp:
            self.close()
            self._catalog = Catalog(self.store, [self.name])
            self._stamp, self._opened = stamp, now
        return self._catalog

    @property
    def catalog(self) -> Catalog:
        assert self._catalog is not None  # noqa: S101  # only within ``time_limit``
        return self._catalog

    def close(self) -> None:
        """Let go of everything; the next request opens it again."""
        if self._catalog is not None:
            self._catalog.close()
        self._catalog = None
        self._tables.clear()
        self._snapshots.clear()

    def snapshot(self, when: Instant, *, nearest: bool) -> SnapshotRef:
        """The snapshot that an instant means; see ``instant.find``."""
        if when not in self._snapshots:
            if len(self._snapshots) >= _SNAPSHOTS:
                self._snapshots.clear()
            self._snapshots[when] = instant.find(self.catalog, self.name, when, nearest=nearest)
        return self._snapshots[when]

    def table(self, resource: Resource, taken_at: datetime, scope: list[str]) -> str:
        """The table of a resource's records as listed at an instant, created if it is not there."""
        key = (taken_at, resource.name)
        if key in self._tables:
            self._tables.move_to_end(key)
            return self._tables[key]
        while len(self._tables) >= _TABLES:
            self.catalog.drop_table(self._tables.popitem(last=False)[1])
        self._created += 1
        name = f"served_{self._created}"
        self.catalog.create_table(name, statement(resource), {"taken_at": taken_at, "scope": scope})
        self._tables[key] = name
        return name

    def run(self, text: str, bound: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        return self.catalog.select(text, bound, where="the answer").rows


class SnapshotSource:
    """The records of one snapshot, from which a request is answered."""

    limit = PAGE

    def __init__(self, cluster: ServedCluster, at: SnapshotRef) -> None:
        self.cluster = cluster
        self.at = at

    @property
    def release(self) -> Release:
        return self.at.release

    def records(self, resource: Resource, svm: str) -> TableRecords | MemoryRecords:
        if resource.singleton:
            return MemoryRecords(resource, [_identity(self.at)])
        taken_at = self.at.taken_at
        if resource.name != "sessions":
            taken_at = self.at.listed_at(resource.name, self.cluster.catalog)
        table = self.cluster.table(resource, taken_at, self.at.scope)
        return TableRecords(resource, table, self.cluster.run, svm)

    def has_svm(self, uuid: str) -> bool:
        return uuid in self.at.scope


def _identity(at: SnapshotRef) -> Record:
    """The record of ``/api/cluster``; its name is the one that the store has."""
    version = dict(zip(("full", "generation", "major", "minor"), at.version, strict=True))
    return {"uuid": at.attempt["cluster_uuid"], "name": at.cluster, "version": version}


class ServedClusters:
    """The clusters of a store; those used last stay open (an LRU cache)."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._open: OrderedDict[str, ServedCluster] = OrderedDict()

    def __getitem__(self, name: str) -> ServedCluster:
        """The cluster of that name, which must be in the store."""
        cluster = self._open.pop(name, None) or ServedCluster(self.store, name)
        self._open[name] = cluster
        if len(self._open) > _OPEN:
            self._open.popitem(last=False)[1].close()
        return cluster

    def close(self) -> None:
        for cluster in self._open.values():
            cluster.close()
        self._open.clear()
