"""The history is a session: opened once, its manifest read once, its errors translated once."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.snapshot_rows import START, lone, row, stored

from analyzer import history
from analyzer.collect import collector
from analyzer.config.cluster import Cluster
from analyzer.errors import Busy, StoreError
from analyzer.history import History, attempts
from analyzer.history import manifest as manifests
from analyzer.history.parts import FoldSession
from analyzer.inventories import INVENTORIES
from analyzer.schema import Attempt
from analyzer.simulate import SimulatedArray, base_world
from analyzer.store import snapshot
from analyzer.store.layout import Store
from analyzer.store.snapshot import Listing, Snapshot


def test_one_collection_opens_the_history_once_and_reads_its_manifest_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SESSION_SECRET", "pretend")
    store, calls = Store(tmp_path / "store"), Counter[str]()
    opened, read_bytes = FoldSession.__init__, Path.read_bytes

    def opening(session: FoldSession, cluster: str, folder: Path) -> None:
        calls["opened"] += 1
        opened(session, cluster, folder)

    def reading(path: Path) -> bytes:
        calls["read"] += path.name == manifests.NAME
        return read_bytes(path)

    with SimulatedArray(base_world(), username="reader", password="pretend") as array:
        cluster = Cluster("c1", array.url, "reader", password_env="SESSION_SECRET")
        collector.collect(store, [cluster])
        with monkeypatch.context() as patch:
            patch.setattr(FoldSession, "__init__", opening)
            patch.setattr(Path, "read_bytes", reading)
            (outcome,) = collector.collect(store, [cluster])
    assert outcome.exit_code == 0
    assert calls == {"opened": 1, "read": 1}


def test_a_history_that_is_open_cannot_be_opened_again(tmp_path: Path) -> None:
    store = stored(str(tmp_path), "one", [lone("complete", [row("a", 1, 1)], 0)])
    with History.open(store, "c1"), pytest.raises(Busy), History.open(store, "c1"):
        pass


@pytest.mark.parametrize("let_go", [history.compact, history.prune])
def test_a_dry_run_says_what_would_go_and_writes_nothing(
    tmp_path: Path, let_go: Callable[..., history.Deleted]
) -> None:
    answers = [lone("complete", [row("a", 1, 1)], minute) for minute in (0, 1, 2)]
    store = stored(str(tmp_path), "one", answers)
    before = answers[2].taken_at
    (store.history_folder("c1") / "left.tmp").touch()  # what a writer would sweep

    def files() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    with History.open(store, "c1"):  # by a writer who has not ended yet
        there = files()
        rehearsed = let_go(store, "c1", before, dry_run=True)
        assert files() == there
    assert rehearsed.snapshots > 0
    assert let_go(store, "c1", before) == rehearsed


def test_what_duckdb_refuses_is_a_sentence_with_the_cluster_and_the_file(tmp_path: Path) -> None:
    store = stored(str(tmp_path), "one", [lone("complete", [row("a", 1, 1)], 0)])
    (path,) = store.history_folder("c1").glob("attempts-*.parquet")
    path.write_bytes(b"PAR1" * 100)
    with pytest.raises(StoreError, match=f"c1: its history cannot be read .*{path.name}"):
        history.rows(store, "c1", lone("complete", [], 0).taken_at)


def test_the_previous_manifest_and_its_files_stay_beside_the_present_one(tmp_path: Path) -> None:
    store = stored(
        str(tmp_path), "one", [lone("complete", [row("a", 1, minute)], minute) for minute in (0, 5)]
    )
    before = (store.history_folder("c1") / manifests.NAME).read_bytes()
    history.record(store, lone("complete", [], 10))
    path = store.history_folder("c1") / manifests.PREVIOUS
    assert path.read_bytes() == before
    names = manifests.decode(before, path, "c1").names
    assert all((store.history_folder("c1") / name).is_file() for name in names)


def test_every_inventory_has_its_two_columns_of_an_attempt() -> None:
    fields = set(Attempt.__struct_fields__)
    assert {f"{name}_{what}" for name in INVENTORIES for what in ("status", "reason")} <= fields


def test_a_snapshot_that_comes_in_order_reads_no_attempts_and_a_doubtful_one_only_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = stored(
        str(tmp_path), "many", [lone("complete", [row("a", 1, 1)], 5 * k) for k in range(10)]
    )
    read: list[str] = []
    read_since = attempts.read_since

    def reading(path: Path, since: datetime) -> list[Attempt]:
        read.append(path.name)
        return read_since(path, since)

    monkeypatch.setattr(attempts, "read_since", reading)
    monkeypatch.setattr(History, "attempts", None)  # of all columns of all files
    history.record(store, lone("complete", [row("a", 1, 1)], 50))
    assert read == []
    with History.read(store, "c1") as reading_only:
        files = [part.file for part in reading_only.manifest.attempts]
    history.record(store, lone("complete", [], 55))
    assert len(files) > 1
    assert read == files[-1:]
    read.clear()
    history.record(store, lone("complete", [row("a", 1, 1)], 1))
    assert len(read) > 1


def with_node(name: str, minute: int) -> Snapshot:
    rows = pl.DataFrame([{"uuid": "u", "name": name}], schema=INVENTORIES["nodes"].schema)
    listing = {"nodes": Listing("complete", None, rows)}
    return replace(lone("complete", [row("a", 1, 1)], minute), inventories=listing)


def test_the_file_of_a_listing_is_copied_only_from_a_whole_one_that_said_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = stored(str(tmp_path), "again", [with_node("n1", 0)])
    files = [
        store.snapshot("c1", START + timedelta(minutes=minute), "nodes") for minute in (0, 5, 10)
    ]
    written: list[str] = []
    parquet = snapshot.parquet

    def writing(rows: pl.DataFrame, *how: Any, **more: Any) -> bytes:
        written.extend(rows["name"] if "ha_partner" in rows.columns else [])
        return parquet(rows, *how, **more)

    monkeypatch.setattr(snapshot, "parquet", writing)
    history.record(store, with_node("n1", 5))
    assert written == []
    files[1].write_bytes(files[0].read_bytes()[::-1])
    history.record(store, with_node("n1", 10))
    assert written == ["n1"]
    assert files[2].read_bytes() == files[0].read_bytes()
    history.record(store, with_node("n2", 15))
    assert written == ["n1", "n2"]
