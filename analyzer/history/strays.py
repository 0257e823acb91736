"""Files in a store that do not belong to it: copies, drafts, desktop droppings."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from analyzer.history.manifest import NAME, PART, PREVIOUS
from analyzer.inventories import INVENTORIES
from analyzer.store.layout import NAMES, Store, instant
from analyzer.store.publish import DRAFT

_DATA = re.compile(
    r"(history|snapshots)\b|cluster=|date=|.*\.parquet|.*manifest.*\.json|.*\d{8}T\d{6}Z", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Stray:
    """A file or folder that does not count; *data* is what somebody might think does."""

    path: Path
    data: bool

    @property
    def sentence(self) -> str:
        """A sentence for people."""
        verdict = "looks like data and counts nowhere" if self.data else "does not belong there"
        return f"{self.path} {verdict}: move it out of the store"


def strays(store: Store) -> Iterator[Stray]:
    """Everything in the store that no command writes, by path."""
    clusters = set(store.clusters())
    yield from (_stray(path) for path in _entries(store.root) if path.name not in NAMES)
    if store.database.is_dir():  # no writer gets past it
        yield Stray(store.database, data=True)
    registered = {store.register_file(cluster) for cluster in clusters}
    yield from (_stray(path) for path in _entries(store.register) if path not in registered)
    for top in (store.snapshots, store.history):
        for path in _entries(top):
            cluster = path.name.removeprefix("cluster=")
            if not path.name.startswith("cluster=") or cluster not in clusters:
                if path != store.history / "seed" or not path.is_dir():
                    yield _stray(path)
            elif top == store.history:
                yield from _in_history(path)
            else:
                yield from _in_snapshots(store, cluster, path)


def _in_history(folder: Path) -> Iterator[Stray]:
    for path in _entries(folder):
        if path.name == "pending":
            yield from (
                _stray(entry)
                for entry in _entries(path)
                if instant(entry.name) is None or entry.is_dir()
            )
        elif path.is_dir() or not (path.name in {NAME, PREVIOUS} or PART.fullmatch(path.name)):
            yield _stray(path)


def _in_snapshots(store: Store, cluster: str, folder: Path) -> Iterator[Stray]:
    for day in _entries(folder):
        named = re.fullmatch(r"date=\d{4}-\d\d-\d\d", day.name, re.ASCII)
        if not named or not day.is_dir():
            yield _stray(day)
            continue
        for path in _entries(day):
            stamp, _, kind = path.name.removesuffix(".parquet").partition(".")
            taken_at = instant(stamp)
            inventory = kind if kind in INVENTORIES else None
            if taken_at is None or path != store.snapshot(cluster, taken_at, inventory):
                yield _stray(path)


def _entries(folder: Path) -> Iterator[Path]:
    """The names in a folder, sorted, but for the drafts of writers; nothing if it cannot be read."""
    try:
        paths = sorted(folder.iterdir())
    except OSError:
        return
    yield from (path for path in paths if not DRAFT.fullmatch(path.name))


def _stray(path: Path) -> Stray:
    return Stray(path, data=not path.name.startswith(".") and bool(_DATA.match(path.name)))
