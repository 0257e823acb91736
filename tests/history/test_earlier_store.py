"""A store that an earlier version wrote: without the columns and inventories that were added since."""

import json
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from support.array_builder import A2, World, linux

from analyzer import history
from analyzer.history import manifest as manifests
from analyzer.history.checksum import digest
from analyzer.inventories import INVENTORIES
from analyzer.report.catalog import Catalog
from analyzer.schema import ATTEMPT, TABLES
from analyzer.store.layout import Store

ADDED = {
    "attempts": [column.name for column in ATTEMPT if column.added],
    **{
        name: [column.name for column in inventory.columns if column.added]
        for name, inventory in INVENTORIES.items()
    },
}
LATE = [name for name, inventory in INVENTORIES.items() if inventory.added]


def _as_before(store: Store, cluster: str) -> None:
    """Take everything out of the files that the first version did not write."""
    folder = store.history_folder(cluster)
    for path in folder.glob("*.parquet"):
        _drop(path, ADDED.get(path.name.split(".")[0].split("-")[0], []))
    for path in store.snapshot_folder(cluster).glob("date=*/*.parquet"):
        _drop(path, ADDED.get(path.name.split(".")[1], []))
    manifest = manifests.read(store, cluster)
    assert manifest is not None
    manifests.forget_digests(manifest)
    fields: dict[str, Any] = json.loads(msgspec.json.encode(manifest))
    fields |= {"format": 1}
    fields["tables"] = {name: t for name, t in fields["tables"].items() if name not in LATE}
    body = json.dumps(fields).encode()
    checksum = b'{"checksum":"' + digest(body).encode() + b'",'
    (folder / manifests.NAME).write_bytes(checksum + body[1:])


def _drop(path: Path, columns: list[str]) -> None:
    metadata = pl.read_parquet_metadata(path)
    facts = json.loads(metadata.get("analyzer", "{}"))
    remaining = {name: value for name, value in facts.items() if name not in ADDED["attempts"]}
    frame = pl.read_parquet(path, hive_partitioning=False).drop(columns, strict=False)
    frame.write_parquet(path, metadata={"analyzer": json.dumps(remaining)} if facts else None)


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path, sessions=linux(1) + linux(2))
    world.take(2).without("lnx1", A2).take().change(A2, node="n1").take()
    _as_before(Store(tmp_path), "prod-a")
    return world


def test_it_is_well_and_answers_as_before(world: World) -> None:
    store = Store(world.root)
    assert history.verify(store, "prod-a").problems == ()
    (loss,) = world.ask("dropped-connections")
    assert (loss["interface"], loss["evidence"], loss["event_log"]) == (
        "sql_n2_a",
        None,
        "not read",
    )
    rows = Catalog(store).run("select distinct ems_status, lun_maps_status from attempts").rows
    assert rows == [(None, None)]


@pytest.mark.parametrize("further", [0, 2])
def test_what_is_too_long_to_hold_is_null_where_it_was_not_collected(
    world: World, monkeypatch: pytest.MonkeyPatch, further: int
) -> None:
    if further:
        world.take(further)  # beside files of before
    kind = "select table_type from information_schema.tables where table_name = 'attempts'"
    held = Catalog(Store(world.root))
    monkeypatch.setattr("analyzer.engine.tables._SMALL_ROWS", 0)
    lying = Catalog(Store(world.root))
    assert (held.run(kind).rows, lying.run(kind).rows) == ([("LOCAL TEMPORARY",)], [("VIEW",)])
    for name in ADDED:
        text = f"select * from {name} order by all"
        assert lying.run(text).rows == held.run(text).rows, name
    (nulls,) = lying.run("select count(*) - count(lun_maps_status) from attempts").rows
    assert nulls == (4,)


def test_a_new_snapshot_joins_it_and_nothing_is_lost(world: World) -> None:
    world.take(2)
    store = Store(world.root)
    verified = history.verify(store, "prod-a")
    assert (verified.problems, verified.snapshots) == ((), 6)
    assert Catalog(store).run("select count(*) from attempts").rows == [(6,)]
    history.rebuild(store, "prod-a")
    assert history.verify(store, "prod-a").problems == ()
    manifest = manifests.read(store, "prod-a")
    assert manifest is not None
    assert (manifest.format, {*manifest.tables}) == (manifests.FORMAT, {t.name for t in TABLES})
