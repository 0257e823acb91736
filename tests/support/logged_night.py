"""Nights of which the array's own log tells: what truly hit each path, read off the world itself.

One operation a minute at most, so that its instant is its name.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from support.scene import DAY, moment

from analyzer.simulate import Replay, World, base_world, script
from analyzer.simulate.operation import apply

Path = tuple[str, str, str]  # initiator, its address, the interface's name
LOGGED = {
    "takeover": {"cf.transition.info"},
    "giveback": {"cf.transition.info"},
    "failover": {"vifmgr.lifmoved.byadmin"},
    "fabric_off": {"vifmgr.portdown", "vifmgr.lifdown.noports"},
    "service_off": {"iscsi.notice"},
    "svm_off": {"vserver.stop.succeeded"},
    "refuse": {"iscsi.loginIpNotAuthorized"},
}
"""What an operation writes of what it does to a path; other operations write nothing."""


@dataclass
class Hit:
    """One operation: the interfaces that it concerns, the hosts, and the paths that it took."""

    at: datetime
    name: str
    interfaces: set[str]
    initiators: set[str]
    taken: set[Path]


@dataclass
class LoggedNight:
    """A script, and what each of its operations did."""

    text: str
    start: Callable[[], World]
    hits: list[Hit] = field(default_factory=list)
    ended: dict[Path, datetime] = field(default_factory=dict)  # when each path was last there

    def blame(self, path: Path, after: datetime, by: datetime) -> Hit | None:
        """The last operation of the interval that took the path."""
        return next(
            (hit for hit in reversed(self.hits) if after < hit.at <= by and path in hit.taken), None
        )

    def concerns(self, path: Path, at: datetime, message: str) -> bool:
        """Whether what was logged at that instant is about the path."""
        (hit,) = (hit for hit in self.hits if hit.at == at)
        if hit.name == "refuse":
            return path[0] in hit.initiators
        logged = message in LOGGED.get(hit.name, set()) or message.startswith("vifmgr.lif")
        return logged and path[2] in hit.interfaces


def moving_world() -> World:
    return base_world(moves=True)


def logged_night(random: Random, last: str, pause: tuple[int, int]) -> LoggedNight:
    """Something happens every few minutes until *last*; much of it the array logs."""
    start = moving_world if random.random() < 0.3 else base_world
    world = start()
    lines: list[str] = []
    instant = moment("02:11")
    while instant < moment(last):
        for step in _something(random, world):
            name, *arguments = step.split()
            if name == "wait":
                instant += timedelta(minutes=int(arguments[0]))
                continue
            apply(world, name, *arguments)
            lines.append(f"{instant:%H:%M} {step}")
            instant += timedelta(minutes=1)
        instant += timedelta(minutes=random.randint(*pause))
    night = LoggedNight("\n".join(lines), start)
    night.hits = list(_hits(night))
    for hit, following in itertools.pairwise(night.hits):
        if hit.name == "failover" and following.name == "drop":  # who does not come back
            hit.taken, following.taken = hit.taken | following.taken, set()
        if following.name == "refuse":  # who tries again in vain
            hit.taken, following.taken = set(), hit.taken
    return night


def _something(random: Random, world: World) -> Iterator[str]:
    away = [key for key, node in world.nodes.items() if node.state != "up"]
    lif, host = random.choice(list(world.interfaces)), random.choice(list(world.hosts))
    near = next((session.host for session in world.held() if session.interface == lif), None)
    other = random.choice([key for key in world.nodes if key != world.interfaces[lif].node])
    node = away[0] if away else random.choice(list(world.nodes))
    wait = f"wait {random.randint(0, 9)}"
    choices: list[tuple[str, ...]] = [
        ("takeover " + node, wait, "giveback " + node, "recover") if not away else
        ("giveback " + node, "recover"),
        (f"failover {lif} {other}", f"drop {near} {lif}") if near else ("recover",),
        ("fabric_off b", wait, "fabric_on b", "recover"),
        ("service_off S2", wait, "service_on S2", "recover"),
        ("svm_off S2", wait, "svm_on S2", "recover"),
        (f"drop {host}", f"refuse {host} *", wait, "recover"),
        (f"logout {host}",), (f"reboot {host}",),
    ]  # fmt: skip
    steps = random.choice(choices)
    yield from steps[: random.choice([2, len(steps), len(steps)])]  # some are left as they are


def _hits(night: LoggedNight) -> Iterator[Hit]:
    world = night.start()
    for step in script(DAY, night.text):
        before, interfaces, initiators = _paths(world), set[str](), set[str]()
        target = step.arguments[0] if step.arguments else ""
        for key, lif in world.interfaces.items():
            concerned = {
                "takeover": (lif.node or lif.home_node) == target,
                "giveback": lif.home_node == target,
                "failover": key == target,
                "fabric_off": lif.fabric == target,
                "service_off": lif.svm == target,
                "svm_off": lif.svm == target,
            }.get(step.operation, False)
            interfaces |= {lif.name} if concerned else set()
        if step.operation == "refuse":
            initiators = {world.hosts[target].initiator.lower()}
        Replay(world, [step]).advance(step.at)
        gone = before - _paths(world)
        night.ended |= dict.fromkeys(gone, step.at)
        yield Hit(step.at, step.operation, interfaces, initiators, gone)


def _paths(world: World) -> set[Path]:
    return {
        (
            world.hosts[session.host].initiator.lower(),
            session.connections[0].address,
            world.interfaces[session.interface].name,
        )
        for session in world.held()
    }
