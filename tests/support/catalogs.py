"""The catalog that was asked last stays open: the next question stands on the models it made."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from analyzer import demo
from analyzer.config import policy
from analyzer.report.catalog import Catalog
from analyzer.store.layout import Store

_open: dict[Any, Catalog] = {}  # one at most


def opened(
    store: Store, now: datetime, policy_text: str = "", folders: Sequence[Path] = ()
) -> Catalog:
    """A catalog of the store as it is, whose clock stands at *now*; nobody need close it."""
    stamps = tuple((name, store.manifest_stamp(name)) for name in store.clusters())
    key = (store.root, stamps, now, policy_text, tuple(folders))
    if key not in _open:
        while _open:
            _open.popitem()[1].close()
        with demo.at(now), TemporaryDirectory() as folder:
            path = Path(folder) / "policy.toml"
            path.write_text(policy_text)
            _open[key] = Catalog(store, folders=folders, tables=policy.tables(path))
    return _open[key]
