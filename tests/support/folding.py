"""Snapshots that are stored first and folded together: what writers that were killed leave.

``tests/history`` proves that it makes no difference; the tests that only need a history save time.
So does an inventory that is parsed once as long as its saved answer stays the same.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from analyzer import history
from analyzer.collect import files
from analyzer.history import History
from analyzer.store.layout import Store
from analyzer.store.snapshot import Listing, Snapshot


@contextmanager
def folded_together(store: Store, cluster: str) -> Iterator[None]:
    """Within it nothing is folded; at its end everything that was stored is, at once."""
    with _unfolded():
        yield
    history.catch_up(store, cluster)


def record_together(store: Store, snapshots: Sequence[Snapshot]) -> None:
    """Record snapshots of one cluster by one writer, who folds them together."""
    with History.open(store, snapshots[0].cluster) as writer:
        with _unfolded():
            for snapshot in snapshots:
                writer.record(snapshot)
        writer.catch_up()


@contextmanager
def _unfolded() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(History, "_fold_pending", lambda _history, _instants: [])
        patch.setattr(History, "catch_up", lambda _history: 0)
        yield


@contextmanager
def parsed_once() -> Iterator[None]:
    """Within it an inventory whose saved answer is, byte for byte, one of before is not parsed."""
    listings: dict[tuple[str, bytes], Listing] = {}
    parse = files._inventory

    def listing(name: str, path: Path) -> Listing:
        answer = name, path.read_bytes()
        if answer not in listings:
            listings[answer] = parse(name, path)
        return listings[answer]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "_inventory", listing)
        yield
