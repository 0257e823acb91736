"""The REST resources, declared as data: paths, keys, fields, and what the collector requests.

The collector, the simulated array and ``serve`` all stand on these declarations.
"""

from analyzer.ontap.resource import FIRST, Field, Release, Resource


def _number(name: str, since: Release = FIRST) -> Field:
    return Field(name, "integer", since)


def _flag(name: str, since: Release = FIRST) -> Field:
    return Field(name, "boolean", since)


def _name(name: str) -> Field:
    return Field(name, folded=True)


def _texts(*names: str, since: Release = FIRST) -> tuple[Field, ...]:
    return tuple(Field(name, since=since) for name in names)


def _expensive(*names: str, since: Release = FIRST) -> tuple[Field, ...]:
    return tuple(Field(name, since=since, expensive=True) for name in names)


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
    links={"svm": _SVM_LINK, "igroups": _IGROUP_LINK, "connections.interface": _INTERFACE_LINK},
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
        *_texts("state", "scope"),
        *_SVM,
        *_texts("ip.address", "ip.netmask", "ip.family"),
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
        "ipspace.name",
    ),
    links={"svm": _SVM_LINK, "location.home_node": _NODE_LINK, "location.node": _NODE_LINK},
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
        *_texts("os_type", "protocol", "portset.uuid", "portset.name"),
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
    costly=("connectivity_tracking.connection_state", "connectivity_tracking.required_nodes"),
    links={
        "svm": _SVM_LINK,
        "igroups": _IGROUP_LINK,
        "connectivity_tracking.required_nodes": _NODE_LINK,
    },
)

_LOGINS = "connectivity_tracking.connections.logins"
MEMBERS = Resource(
    name="members",
    path=f"{_IGROUP_LINK}/*/initiators",  # of one igroup each
    keys=("igroup.uuid", "name"),
    default=("igroup.uuid", "igroup.name", "name"),
    arrays=frozenset({"connectivity_tracking.connections", _LOGINS}),
    fields=(
        *_texts("igroup.uuid", "igroup.name"),
        _name("name"),
        Field(f"{_LOGINS}.connected", "boolean", expensive=True),
        *_expensive(f"{_LOGINS}.last_seen_time", f"{_LOGINS}.interface.ip.uuid"),
    ),
    collected=("name", _LOGINS),
    links={"igroup": _IGROUP_LINK},
    since=(9, 11),
)

SVMS = Resource(
    name="svms",
    path=_SVM_LINK,
    keys=("uuid",),
    default=("uuid", "name"),
    fields=(
        *_texts("uuid", "name"),
        *_texts("state", "subtype", "comment", "language", "ipspace.uuid", "ipspace.name"),
        _flag("iscsi.enabled"),
        Field("san_multipathing", since=(9, 19)),
    ),
    # A wide object: only these.
    collected=("uuid", "name", "state", "subtype", "san_multipathing"),
)

NODES = Resource(
    name="nodes",
    path=_NODE_LINK,
    keys=("uuid",),
    default=("uuid", "name"),
    arrays=frozenset({"ha.partners"}),
    fields=(
        *_texts("uuid", "name"),
        *_texts("state", "membership"),
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

# A map for each LUN of each igroup: no expensive field, but many records.
LUN_MAPS = Resource(
    name="lun_maps",
    path="/api/protocols/san/lun-maps",
    keys=("lun.uuid", "igroup.uuid"),
    default=("svm.uuid", "svm.name", "lun.uuid", "lun.name", "igroup.uuid", "igroup.name"),
    arrays=frozenset({"reporting_nodes"}),
    fields=(
        *_SVM,
        *_texts("lun.uuid", "lun.name", "lun.node.uuid", "lun.node.name"),
        *_texts("igroup.uuid", "igroup.name", "igroup.os_type", "igroup.protocol"),
        _number("logical_unit_number"),
        *_texts("reporting_nodes.uuid", "reporting_nodes.name", since=(9, 10)),
    ),
    collected=(
        "svm",
        "lun.uuid",
        "igroup.uuid",
        "igroup.name",
        "igroup.protocol",
        "reporting_nodes",
    ),
    links={"svm": _SVM_LINK, "igroup": _IGROUP_LINK, "reporting_nodes": _NODE_LINK},
)

PORTSETS = Resource(
    name="portsets",
    path="/api/protocols/san/portsets",
    keys=("uuid",),
    default=("uuid", "name", "svm.uuid", "svm.name"),
    arrays=frozenset({"interfaces", "igroups"}),
    fields=(
        *_texts("uuid", "name"),
        *_SVM,
        Field("protocol"),
        *_texts("interfaces.uuid", "interfaces.ip.uuid", "interfaces.ip.name"),
        *_texts("interfaces.ip.ip.address", "interfaces.fc.uuid", "interfaces.fc.name"),
        *_texts("igroups.uuid", "igroups.name"),
    ),
    collected=("uuid", "name", "svm", "protocol", "interfaces"),
    links={"svm": _SVM_LINK, "igroups": _IGROUP_LINK},
    since=(9, 9),
)

PORTS = Resource(
    name="ports",
    path="/api/network/ethernet/ports",
    keys=("uuid",),
    default=("uuid", "name", "node.name"),
    arrays=frozenset({"lag.member_ports", "lag.active_ports"}),
    fields=(
        *_texts("uuid", "name", "node.uuid", "node.name"),
        _flag("enabled"),
        *_texts("state", "type", "mac_address"),
        _number("speed"),
        _number("mtu"),
        Field("reachability", since=(9, 8)),
        *_texts("broadcast_domain.uuid", "broadcast_domain.name", "broadcast_domain.ipspace.name"),
        *_texts("lag.mode", "lag.distribution_policy"),
        *_texts("lag.member_ports.uuid", "lag.member_ports.name", "lag.member_ports.node.name"),
        *_texts("lag.active_ports.uuid", "lag.active_ports.name", "lag.active_ports.node.name"),
        _number("vlan.tag"),
        *_texts("vlan.base_port.uuid", "vlan.base_port.name", "vlan.base_port.node.name"),
        *_expensive("metric.status", "statistics.status", since=(9, 8)),
    ),
    collected=("uuid", "name", "node", "enabled", "state", "type", "reachability", "lag", "vlan"),
    links={"node": _NODE_LINK},
)

METROCLUSTER = Resource(
    name="metrocluster",
    path="/api/cluster/metrocluster/svms",
    keys=("cluster.uuid", "svm.uuid"),
    default=("cluster.uuid", "cluster.name", "svm.uuid", "svm.name"),
    fields=(
        *_texts("cluster.uuid", "cluster.name", "svm.uuid", "svm.name"),
        *_texts("partner_svm.uuid", "partner_svm.name", "configuration_state"),
    ),
    collected=("cluster", "svm", "partner_svm", "configuration_state"),
    links={"svm": _SVM_LINK},
    since=(9, 11),
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

EMS = Resource(
    name="ems",
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
    for resource in (
        SESSIONS, SVMS, INTERFACES, IGROUPS, MEMBERS, NODES, LUN_MAPS, PORTSETS, PORTS,
        METROCLUSTER, CLUSTER, EMS, MESSAGES,
    )
}  # fmt: skip
