"""Two histories, each asked by DuckDB and by an engine that speaks Spark Connect.

The engine is Sail, started here; ``ANALYZER_SPARK_URL`` names another, such as a real Spark.
"""

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from multiprocessing import get_context
from random import Random

import pytest
from support import oracle
from support.array_builder import World, linux
from support.engines import Twin, listening
from support.scene import Watch

from analyzer.config import policy
from analyzer.report.catalog import Catalog
from analyzer.store.layout import Store

POLICY = """
[[expect]]
igroup = "ig_*"
paths = 4

[[hosts]]
initiator = "iqn.2026-11.example:lnx1"
name = "database-1"

[[fabrics]]
subnet = "192.168.10.0/24"
name = "a"

[[limits]]
cluster = "*"
node = "*"
sessions = 30
"""


_SPAWN = get_context("spawn")  # a fork would take half of the threads along
# What is asked of each history, by its fixture.
WINDOWS = {
    "recorded": (datetime(2026, 11, 22), datetime(2026, 11, 24)),
    "night": (datetime(2026, 11, 10), datetime(2026, 11, 23, 3, 20)),
}


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the engine listens: in a process of its own, which ends whatever it still does."""
    url = os.environ.get("ANALYZER_SPARK_URL")
    if url:
        yield url
        return
    checkpoints = tmp_path_factory.mktemp("checkpoints")
    ours, theirs = _SPAWN.Pipe()
    process = _SPAWN.Process(target=listening, args=(checkpoints, theirs), daemon=True)
    process.start()
    theirs.close()
    yield ours.recv()
    process.kill()
    process.join()


@pytest.fixture(scope="session")
def night(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A random incident with random faults of looking; beside it, a cluster over three weeks."""
    incident = oracle.incident(Random("an engine"))
    store = Watch(tmp_path_factory.mktemp("random"))(
        incident.text, until="03:20", looks=incident.looks
    ).store
    random = Random("three weeks")
    start = datetime(2026, 11, 2)
    world = World(store.root, "prod-b", now=start, step=timedelta(hours=12))
    for number in range(1, 7):
        world.sessions += linux(number, times=random.randint(1, 2), igroup="ig_ora")
    world.igroups = {"ig_ora": {"initiators": [f"iqn.2026-11.example:lnx{n}" for n in range(1, 9)]}}
    for day in range(42):
        whole = list(world.sessions)
        world.igroups["ig_ora"]["ended_logins"] = [
            {"initiator": f"iqn.2026-11.example:lnx{number}", "interface_uuid": f"uuid-{lif.name}",
             "last_seen": world.now - timedelta(hours=1)}
            for number in range(1, 7) for lif in world.lifs
        ]  # fmt: skip
        if random.random() < 0.3:
            world.without(f"lnx{random.randint(1, 6)}", *random.sample(world.lifs, 2))
        world.take(status=random.choice(["complete", "complete", "complete", "partial", "failed"]))
        world.sessions = whole
        if day % 9 == 8:
            world.sessions += linux(7 + day // 9, igroup=None, authentication="none")
    return store


@pytest.fixture(
    scope="session", params=["recorded", pytest.param("night", marks=pytest.mark.thorough)]
)
def both(
    request: pytest.FixtureRequest, server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Twin]:
    """A history in both engines; the clock stands at its end."""
    from analyzer.engine.spark import Spark  # noqa: PLC0415  # the extra, which not every test needs

    store: Store = request.getfixturevalue(request.param)
    since, until = WINDOWS[request.param]
    path = tmp_path_factory.mktemp("policy") / "policy.toml"
    path.write_text(POLICY)
    tables = policy.tables(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANALYZER_NOW", until.isoformat())
        twin = Twin(
            store,
            Catalog(store, tables=tables),
            Catalog(store, tables=tables, engine=partial(Spark, server)),
            since,
            until,
        )
    # The clock is the tests' own again: a session's fixture would set it for all that come after.
    yield twin
    twin.duckdb.close()
    twin.spark.close()
