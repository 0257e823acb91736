"""A simulated array: a world, what happens to it, and a server that answers for it."""

from analyzer.simulate.base import base_world, fleet
from analyzer.simulate.operation import OPERATIONS, apply
from analyzer.simulate.script import Drift, Replay, Step, replay, script
from analyzer.simulate.world import World

__all__ = [
    "OPERATIONS",
    "Drift",
    "Replay",
    "Step",
    "World",
    "apply",
    "base_world",
    "fleet",
    "replay",
    "script",
]
