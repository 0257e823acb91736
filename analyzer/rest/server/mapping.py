"""The column or expression of the history behind each field of a resource, declared as data.

A field that is not collected is not served: it is unknown, as to an older release.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from dataclasses import field as default

from analyzer.ontap.fields import column_fields
from analyzer.ontap.resource import Resource
from analyzer.ontap.resources import CLUSTER, RESOURCES
from analyzer.rest.language import QueryError
from analyzer.rest.language.error import ABSENT
from analyzer.rest.language.respond import find
from analyzer.rest.language.sql import quoted
from analyzer.rest.language.table_records import numbered


@dataclass(frozen=True, slots=True)
class FieldMap:
    """The table of a resource's rows, and the expression that gives each of its fields.

    Rows that agree in *by* are one record; *elements* are the fields of an array with one
    element per row, for which *counted* holds. In a table that *grows* a row that was listed once
    is there from then on.
    """

    table: str
    fields: Mapping[str, str]
    by: str = ""
    elements: Mapping[str, str] = default(default_factory=dict)
    counted: str = ""
    grows: bool = False


def _columns(inventory: str) -> dict[str, str]:
    """The expression of each field that a column stores."""
    return {field: quoted(column) for column, field in column_fields(inventory).items()}


FIELDS = {
    "sessions": FieldMap(
        "spells",
        {
            "svm.uuid": "svm_uuid",
            "svm.name": "svm",
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
    # Not the LUN maps: the history stores what each igroup sees, and no single map.
    **{
        name: FieldMap(name, _columns(name))
        for name in ("svms", "interfaces", "igroups", "portsets", "ports")
    },
    "nodes": FieldMap(
        "nodes",
        {
            **_columns("nodes"),
            # Only the first partner is stored.
            "ha.partners.name": "case when ha_partner is not null then [ha_partner] end",
        },
    ),
    "ems": FieldMap(
        "(select distinct * exclude (seen_after, first_seen, last_seen, gone_by)"
        " from ems where first_seen <= $taken_at)",
        {
            **_columns("ems"),
            "time": """strftime("time", '%Y-%m-%dT%H:%M:%S+00:00')""",
            "node.uuid": "(select max(n.uuid) from nodes n where n.name = node)",
            "parameters.name": "list_transform(parameters, lambda x: x.name)",
            "parameters.value": "list_transform(parameters, lambda x: x.value)",
        },
        grows=True,
    ),
}

_OF_CLUSTER = {
    "uuid",
    "name",
    *(f"version.{part}" for part in ("full", "generation", "major", "minor")),
}


def _narrowed(resource: Resource, names: set[str]) -> Resource:
    return replace(
        resource, fields=tuple(field for field in resource.fields if field.name in names)
    )


SERVED = {
    name: _narrowed(RESOURCES[name], {*field_map.fields, *field_map.elements})
    for name, field_map in FIELDS.items()
} | {"cluster": _narrowed(CLUSTER, _OF_CLUSTER)}
_UNSERVED = {
    "lun_maps": "of LUN maps the history has how many LUNs each igroup sees and which nodes report"
    " them, and no single map (table lun_maps)",
    "members": "of the initiators of an igroup the history has the logins that ended across a gap in"
    " collecting, and no others (table igroups, column ended_logins)",
    "metrocluster": "of the SVMs of a MetroCluster the history has the names of their clusters, and"
    " no uuid, which is a part of their key (table metrocluster)",
    "messages": "of the messages of the event log the history has those that are requested, and no"
    " others (table messages)",
}


def served(path: str) -> Resource:
    """The resource that a path is of.

    Raises:
        QueryError: there is none, or the history has too little of it to answer for the array.
    """
    try:
        return find(SERVED, path)[0]
    except QueryError:
        name = find(RESOURCES, path)[0].name
        if name in SERVED:
            raise
        raise QueryError(404, ABSENT, f"not served: {_UNSERVED[name]}") from None


def statement(resource: Resource) -> str:
    """The resource's records in the snapshot ``$taken_at``, whose SVMs are ``$scope``."""
    field_map = FIELDS[resource.name]
    rows = f"from {field_map.table}"
    if not field_map.grows:
        rows += " where first_seen <= $taken_at and last_seen >= $taken_at"
    if not field_map.by:
        columns = ", ".join(f"{text} as {quoted(name)}" for name, text in field_map.fields.items())
        return numbered(resource, f"select {columns} {rows}")
    # Sorted as structs, by the first of them first, so that parallel lists stay parallel.
    packed = ", ".join(f"e{at} := {text}" for at, text in enumerate(field_map.elements.values()))
    once = ", ".join(
        f"any_value({text}) as {quoted(name)}" for name, text in field_map.fields.items()
    )
    apart = ", ".join(
        f"list_transform(elements, lambda x: x.e{at}) as {quoted(name)}"
        for at, name in enumerate(field_map.elements)
    )
    elements = f"list_sort(list(struct_pack({packed})) filter (where {field_map.counted}))"
    grouped = (
        f"select {once}, {elements} as elements"
        f" {rows} and list_contains($scope, svm_id) group by {field_map.by}"
    )
    return numbered(resource, f"select *, {apart} from ({grouped})")
