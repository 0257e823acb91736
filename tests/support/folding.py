"""Snapshots that are stored first and folded together: what writers that were killed leave.

``tests/history`` proves that it makes no difference; the tests that only need a history save time.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from analyzer import history
from analyzer.history import History
from analyzer.store.layout import Store


@contextmanager
def folded_together(store: Store, cluster: str) -> Iterator[None]:
    """Within it nothing is folded; at its end everything that was stored is, at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(History, "_fold_pending", lambda _history, _instants: [])
        patch.setattr(History, "catch_up", lambda _history: 0)
        yield
    history.catch_up(store, cluster)
