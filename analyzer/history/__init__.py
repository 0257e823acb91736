"""The history: attempts and spells per cluster, folded from snapshots, losslessly."""

from analyzer.history.care import Deleted, Verified, compact, prune, rebuild, rows, tidy, verify
from analyzer.history.entry import catch_up, find, record

__all__ = [
    "Deleted",
    "Verified",
    "catch_up",
    "compact",
    "find",
    "prune",
    "rebuild",
    "record",
    "rows",
    "tidy",
    "verify",
]
