"""Snapshots that are stored first and folded together: what writers that were killed leave.

``tests/history`` proves that it makes no difference; the tests that only need a history save time.
So does a saved answer that is parsed once as long as it stays the same.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from analyzer import history
from analyzer.collect import files
from analyzer.history import History
from analyzer.store import snapshot as snapshots
from analyzer.store.layout import Store
from analyzer.store.snapshot import Listing, Snapshot


@contextmanager
def folded_together(store: Store, cluster: str) -> Iterator[None]:
    """Within it one writer records; nothing is folded before its end, and then all at once."""
    with History.open(store, cluster) as writer:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(history, "record", lambda _store, snapshot: writer.record(snapshot))
            patch.setattr(History, "_fold_pending", lambda _history, _instants: [])
            patch.setattr(History, "catch_up", lambda _history: 0)
            yield
        writer.catch_up()


def record_together(store: Store, taken: Sequence[Snapshot]) -> None:
    """Record snapshots of one cluster, and fold them together."""
    with folded_together(store, taken[0].cluster):
        for snapshot in taken:
            history.record(store, snapshot)


@contextmanager
def parsed_once() -> Iterator[None]:
    """Within it no saved answer is parsed that is, byte for byte, one of before.

    Nor are the rows of an inventory written as Parquet twice.
    """
    listings: dict[Any, Listing] = {}
    contents: dict[int, tuple[pl.DataFrame, bytes]] = {}
    parse, sessions, write = files._inventory, files._sessions, snapshots.parquet

    def inventory(name: str, path: Path) -> Listing:
        answer = name, path.read_bytes()
        if answer not in listings:
            listings[answer] = parse(name, path)
        return listings[answer]

    def listing(pages: Sequence[Path]) -> Listing:
        answer = tuple(page.read_bytes() for page in pages)
        if answer not in listings:
            listings[answer] = sessions(pages)
        return listings[answer]

    def parquet(rows: pl.DataFrame, metadata: dict[str, str] | None = None) -> bytes:
        if metadata is not None:
            return write(rows, metadata)
        if id(rows) not in contents:
            contents[id(rows)] = rows, write(rows)
        return contents[id(rows)][1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "_inventory", inventory)
        patch.setattr(files, "_sessions", listing)
        patch.setattr(snapshots, "parquet", parquet)
        yield
