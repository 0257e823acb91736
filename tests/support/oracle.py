"""What truly happened in a scripted world: read off the world itself, never off a report.

A *path* is (initiator, its address, the interface's address); a *session* is its TCP connection.
"""

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from support.looks import seen
from support.scene import DAY, STEP, moment

from analyzer.simulate import Replay, World, base_world, script
from analyzer.simulate.operation import apply

Path = tuple[str, str, str]
FIRST, LAST = moment("02:05"), moment("03:20")


@dataclass(frozen=True)
class Night:
    """An incident as a script, and what the looks at it could not see."""

    text: str
    looks: Mapping[str, str]


@dataclass
class Look:
    """One comparable look: which SVMs it lists, and what is true of them."""

    at: datetime
    scope: frozenset[str]
    paths: dict[str, Counter[Path]] = field(default_factory=dict)
    sessions: dict[str, dict[Any, Path]] = field(default_factory=dict)
    missed: dict[str, dict[Any, Path]] = field(default_factory=dict)
    empty: bool = True  # an answer without any session is believed when another one confirms it


@dataclass(frozen=True, order=True)
class Loss:
    """So many sessions of a path were there at one look and not at the next."""

    path: Path
    after: datetime
    by: datetime
    sessions: int
    left: int


def incident(random: Random) -> Night:
    """Something happens every few minutes; one look in five sees it badly."""
    world = base_world()
    lines: list[str] = []
    instant = FIRST + timedelta(minutes=1)
    while instant < LAST:
        for step in _something(random, world):
            name, *arguments = step.split()
            apply(world, name, *arguments)
            lines.append(f"{instant:%H:%M} {step}")
        instant += timedelta(minutes=random.randint(1, 6))
    looks = {}
    instant = FIRST + STEP
    while instant < LAST:
        if random.random() < 0.2:
            some = " ".join(
                f"{session.host} {session.interface}" for session in random.sample(world.held(), 3)
            ) if world.held() else ""  # fmt: skip
            looks[f"{instant:%H:%M}"] = random.choice(
                ["failed HTTP 503", "partial 20", "only S1", "only S2", "skipped",
                 *[f"misses {some}" if some else "skipped"] * 3]
            )  # fmt: skip
        instant += STEP
    return Night("\n".join(lines), looks)


def _something(random: Random, world: World) -> Iterator[str]:
    running = [key for key, host in world.hosts.items() if host.on]
    stopped = [key for key, host in world.hosts.items() if not host.on]
    away = [key for key, node in world.nodes.items() if node.state != "up"]
    held = world.held()
    session = random.choice(held) if held else None
    lif = random.choice(list(world.interfaces))
    choices: list[tuple[str, ...]] = [
        ("recover",), ("recover",), (f"drop_lif {lif}",), (f"raise_lif {lif}", "recover"),
        (f"rename_interface {lif} other_{lif}",), (f"recreate_interface {lif}",),
        ("fabric_off b",), ("fabric_on b", "recover"), ("service_off S2",),
        ("service_on S2", "recover"), (f"giveback {away[0]}", "recover") if away else
        (f"takeover {random.choice(list(world.nodes))}",),
        *[(f"boot {key}",) for key in stopped[:1]],
    ]  # fmt: skip
    if session is not None:
        choices += [
            (f"drop {session.host} {session.interface}",), (f"relogin {session.host} {session.interface}",),
            (f"drop {session.host} {session.interface}", f"recover {session.host} {session.interface}"),
            (f"logout {session.host} {session.interface}",), (f"login {session.host} {session.interface}",),
            (f"shutdown {random.choice(running)}",), (f"reboot {random.choice(running)}",),
            (f"set {session.host} alias renamed",),
        ]  # fmt: skip
    yield from random.choice(choices)


def watched(night: Night) -> list[Look]:
    """The comparable looks of a night, and the truth at each."""
    replay = Replay(base_world(), script(DAY, night.text))
    looks, instant = [], FIRST
    while instant <= LAST:
        world = replay.advance(instant)
        word, *rest = night.looks.get(f"{instant:%H:%M}", "").split() or [""]
        if word in {"", "only", "misses"}:
            keys = rest if word == "only" else list(world.svms)
            look = Look(instant, frozenset(world.svms[key].uuid for key in keys))
            for svm in look.scope:
                look.sessions[svm] = _sessions(world.sessions(), svm)
                shown = _sessions(seen(world, word, rest), svm)
                look.empty = look.empty and not shown
                look.paths[svm] = Counter(look.sessions[svm].values())
                look.missed[svm] = {
                    key: path for key, path in look.sessions[svm].items() if key not in shown
                }
            looks.append(look)
        instant += STEP
    return looks


def _sessions(records: list[dict[str, Any]], svm: str) -> dict[Any, Path]:
    counts = {}
    for record in records:
        if record["svm"]["uuid"] == svm:
            (wire,) = record["connections"]
            path = (
                record["initiator"]["name"].lower(),
                wire["initiator_address"]["address"],
                wire["interface"]["ip"]["address"],
            )
            counts[record["isid"], record["tsih"], wire["initiator_address"]["port"], path] = path
    return counts


def blurred(looks: list[Look]) -> set[Path]:
    """Paths that a look missed a session of, without that very session being there on both sides.

    Nobody could know better than the answers; what is said of the others must be right.
    """
    paths: set[Path] = set()
    for svm in {svm for look in looks for svm in look.scope}:
        series = [look for look in looks if svm in look.scope]
        for k, look in enumerate(series):
            if look.empty:
                paths |= {path for other in series for path in other.paths[svm]}
            for missing, path in look.missed[svm].items():
                sides = series[max(k - 1, 0) : k] + series[k + 1 : k + 2]
                if len(sides) < 2 or any(
                    missing not in side.sessions[svm] or missing in side.missed[svm]
                    for side in sides
                ):
                    paths.add(path)
    return paths


def losses(looks: list[Look]) -> list[Loss]:
    """Every fall of the number of sessions on a path between two comparable looks."""
    lost = []
    for svm in sorted({svm for look in looks for svm in look.scope}):
        series = [look for look in looks if svm in look.scope]
        for earlier, later in itertools.pairwise(series):
            for path, before in earlier.paths[svm].items():
                left = later.paths[svm][path]
                if left < before:
                    lost.append(Loss(path, earlier.at, later.at, before - left, left))
    return sorted(lost)


def recovery(looks: list[Look], loss: Loss) -> tuple[datetime, datetime] | None:
    """Between which looks a loss ended: with the first session, or all if some were left."""
    wanted = 1 if loss.left == 0 else loss.left + loss.sessions
    (svm,) = {svm for look in looks for svm in look.scope if loss.path in look.paths[svm]}
    series = [look for look in looks if svm in look.scope and look.at >= loss.by]
    for before, look in itertools.pairwise(series):
        if look.paths[svm][loss.path] >= wanted:
            return before.at, look.at
    return None
