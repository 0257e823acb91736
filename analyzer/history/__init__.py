"""The history: attempts and spells per cluster, folded from snapshots, losslessly."""

from analyzer.history.record import catch_up, find, record

__all__ = ["catch_up", "find", "record"]
