"""The REST resources, declared as data: paths, keys, fields, and what the collector asks for.

The collector, the simulated array and ``serve`` all stand on these declarations.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Literal

Release = tuple[int, int]
Kind = Literal["string", "integer", "boolean"]

FIRST: Release = (9, 6)
"""The first release whose REST interface counts."""


@dataclass(frozen=True, slots=True)
class Field:
    """One documented scalar, by its dotted name (members of arrays without an index)."""

    name: str
    kind: Kind = "string"
    since: Release = FIRST
    expensive: bool = False
    folded: bool = False  # iSCSI names: letter case carries no meaning


def _number(name: str, since: Release = FIRST) -> Field:
    return Field(name, "integer", since)


def _flag(name: str, since: Release = FIRST) -> Field:
    return Field(name, "boolean", since)


def _name(name: str) -> Field:
    return Field(name, folded=True)


def _texts(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name) for name in names)


def _expensive(*names: str, since: Release = FIRST) -> tuple[Field, ...]:
    return tuple(Field(name, since=since, expensive=True) for name in names)


@dataclass(frozen=True)
class Resource:
    """One endpoint.

    ``arrays`` names the fields that are lists: of objects, or of scalars. ``default`` is what a
    collection returns where no ``fields`` are given. ``links`` gives objects that carry a link of their own the path
    it points at; the member ``uuid`` completes it. ``aliases`` are query parameters whose name
    differs from the field's. ``collected`` is what the collector asks for, on every release.
    """

    name: str
    path: str
    keys: tuple[str, ...]
    default: tuple[str, ...]
    fields: tuple[Field, ...]
    collected: tuple[str, ...]
    arrays: frozenset[str] = frozenset()
    links: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    singleton: bool = False

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        return MappingProxyType({item.name: item for item in self.fields})

    def at(self, release: Release) -> Mapping[str, Field]:
        """The fields that a release documents, by name."""
        return {item.name: item for item in self.fields if item.since <= release}

    def below(self, name: str, release: Release) -> tuple[str, ...]:
        """The scalars that *name* stands for: itself, or all below an object; may be none."""
        fields = self.at(release)
        if name in fields:
            return (name,)
        return tuple(other for other in fields if other.startswith(name + "."))

    def in_array(self, name: str) -> bool:
        """Whether one record can hold several values of *name*."""
        parts = name.split(".")
        return any(".".join(parts[: end + 1]) in self.arrays for end in range(len(parts)))

    def request(self, release: Release = FIRST, *, connectivity: bool = False) -> tuple[str, ...]:
        """What the collector puts into ``fields=``: never ``*``, whose meaning changes.

        Args:
            release: of the cluster; ``FIRST`` where it is not known.
            connectivity: also ask igroups for ONTAP's own verdict, which is expensive.
        """
        if connectivity and self.below("connectivity_tracking", release):
            return (*self.collected, "connectivity_tracking")
        return self.collected


_SVM = _texts("svm.uuid", "svm.name")
_SVM_LINK = "/api/svm/svms"
_INTERFACE_LINK = "/api/network/ip/interfaces"
_IGROUP_LINK = "/api/protocols/san/igroups"
_NODE_LINK = "/api/cluster/nodes"

SESSIONS = Resource(
    name="sessions",
    path="/api/protocols/san/iscsi/sessions",
    keys=("svm.uuid", "target_portal_group", "tsih"),
    default=("svm.uuid", "svm.name", "target_portal_group", "tsih"),
    arrays=frozenset({"connections", "igroups"}),
    fields=(
        *_SVM,
        Field("target_portal_group"),
        _number("target_portal_group_tag"),
        _number("tsih"),
        Field("isid"),
        _name("initiator.name"),
        Field("initiator.alias"),
        Field("initiator.comment", since=(9, 9)),
        _number("connections.cid"),
        Field("connections.authentication_type"),
        Field("connections.initiator_address.address"),
        _number("connections.initiator_address.port"),
        *_texts("connections.interface.name", "connections.interface.uuid"),
        Field("connections.interface.ip.address"),
        _number("connections.interface.ip.port"),
        *_texts("igroups.uuid", "igroups.name"),
    ),
    # Whole objects: the releases before 9.9 simply have no comment inside ``initiator``.
    collected=(
        "svm",
        "target_portal_group",
        "target_portal_group_tag",
        "tsih",
        "isid",
        "initiator",
        "connections",
        "igroups",
    ),
    links={
        "svm": _SVM_LINK,
        "igroups": _IGROUP_LINK,
        "connections.interface": _INTERFACE_LINK,
    },
    aliases={"tpgroup": "target_portal_group"},
)

INTERFACES = Resource(
    name="interfaces",
    path=_INTERFACE_LINK,
    keys=("uuid",),
    default=("uuid", "name"),
    arrays=frozenset({"services"}),
    fields=(
        *_texts("uuid", "name"),
        _flag("enabled"),
        Field("state"),
        Field("scope"),
        *_SVM,
        *_texts("ip.address", "ip.netmask"),
        Field("ip.family"),
        *_texts("ipspace.uuid", "ipspace.name", "services"),
        *_texts("service_policy.uuid", "service_policy.name"),
        _flag("location.is_home"),
        _flag("location.auto_revert"),
        Field("location.failover"),
        *_texts("location.home_node.uuid", "location.home_node.name"),
        *_texts("location.home_port.uuid", "location.home_port.name"),
        *_texts("location.node.uuid", "location.node.name"),
        *_texts("location.port.uuid", "location.port.name"),
        *_texts("location.broadcast_domain.uuid", "location.broadcast_domain.name"),
        _flag("vip"),
        Field("dns_zone", since=(9, 9)),
        _flag("ddns_enabled", since=(9, 9)),
        _number("probe_port", since=(9, 10)),
        *_expensive("metric.status", "statistics.status", since=(9, 8)),
    ),
    collected=(
        "uuid",
        "name",
        "enabled",
        "state",
        "svm",
        "ip",
        "services",
        "service_policy.name",
        "location",
    ),
    links={
        "svm": _SVM_LINK,
        "location.home_node": _NODE_LINK,
        "location.node": _NODE_LINK,
    },
)

IGROUPS = Resource(
    name="igroups",
    path=_IGROUP_LINK,
    keys=("uuid",),
    default=("uuid", "name", "svm.uuid", "svm.name"),
    arrays=frozenset(
        {
            "initiators",
            "lun_maps",
            "igroups",
            "connectivity_tracking.required_nodes",
            "connectivity_tracking.alerts",
        }
    ),
    fields=(
        *_texts("uuid", "name"),
        *_SVM,
        Field("comment", since=(9, 9)),
        Field("os_type"),
        Field("protocol"),
        *_texts("portset.uuid", "portset.name"),
        _name("initiators.name"),
        Field("initiators.comment", since=(9, 9)),
        _flag("delete_on_unmap"),
        *_expensive("lun_maps.lun.uuid", "lun_maps.lun.name"),
        *_expensive("igroups.uuid", "igroups.name", since=(9, 9)),
        *_expensive(
            "connectivity_tracking.connection_state",
            "connectivity_tracking.required_nodes.uuid",
            "connectivity_tracking.required_nodes.name",
            "connectivity_tracking.alerts.summary.code",
            "connectivity_tracking.alerts.summary.message",
            since=(9, 11),
        ),
    ),
    collected=("uuid", "name", "svm", "os_type", "protocol", "portset", "initiators.name"),
    links={
        "svm": _SVM_LINK,
        "igroups": _IGROUP_LINK,
        "connectivity_tracking.required_nodes": _NODE_LINK,
    },
)

SVMS = Resource(
    name="svms",
    path=_SVM_LINK,
    keys=("uuid",),
    default=("uuid", "name"),
    fields=(
        *_texts("uuid", "name"),
        Field("state"),
        Field("subtype"),
        *_texts("comment", "language", "ipspace.uuid", "ipspace.name"),
        _flag("iscsi.enabled"),
    ),
    # A wide object: only these.
    collected=("uuid", "name", "state", "subtype"),
)

NODES = Resource(
    name="nodes",
    path=_NODE_LINK,
    keys=("uuid",),
    default=("uuid", "name"),
    arrays=frozenset({"ha.partners"}),
    fields=(
        *_texts("uuid", "name"),
        Field("state"),
        Field("membership"),
        _number("uptime"),
        *_texts("model", "serial_number", "location", "date", "version.full"),
        _number("version.generation"),
        _number("version.major"),
        _number("version.minor"),
        _flag("ha.enabled"),
        _flag("ha.auto_giveback"),
        *_texts("ha.partners.uuid", "ha.partners.name"),
        *_texts("ha.takeover.state", "ha.giveback.state"),
        *_expensive("metric.status", "statistics.status", since=(9, 8)),
    ),
    collected=("uuid", "name", "state", "model", "version", "ha"),
    links={"ha.partners": _NODE_LINK},
)

CLUSTER = Resource(
    name="cluster",
    path="/api/cluster",
    keys=(),
    default=(),
    fields=(
        *_texts("uuid", "name", "contact", "location", "version.full"),
        _number("version.generation"),
        _number("version.major"),
        _number("version.minor"),
        _flag("san_optimized"),
    ),
    collected=("uuid", "name", "version"),
    singleton=True,
)

EVENTS = Resource(
    name="events",
    path="/api/support/ems/events",
    keys=("node.name", "index"),
    default=("time", "node.uuid", "node.name", "index"),
    arrays=frozenset({"parameters"}),
    fields=(
        Field("time"),
        *_texts("node.uuid", "node.name"),
        _number("index"),
        *_texts("message.name", "message.severity", "log_message", "source"),
        *_texts("parameters.name", "parameters.value"),
    ),
    collected=("time", "node", "index", "message", "log_message", "parameters"),
    links={"node": _NODE_LINK},
)

MESSAGES = Resource(
    name="messages",
    path="/api/support/ems/messages",
    keys=("name",),
    default=("name",),
    fields=_texts("name", "severity"),
    collected=("name",),
)

RESOURCES = {
    resource.name: resource
    for resource in (SESSIONS, SVMS, INTERFACES, IGROUPS, NODES, CLUSTER, EVENTS, MESSAGES)
}
