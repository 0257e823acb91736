"""A simulated night, collected by the real collector."""

import os
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from analyzer import demo
from analyzer.collect import collector
from analyzer.config.cluster import Cluster
from analyzer.report.catalog import Catalog
from analyzer.rest.server.answers import Answers
from analyzer.rest.server.endpoints import Endpoints
from analyzer.rest.server.source import ServedClusters
from analyzer.simulate import SimulatedArray, World
from analyzer.store.layout import Store

START = datetime(2026, 11, 23, 2)
SESSIONS = "/api/protocols/san/iscsi/sessions"


@dataclass
class Night:
    """What was collected, and the world as it was at each snapshot."""

    store: Store
    worlds: dict[datetime, World] = field(default_factory=dict)
    port: int = 0

    @property
    def endpoints(self) -> Endpoints:
        return Endpoints(ServedClusters(self.store))


def answers(store: Store, **options: Any) -> Answers:
    """What a worker process of the server answers with."""
    endpoints = Endpoints(ServedClusters(store), **options)
    return Answers(endpoints, partial(Catalog, store))


def collected(
    store: Store, array: SimulatedArray, at: datetime | None, name: str = "prod-a"
) -> str:
    """The status of a snapshot by the real collector; by the real clock where *at* is None."""
    os.environ["NIGHT_SECRET"] = array.password
    cluster = Cluster(name, array.url, array.username, password_env="NIGHT_SECRET", interval=300, deadline=60.0, max_records=40, connectivity_tracking=True)  # fmt: skip
    with nullcontext() if at is None else demo.at(at):
        (outcome,) = collector.collect(store, [cluster])
    return outcome.status
