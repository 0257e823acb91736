"""A cluster whose state operations change, and what it would answer to a request.

Deterministic: the same seed and the same operations give the same world, to the last TCP port.
There is no clock in it.
"""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from random import Random
from typing import TypeVar

from analyzer.errors import UsageError
from analyzer.ontap.resource import Json
from analyzer.pattern import matches
from analyzer.simulate.event_records import MESSAGES
from analyzer.simulate.inventory import inventory
from analyzer.simulate.model import Connection, Event, Interface, Session, State, Version

Item = TypeVar("Item")


class World(State):
    """A cluster that moves.

    ``revision`` grows with every change, so that answers can be cached. ``time`` is that of the
    events that operations log; whoever moves the world sets it (naive, UTC).
    """

    def __init__(self, name: str = "C1", seed: int = 1, version: Version = (9, 16, 1)) -> None:
        super().__init__(name, seed, version)
        self.random = Random(seed)
        self.revision = 0

    def copy(self) -> "World":
        return deepcopy(self)

    # What is there

    def sessions(self) -> list[Json]:
        """The sessions, in the shape of ONTAP's JSON, without links."""
        return self.inventory("sessions")

    def inventory(self, name: str) -> list[Json]:
        """Records of a resource, in the same shape; see ``inventory``."""
        return inventory(self, name)

    def held(
        self, host: str = "*", interface: str = "*", *, up: bool | None = True
    ) -> list[Session]:
        """Logins by patterns of keys: those that are up, those that are not, or (None) both."""
        return [
            login
            for login in self.logins
            if (up is None or login.up is up)
            and matches(host, login.host)
            and matches(interface, login.interface)
        ]

    def like(self, items: Mapping[str, Item], pattern: str) -> dict[str, Item]:
        """The items whose key fits the pattern.

        Raises:
            UsageError: none does.
        """
        matching = {key: item for key, item in items.items() if matches(pattern, key)}
        if not matching:
            raise UsageError(f"nothing in this world is called '{pattern}'")
        return matching

    # What moves

    def open(self, key: str, interface: str) -> Session:
        """A host logs in once more: next ISID of the host, next TSIH of the portal group."""
        host, target = self.hosts[key], self.interfaces[interface]
        session = Session(
            key,
            interface,
            host.next_isid(self.random),
            target.next_tsih(),
            self._connect(key, target),
        )
        self.logins.append(session)
        self.revision += 1
        return session

    def reopen(self, sessions: Iterable[Session]) -> None:
        """Log in again in place: same ISID, new TSIH, new TCP ports."""
        for session in sessions:
            target = self.interfaces[session.interface]
            session.tsih = target.next_tsih()
            session.connections = self._connect(session.host, target)
            session.up = True
            self.revision += 1

    def close(self, sessions: Iterable[Session]) -> None:
        """The target no longer lists them; their hosts will try again."""
        for session in sessions:
            self._remember(session)
            session.up = False
        self.revision += 1

    def forget(self, sessions: Iterable[Session]) -> None:
        """Logged out: nobody will try again."""
        sessions = list(sessions)
        for session in sessions:
            self._remember(session)
        gone = {id(session) for session in sessions}
        self.logins = [login for login in self.logins if id(login) not in gone]
        self.revision += 1

    def log(self, node: str, message: str, text: str, /, **parameters: str) -> None:
        """Write an event of a node."""
        index = 1 + sum(event.node == node for event in self.events)
        severity = MESSAGES[message]
        self.events.append(Event(self.time, node, index, message, severity, text, parameters))

    def can_log_in(self, session: Session) -> bool:
        host, target = self.hosts[session.host], self.interfaces[session.interface]
        return host.on and target.up and self.svms[target.svm].serves

    def _remember(self, session: Session) -> None:
        if session.up:
            name = self.hosts[session.host].initiator.lower()
            self.last_seen[name, session.interface] = self.time

    def _connect(self, key: str, target: Interface) -> list[Connection]:
        host = self.hosts[key]
        first = 1 if host.kind == "windows" else 0
        return [
            Connection(first + cid, host.address_for(target), host.next_port(self.random))
            for cid in range(host.connections)
        ]
