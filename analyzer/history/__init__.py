"""The history: attempts and spells per cluster, folded from snapshots, losslessly."""

from analyzer.history.care import (
    Deleted,
    Verified,
    compact,
    contents,
    prune,
    rebuild,
    rows,
    tidy,
    verify,
)
from analyzer.history.entry import catch_up, last, record
from analyzer.history.excerpt import excerpt
from analyzer.history.part import side_by_side

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
