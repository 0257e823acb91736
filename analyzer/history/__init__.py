"""The history: attempts and spells per cluster, folded from snapshots, losslessly."""

from analyzer.history.record import catch_up, record

__all__ = ["catch_up", "record"]
