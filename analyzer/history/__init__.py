"""The history: attempts and spells per cluster, folded from snapshots, losslessly."""

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
