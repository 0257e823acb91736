"""The catalog that was asked last stays open: the next question stands on the models it made."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from weakref import ref

import pytest
from msgspec.structs import replace

from analyzer import demo
from analyzer.config import policy
from analyzer.engine.duckdb import DuckDB
from analyzer.engine.engine import Engine
from analyzer.errors import StoreError
from analyzer.history import manifest as manifests
from analyzer.history.checksum import digest
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


_STATE = ("_model_tables", "_answers", "_named", "_bound_names")
_LEFT = 4
_OPENED, _CLOSE = Catalog._opened, Catalog.close


class LeftOpen:
    """An engine stays for the next catalog of an equal history, policy and clock.

    For tests that run many commands on one store, or on equal ones: each would make the same models
    again. Only engines that have read their store whole and need no file of it.
    """

    def __init__(self) -> None:
        self._left: dict[str, tuple[Callable[[], Catalog | None], dict[str, Any]]] = {}
        """By what is equal: who uses the engine, if anybody still does; the engine and its models."""

    def opened(self, catalog: Catalog) -> Engine:
        self._leave(catalog, forget=True)  # it opens its store anew, and has closed its engine
        key = _equality(catalog)
        user, state = self._left.pop(key, (None, {}))
        if user is not None and user() is None:
            vars(catalog).update(state)
            engine: Engine = state["_engine"]
        else:
            engine = _OPENED(catalog)
        if key and _needs_no_file(engine) and key == _equality(catalog):  # no writer came between
            models = {name: vars(catalog)[name] for name in _STATE}
            self._left[key] = ref(catalog), models | {"_engine": engine}
            if len(self._left) > _LEFT:
                self._left.pop(next(iter(list(self._left))), None)
        return engine

    def close(self, catalog: Catalog) -> None:
        self._leave(catalog)
        left = list(self._left.values())  # of a moment: other threads may open catalogs too
        if catalog._engine not in [state["_engine"] for _, state in left]:
            _CLOSE(catalog)

    def _leave(self, catalog: Catalog, *, forget: bool = False) -> None:
        for key, (user, state) in list(self._left.items()):
            if user() is catalog:
                self._left.pop(key, None)
                if not forget:
                    self._left[key] = _nobody, state


def _nobody() -> None:
    return None


@contextmanager
def left_open() -> Iterator[None]:
    """Within it engines are left open."""
    engines = LeftOpen()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Catalog, "_opened", lambda catalog: engines.opened(catalog))  # noqa: PLW0108  # a method of the catalog
        patch.setattr(Catalog, "close", lambda catalog: engines.close(catalog))  # noqa: PLW0108  # and so is this
        yield


def _equality(catalog: Catalog) -> str:
    """What two catalogs have in common whose answers are the same; '' if they may differ."""
    if catalog._folders or catalog._open is not DuckDB:
        return ""
    histories = []
    try:
        for cluster in catalog.store.clusters():
            folder = catalog.store.history_folder(cluster)
            manifest = manifests.read(catalog.store, cluster) or manifests.Manifest()
            files = [digest((folder / name).read_bytes()) for name, *_ in manifest.files()]
            histories.append((replace(manifest, retired={}), files))
    except (OSError, StoreError):
        return ""
    return repr((catalog.clusters, catalog.now, catalog._tables, histories))


def _needs_no_file(engine: Engine) -> bool:
    if not isinstance(engine, DuckDB):
        return False
    paths = engine._connection.execute("select current_setting('allowed_paths')").fetchone()
    return paths == ([],)
