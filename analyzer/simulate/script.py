"""An incident as a short list, replayed to any instant; and a world that never rests.

::

    02:12 takeover n2
    02:41 giveback n2
    02:43 recover * L3
    2026-11-21T07:00 reboot lnx3      # any instant will do
    +1d 02:12 drop lnx1 L2            # a day later
"""

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

from analyzer import clock
from analyzer.errors import UsageError
from analyzer.simulate.operation import apply
from analyzer.simulate.world import World

_TIME = re.compile(r"(?:\+(\d+)d\s+)?(\d\d:\d\d(?::\d\d)?)\s+(.*)")


@dataclass(frozen=True, slots=True, order=True)
class Step:
    """One operation at one instant (UTC)."""

    at: datetime
    operation: str
    arguments: tuple[str, ...] = ()


def script(day: date, lines: str) -> list[Step]:
    """Read a script; times without a date are of *day*.

    Raises:
        UsageError: a line is no step.
    """
    steps = []
    for line in lines.splitlines():
        text = line.split("#")[0].strip()
        if not text:
            continue
        short = _TIME.fullmatch(text)
        try:
            if short:
                later, clocked, rest = short.groups()
                at = datetime.combine(
                    day + timedelta(days=int(later or 0)), time.fromisoformat(clocked)
                )
            else:
                instant, rest = text.split(maxsplit=1)
                at = clock.parse(instant)
            name, *arguments = shlex.split(rest)
        except ValueError as error:
            raise UsageError(f"'{text}' is no step; write 02:12 drop lnx1 L2") from error
        steps.append(Step(at, name, tuple(arguments)))
    return sorted(steps, key=lambda step: step.at)


class Replay:
    """A world that is moved forward, step by step, in place."""

    def __init__(self, world: World, steps: Iterable[Step]) -> None:
        self.world = world
        self._ahead = sorted(steps, key=lambda step: step.at)

    def advance(self, until: datetime) -> World:
        """Do every step up to and including that instant; never goes back."""
        while self._ahead and self._ahead[0].at <= until:
            step = self._ahead.pop(0)
            self.world.time = step.at
            apply(self.world, step.operation, *step.arguments)
        return self.world


def replay(world: World, steps: Iterable[Step], until: datetime = datetime.max) -> World:
    """A copy of the world as it is at an instant; the world itself stays as it was."""
    return Replay(world.copy(), steps).advance(until)


class Drift:
    """Small things that keep happening: reconnects, lost paths and their return, reboots."""

    def __init__(self, world: World, seed: int = 1, rate: float = 0.3) -> None:
        """*rate* is how likely something happens in a tick."""
        self.world = world
        self._random = Random(seed)
        self._rate = rate

    def tick(self) -> str | None:
        """Let one moment pass; what happened, or None."""
        if self._random.random() >= self._rate:
            return None
        hosts = [key for key, host in self.world.hosts.items() if host.on]
        away = [key for key, node in self.world.nodes.items() if node.state != "up"]
        if not hosts:
            return None
        host = self._random.choice(hosts)
        target = self._random.choice(self.world.hosts[host].interfaces)
        node = self._random.choice([*self.world.nodes])
        choices = {
            f"relogin {host} {target}": 4,
            f"drop {host} {target}": 3,
            "recover": 4,
            f"reboot {host}": 1,
            f"giveback {away[0]}" if away else f"takeover {node}": 3 if away else 0.2,
        }
        (step,) = self._random.choices([*choices], [*choices.values()])
        name, *arguments = step.split()
        apply(self.world, name, *arguments)
        return step
