"""The history: attempts and spells per cluster, folded from snapshots, losslessly."""

from analyzer.history.entry import catch_up, last, record
from analyzer.history.excerpt import excerpt
from analyzer.history.parts import side_by_side
from analyzer.history.rebuild import rebuild
from analyzer.history.retention import Deleted, compact, prune, tidy
from analyzer.history.verify import Verified, contents, rows, verify

__all__ = [
    "Deleted",
    "Verified",
    "catch_up",
    "compact",
    "contents",
    "excerpt",
    "last",
    "prune",
    "rebuild",
    "record",
    "rows",
    "side_by_side",
    "tidy",
    "verify",
]
