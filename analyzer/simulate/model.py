"""The parts of a simulated cluster: nodes, SVMs, interfaces, igroups, hosts, sessions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address, ip_network
from random import Random
from typing import Literal
from uuid import NAMESPACE_OID, uuid5

Version = tuple[int, int, int]
Kind = Literal["linux", "esxi", "windows", "kubernetes", "proxmox", "libiscsi"]

_MICROSOFT = "40:00:01:37"
_OPEN_ISCSI = "00:02:3d"
_LAST_TSIH = 0xFFFF


@dataclass(slots=True)
class Node:
    """A controller; ``partner`` is the name of the other one of its HA pair."""

    name: str
    uuid: str
    partner: str = ""
    model: str = "AFF-A400"
    state: str = "up"


@dataclass(slots=True)
class Svm:
    """An SVM; *multipathing* says who fails over, *mirror* names its partner of a MetroCluster."""

    name: str
    uuid: str
    state: str = "running"
    subtype: str = "default"
    iscsi: bool = True
    target: str = ""
    ipspace: str = "Default"
    multipathing: str = ""
    mirror: str = ""

    @property
    def serves(self) -> bool:
        """Whether it takes logins."""
        return self.iscsi and self.state == "running"


@dataclass(slots=True)
class Interface:
    """A LIF with a portal group of its own.

    ``moves``: it follows a takeover to the partner (ASA, active-active); otherwise it stays and
    is gone until giveback. ``fabric`` names the switch it hangs on, ``linked`` whether that is on.
    """

    name: str
    uuid: str
    svm: str
    address: str
    tag: int
    home_node: str
    fabric: str
    prefix: int = 24
    home_port: str = "e0e"
    moves: bool = False
    node: str = ""
    group: str = ""
    enabled: bool = True
    linked: bool = True
    served: bool = True
    last_tsih: int = 0

    @property
    def up(self) -> bool:
        return self.enabled and self.linked and self.served

    @property
    def subnet(self) -> str:
        return str(ip_network(f"{self.address}/{self.prefix}", strict=False))

    def next_tsih(self) -> int:
        """Counts up; 0 is reserved, and after the last it begins again."""
        self.last_tsih = self.last_tsih % _LAST_TSIH + 1
        return self.last_tsih


@dataclass(slots=True)
class Igroup:
    """Initiators, the nodes that own their LUNs (one each), and the portset they are bound to."""

    name: str
    uuid: str
    svm: str
    os_type: str = "linux"
    initiators: list[str] = field(default_factory=list)
    owners: list[str] = field(default_factory=list)
    portset: str = ""


@dataclass(slots=True)
class Portset:
    """Interfaces, by key, through which the igroups bound to it see their LUNs."""

    name: str
    uuid: str
    svm: str
    interfaces: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Host:
    """A host and its login habits.

    ``interfaces`` are the keys of those it logs in to; ``counter`` is the kernel's number of the
    last session, which begins again at boot; ``nr_sessions`` and ``connections`` are how many
    sessions per interface and connections per session (MCS) it makes.
    """

    initiator: str
    svm: str
    addresses: list[str]
    interfaces: list[str]
    kind: Kind = "linux"
    chap: bool = False
    alias: str | None = None
    comment: str | None = None
    nr_sessions: int = 1
    connections: int = 1
    on: bool = True
    counter: int = 0

    def next_isid(self, random: Random) -> str:
        """The look of the initiator's ISIDs (open-iscsi, Microsoft, libiscsi)."""
        self.counter += 1
        if self.kind == "libiscsi":
            return ":".join(["80", *(f"{random.randrange(256):02x}" for _ in range(5))])
        if self.kind == "windows":
            return f"{_MICROSOFT}:{self.counter >> 8 & 255:02x}:{self.counter & 255:02x}"
        tail = (self.counter >> 16 & 255, self.counter >> 8 & 255, self.counter & 255)
        return ":".join([_OPEN_ISCSI, *(f"{octet:02x}" for octet in tail)])

    def next_port(self, random: Random) -> int:
        low, high = (49152, 65535) if self.kind == "windows" else (32768, 60999)
        return random.randint(low, high)

    def address_for(self, interface: Interface) -> str:
        """Its address in the interface's subnet; a routed host uses its first for all."""
        network = ip_network(interface.subnet)
        near = [address for address in self.addresses if ip_address(address) in network]
        return near[0] if near else self.addresses[0]


@dataclass(slots=True)
class Connection:
    cid: int
    address: str
    port: int


@dataclass(slots=True)
class Session:
    """A login that a host wants to hold; ``up`` while the target lists it."""

    host: str
    interface: str
    isid: str
    tsih: int
    connections: list[Connection]
    up: bool = True


@dataclass(frozen=True, slots=True)
class Event:
    """An entry of the event log (EMS); *index* counts the events of its node."""

    time: datetime
    node: str
    index: int
    message: str
    severity: str
    text: str
    parameters: Mapping[str, str]


class State:
    """One cluster as it is now. Everything has a key that renaming does not touch: ``L1``, ``lnx1``."""

    def __init__(self, name: str, seed: int, version: Version) -> None:
        self.name = name
        self.seed = seed
        self.version = version
        self.uuid = self.new_uuid("cluster", name)
        self.nodes: dict[str, Node] = {}
        self.svms: dict[str, Svm] = {}
        self.interfaces: dict[str, Interface] = {}
        self.igroups: dict[str, Igroup] = {}
        self.portsets: dict[str, Portset] = {}
        self.hosts: dict[str, Host] = {}
        self.logins: list[Session] = []
        self.events: list[Event] = []
        self.time = datetime(1970, 1, 1)
        self.last_seen: dict[tuple[str, str], datetime] = {}  # of a host at an interface

    def new_uuid(self, *of: object) -> str:
        """A uuid that depends on the seed and on what it is for, not on the order of making."""
        return str(uuid5(NAMESPACE_OID, "/".join(map(str, (self.seed, *of)))))
