"""One cluster's history, open for asking, and as many of them as fit."""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from analyzer.errors import Busy
from analyzer.ontap.resources import Release, Resource
from analyzer.report.catalog import Catalog
from analyzer.rest.language.page import Listing, Record
from analyzer.rest.language.relation import Relation
from analyzer.rest.server import moment
from analyzer.rest.server.moment import Moment, When
from analyzer.rest.server.record import statement
from analyzer.store.layout import Store

PAGE = 10_000
_TABLES = 6  # of a cluster, each the records of one resource in one snapshot
_MOMENTS = 1_000
_OPEN = 4  # clusters; a snapshot of 100,000 sessions takes some 50 MB


class Cluster:
    """Tables over one cluster's files, for one request at a time.

    The records of the last few snapshots that were asked for stay in memory. A manifest that
    changed is noticed with the next request.
    """

    def __init__(self, store: Store, name: str) -> None:
        self.store = store
        self.name = name
        self._lock = threading.Lock()
        self._edition: tuple[int, ...] | None = None
        self._catalog: Catalog | None = None
        self._tables: OrderedDict[tuple[datetime, str], str] = OrderedDict()
        self._moments: dict[When, Moment] = {}
        self._made = 0

    @contextmanager
    def asked(self, seconds: float) -> Iterator["Cluster"]:
        """Have it to oneself, for no longer than that.

        Raises:
            Busy: others had it all the time, or the answer took too long.
        """
        if not self._lock.acquire(timeout=seconds):
            raise Busy(f"{self.name}: too many requests before this one")
        try:
            with self._fresh().within(seconds):
                yield self
        finally:
            self._lock.release()

    def _fresh(self) -> Catalog:
        edition = self.store.edition(self.name)
        if self._catalog is None or edition != self._edition:
            self.close()
            self._catalog = Catalog(self.store, [self.name])
            self._edition = edition
        return self._catalog

    @property
    def catalog(self) -> Catalog:
        assert self._catalog is not None  # noqa: S101  # only within ``asked``
        return self._catalog

    def close(self) -> None:
        """Let go of everything; the next request opens it again."""
        if self._catalog is not None:
            self._catalog.close()
        self._catalog = None
        self._tables.clear()
        self._moments.clear()

    def moment(self, when: When, *, nearest: bool) -> Moment:
        """The snapshot that an instant means; see ``moment.find``."""
        if when in self._moments:
            return self._moments[when]
        if len(self._moments) >= _MOMENTS:
            self._moments.clear()
        found = moment.find(self.catalog, self.name, when, nearest=nearest)
        self._moments[when] = found
        return found

    def table(self, resource: Resource, at: Moment) -> str:
        """The table of a resource's records in a snapshot, made if it is not there."""
        known = (at.taken_at, resource.name)
        if known in self._tables:
            self._tables.move_to_end(known)
            return self._tables[known]
        while len(self._tables) >= _TABLES:
            self.catalog.drop(self._tables.popitem(last=False)[1])
        self._made += 1
        name = f"served_{self._made}"
        self.catalog.keep(name, statement(resource), {"taken_at": at.taken_at, "scope": at.scope})
        self._tables[known] = name
        return name

    def run(self, text: str, bound: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        return self.catalog.run(text, bound, where="the answer").rows


class Snapshot:
    """The records of one snapshot: what a request is answered from."""

    limit = PAGE

    def __init__(self, cluster: Cluster, at: Moment) -> None:
        self.cluster = cluster
        self.at = at

    @property
    def release(self) -> Release:
        return self.at.release

    def records(self, resource: Resource, svm: str) -> Relation | Listing:
        if resource.singleton:
            return Listing(resource, [_identity(self.at)])
        if resource.name != "sessions":
            self.at.refuse_unless_listed(resource.name)
        return Relation(resource, self.cluster.table(resource, self.at), self.cluster.run, svm)

    def knows(self, svm: str) -> bool:
        return svm in self.at.scope


def _identity(at: Moment) -> Record:
    """What ``/api/cluster`` said; its name is the one it is kept under."""
    version: dict[str, Any] = {}
    if at.version:
        version = dict(zip(("generation", "major", "minor"), at.version, strict=True))
        version = {"full": at.attempt["version"], **version}
    return {"uuid": at.attempt["cluster_uuid"], "name": at.cluster, "version": version}


class Clusters:
    """The clusters of a store, of which the last few that were asked stay open."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._lock = threading.Lock()
        self._open: OrderedDict[str, Cluster] = OrderedDict()

    def __getitem__(self, name: str) -> Cluster:
        """The cluster of that name, which must be in the store."""
        with self._lock:
            found = self._open.pop(name, None) or Cluster(self.store, name)
            self._open[name] = found
            if len(self._open) > _OPEN:
                self._open.popitem(last=False)
            return found

    def close(self) -> None:
        with self._lock:
            for one in self._open.values():
                one.close()
            self._open.clear()
