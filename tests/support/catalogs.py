"""The catalog that was asked last stays open: the next question stands on the models it made."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from analyzer import demo
from analyzer.config import policy
from analyzer.engine.duckdb import DuckDB
from analyzer.engine.engine import Engine
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


_STATE = ("_engine", "_model_tables", "_answers", "_named", "_bound_names")
_WAITING = 4


@contextmanager
def left_open() -> Iterator[None]:
    """Closed engines wait for the next catalog of an equal history, policy and clock.

    For tests that run many commands on one store, or on copies of it: each would make the same
    models again. Only engines that have read their store whole and need no file of it.
    """
    waiting: dict[Any, dict[str, Any]] = {}
    keys: dict[Engine, Any] = {}
    opened, close = Catalog._opened, Catalog.close

    def opened_or_taken(catalog: Catalog) -> Engine:
        key = _equality(catalog)
        if key in waiting:
            vars(catalog).update(state := waiting.pop(key))
            engine: Engine = state["_engine"]
        else:
            engine = opened(catalog)
        if key is not None and _needs_no_file(engine):
            keys[engine] = key
        return engine

    def close_or_leave(catalog: Catalog) -> None:
        key = keys.pop(catalog._engine, None)
        if key is None or key in waiting:
            close(catalog)
            return
        waiting[key] = {name: vars(catalog)[name] for name in _STATE}
        if len(waiting) > _WAITING:
            waiting.pop(next(iter(waiting)))["_engine"].close()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Catalog, "_opened", opened_or_taken)
        patch.setattr(Catalog, "close", close_or_leave)
        yield
    while waiting:
        waiting.popitem()[1]["_engine"].close()


def _equality(catalog: Catalog) -> Any:
    """What two catalogs have in common whose answers are the same; none if they may differ."""
    if catalog._folders or catalog._open is not DuckDB:
        return None
    history = catalog.store.root / "history"
    files = [(str(path.relative_to(history)), sha256(path.read_bytes()).hexdigest())
             for path in sorted(history.rglob("*")) if path.is_file()]  # fmt: skip
    return repr((catalog.clusters, catalog.now, catalog._tables, files))


def _needs_no_file(engine: Engine) -> bool:
    if not isinstance(engine, DuckDB):
        return False
    paths = engine._connection.execute("select current_setting('allowed_paths')").fetchone()
    return paths == ([],)
