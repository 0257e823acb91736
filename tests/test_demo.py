"""The demonstration replaces what an earlier one left, and nothing else."""

from dataclasses import replace
from pathlib import Path

import pytest
from support.snapshot_rows import lone, row

from analyzer import demo, history
from analyzer.errors import StoreError
from analyzer.store.layout import Store

SNAPSHOT = lone("complete", [row("a", 1, 1)], 0)


def test_its_own_store_is_cleared_and_other_files_stay(
    tmp_path: Path, views_are_made: None
) -> None:
    store = Store(tmp_path / "store", demo.HOST)
    assert demo.clear(store)
    history.record(store, replace(SNAPSHOT, collector=demo.HOST))
    assert store.database.is_file()
    (store.root / "notes.txt").touch()
    assert demo.clear(store)
    assert [path.name for path in store.root.iterdir()] == ["notes.txt"]


def test_a_store_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    store = Store(tmp_path / "store", demo.HOST)
    history.record(store, replace(SNAPSHOT, collector=demo.HOST))
    history.record(store, replace(lone("complete", [row("a", 1, 2)], 5), collector="prod"))
    assert not demo.clear(store)
    assert history.verify(store, "c1").snapshots == 2


def test_a_store_that_cannot_be_read_is_left_alone(tmp_path: Path) -> None:
    store = Store(tmp_path / "store", demo.HOST)
    history.record(store, replace(SNAPSHOT, collector=demo.HOST))
    manifest = store.history_folder("c1") / "manifest.json"
    manifest.write_text("{")
    assert not demo.clear(store)
    assert manifest.read_text() == "{"


def test_a_store_that_cannot_be_written_ends_the_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not with its end, by a report that nothing was collected."""

    def full(*_: object) -> None:
        raise StoreError("cannot write store: No space left on device")

    monkeypatch.setattr(history.History, "record", full)
    with pytest.raises(StoreError, match="No space left"):
        demo.record(Store(tmp_path / "store", demo.HOST))
