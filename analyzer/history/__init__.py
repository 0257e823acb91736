"""The history: attempts and spells per cluster, folded from snapshots, losslessly.

A reader needs little of it: each name is imported on first access (PEP 562).
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analyzer.history.excerpt import excerpt
    from analyzer.history.history import History, catch_up, record
    from analyzer.history.parts import side_by_side
    from analyzer.history.rebuild import Rebuilt, rebuild
    from analyzer.history.restore import rows
    from analyzer.history.retention import Deleted, compact, cutoff, prune, tidy
    from analyzer.history.strays import Stray, strays
    from analyzer.history.verify import Verified, verify

__all__ = [
    "Deleted",
    "History",
    "Rebuilt",
    "Stray",
    "Verified",
    "catch_up",
    "compact",
    "cutoff",
    "excerpt",
    "prune",
    "rebuild",
    "record",
    "rows",
    "side_by_side",
    "strays",
    "tidy",
    "verify",
]

_HOMES = {
    "Deleted": "retention",
    "History": "history",
    "Rebuilt": "rebuild",
    "Stray": "strays",
    "Verified": "verify",
    "catch_up": "history",
    "compact": "retention",
    "cutoff": "retention",
    "excerpt": "excerpt",
    "prune": "retention",
    "rebuild": "rebuild",
    "record": "history",
    "rows": "restore",
    "side_by_side": "parts",
    "strays": "strays",
    "tidy": "retention",
    "verify": "verify",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


class _Package(ModuleType):
    """A package in which a function is not hidden by the module of its name, once that is loaded."""

    def __setattr__(self, name: str, value: object) -> None:
        if name not in _HOMES or not isinstance(value, ModuleType):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
