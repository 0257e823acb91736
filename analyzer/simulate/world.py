"""A cluster that can be moved by operations, and what it would answer when asked.

Deterministic: the same seed and the same operations give the same world, to the last TCP port.
There is no clock in it.
"""

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from fnmatch import fnmatchcase
from random import Random
from typing import Any, TypeVar
from uuid import NAMESPACE_OID, uuid5

from analyzer.errors import UsageError
from analyzer.simulate import record
from analyzer.simulate.thing import Connection, Host, Igroup, Interface, Node, Session, Svm

Thing = TypeVar("Thing")
Version = tuple[int, int, int]


class World:
    """One cluster. Things have keys that renaming does not touch: ``L1``, ``lnx1``, ``S1``.

    ``revision`` grows with every change, so that answers can be cached.
    """

    def __init__(self, name: str = "C1", seed: int = 1, version: Version = (9, 16, 1)) -> None:
        self.name = name
        self.seed = seed
        self.version = version
        self.random = Random(seed)
        self.revision = 0
        self.uuid = self.new_uuid("cluster", name)
        self.nodes: dict[str, Node] = {}
        self.svms: dict[str, Svm] = {}
        self.interfaces: dict[str, Interface] = {}
        self.igroups: dict[str, Igroup] = {}
        self.hosts: dict[str, Host] = {}
        self.logins: list[Session] = []

    def new_uuid(self, *of: object) -> str:
        """A uuid that depends on the seed and on what it is for, not on the order of making."""
        return str(uuid5(NAMESPACE_OID, "/".join(map(str, (self.seed, *of)))))

    def copy(self) -> "World":
        return deepcopy(self)

    # What is there

    def sessions(self) -> list[dict[str, Any]]:
        """The sessions, in the shape of ONTAP's JSON, without links."""
        return self.inventory("sessions")

    def inventory(self, name: str) -> list[dict[str, Any]]:
        """Records of ``sessions``, ``svms``, ``interfaces``, ``igroups``, ``nodes`` or ``cluster``.

        Raises:
            UsageError: there is no such resource.
        """
        if name not in _RECORDS:
            raise UsageError(f"no resource '{name}'; there are {', '.join(_RECORDS)}")
        return _RECORDS[name](self)

    def member_of(self, initiator: str, svm: str) -> list[Igroup]:
        return [
            group
            for group in self.igroups.values()
            if group.svm == svm and initiator.lower() in map(str.lower, group.initiators)
        ]

    def held(
        self, host: str = "*", interface: str = "*", *, up: bool | None = True
    ) -> list[Session]:
        """Logins by patterns of keys: those that are up, those that are not, or (None) both."""
        return [
            one
            for one in self.logins
            if (up is None or one.up is up)
            and fnmatchcase(one.host, host)
            and fnmatchcase(one.interface, interface)
        ]

    def like(self, things: Mapping[str, Thing], pattern: str) -> dict[str, Thing]:
        """The things whose key fits the pattern.

        Raises:
            UsageError: none does.
        """
        found = {key: thing for key, thing in things.items() if fnmatchcase(key, pattern)}
        if not found:
            raise UsageError(f"nothing in this world is called '{pattern}'")
        return found

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
            session.up = False
        self.revision += 1

    def forget(self, sessions: Iterable[Session]) -> None:
        """Logged out: nobody will try again."""
        gone = {id(session) for session in sessions}
        self.logins = [one for one in self.logins if id(one) not in gone]
        self.revision += 1

    def can_log_in(self, session: Session) -> bool:
        host, target = self.hosts[session.host], self.interfaces[session.interface]
        return host.on and target.up and self.svms[target.svm].iscsi

    def _connect(self, key: str, target: Interface) -> list[Connection]:
        host = self.hosts[key]
        first = 1 if host.kind == "windows" else 0
        return [
            Connection(first + cid, host.address_for(target), host.next_port(self.random))
            for cid in range(host.connections)
        ]


_RECORDS: dict[str, Callable[[World], list[dict[str, Any]]]] = {
    "sessions": record.sessions,
    "svms": record.svms,
    "interfaces": record.interfaces,
    "igroups": record.igroups,
    "nodes": record.nodes,
    "cluster": record.cluster,
}
