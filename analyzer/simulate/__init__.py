"""A simulated array: a world, what happens to it, and a server that answers for it."""

from analyzer.simulate.array import SimulatedArray, serve_forever
from analyzer.simulate.fault import Fault, ReceivedRequest
from analyzer.simulate.operation import OPERATIONS, apply
from analyzer.simulate.script import Drift, Replay, Step, replay, script
from analyzer.simulate.world import World
from analyzer.simulate.worlds import base_world, fleet

__all__ = [
    "OPERATIONS",
    "Drift",
    "Fault",
    "ReceivedRequest",
    "Replay",
    "SimulatedArray",
    "Step",
    "World",
    "apply",
    "base_world",
    "fleet",
    "replay",
    "script",
    "serve_forever",
]
