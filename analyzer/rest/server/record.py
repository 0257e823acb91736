"""Where each field of a resource is kept in the history, declared as data.

A field that the collector does not keep is not served: it is unknown, as to an older release.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from analyzer.ontap.resources import CLUSTER, RESOURCES, Resource
from analyzer.rest.language.clause import quoted
from analyzer.rest.language.relation import numbered


@dataclass(frozen=True, slots=True)
class Kept:
    """The table of a resource's rows, and the expression that gives each of its fields.

    Rows that agree in *by* are one record; *elements* are the fields of an array with one
    element per row, for which *counted* holds.
    """

    table: str
    fields: Mapping[str, str]
    by: str = ""
    elements: Mapping[str, str] = field(default_factory=dict)
    counted: str = ""


_SVM = {"svm.uuid": "svm_uuid", "svm.name": "svm"}

KEPT = {
    "sessions": Kept(
        "spells",
        {
            **_SVM,
            "target_portal_group": "target_portal_group",
            "target_portal_group_tag": "target_portal_group_tag",
            "tsih": "tsih",
            "isid": "coalesce(isid_raw, nullif(isid, ''))",
            "initiator.name": "coalesce(initiator_raw, nullif(initiator, ''))",
            "initiator.alias": "alias",
            "initiator.comment": "comment",
            "igroups.uuid": "list_transform(igroups, lambda x: x.uuid)",
            "igroups.name": "list_transform(igroups, lambda x: x.name)",
        },
        by="svm_id, target_portal_group, tsih",
        elements={
            "connections.cid": "cid",
            "connections.initiator_address.port": "initiator_port",
            "connections.initiator_address.address": "coalesce(initiator_address_raw, nullif(initiator_address, ''))",
            "connections.authentication_type": "authentication",
            "connections.interface.name": "interface",
            "connections.interface.uuid": "interface_uuid",
            "connections.interface.ip.address": "coalesce(interface_address_raw, interface_address)",
            "connections.interface.ip.port": "interface_port",
        },
        counted="connections > 0",
    ),
    "svms": Kept("svms", {"uuid": "uuid", "name": "name", "state": "state", "subtype": "subtype"}),
    "interfaces": Kept(
        "interfaces",
        {
            **_SVM,
            "uuid": "uuid",
            "name": "name",
            "enabled": "enabled",
            "state": "state",
            "ip.address": "address",
            "ip.netmask": "netmask",
            "services": "services",
            "service_policy.name": "service_policy",
            "location.is_home": "is_home",
            "location.failover": "failover",
            "location.home_node.name": "home_node",
            "location.home_port.name": "home_port",
            "location.node.name": "node",
            "location.port.name": "port",
        },
    ),
    "igroups": Kept(
        "igroups",
        {
            **_SVM,
            "uuid": "uuid",
            "name": "name",
            "os_type": "os_type",
            "protocol": "protocol",
            "portset.name": "portset",
            "initiators.name": "initiators",
            "connectivity_tracking.connection_state": "connection_state",
            "connectivity_tracking.required_nodes.name": "required_nodes",
        },
    ),
    "nodes": Kept(
        "nodes",
        {
            "uuid": "uuid",
            "name": "name",
            "state": "state",
            "model": "model",
            "version.full": "version",
            "ha.enabled": "ha_enabled",
            "ha.partners.name": "case when ha_partner is not null then [ha_partner] end",
            "ha.takeover.state": "takeover_state",
            "ha.giveback.state": "giveback_state",
        },
    ),
}

_OF_CLUSTER = {
    "uuid",
    "name",
    *(f"version.{part}" for part in ("full", "generation", "major", "minor")),
}


def _narrowed(resource: Resource, names: set[str]) -> Resource:
    return replace(resource, fields=tuple(one for one in resource.fields if one.name in names))


SERVED = {
    name: _narrowed(RESOURCES[name], {*kept.fields, *kept.elements}) for name, kept in KEPT.items()
} | {"cluster": _narrowed(CLUSTER, _OF_CLUSTER)}


def statement(resource: Resource) -> str:
    """The resource's records in the snapshot ``$taken_at``, whose SVMs are ``$scope``."""
    kept = KEPT[resource.name]
    seen = f"from {kept.table} where first_seen <= $taken_at and last_seen >= $taken_at"
    if not kept.by:
        listed = ", ".join(f"{told} as {quoted(name)}" for name, told in kept.fields.items())
        return numbered(resource, f"select {listed} {seen}")
    # Sorted as structs, by the first of them first, so that parallel lists stay parallel.
    packed = ", ".join(f"e{at} := {told}" for at, told in enumerate(kept.elements.values()))
    once = ", ".join(f"any_value({told}) as {quoted(name)}" for name, told in kept.fields.items())
    apart = ", ".join(
        f"list_transform(elements, lambda x: x.e{at}) as {quoted(name)}"
        for at, name in enumerate(kept.elements)
    )
    grouped = (
        f"select {once}, list_sort(list(struct_pack({packed})) filter ({kept.counted})) as elements"
        f" {seen} and list_contains($scope, svm_id) group by {kept.by}"
    )
    return numbered(resource, f"select *, {apart} from ({grouped})")
