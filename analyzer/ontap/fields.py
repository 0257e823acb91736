"""Which field of the array's records each column of an inventory is read from.

Collecting and serving the API from the history both use this mapping.
"""

from analyzer.inventories import INVENTORIES
from analyzer.ontap.resources import RESOURCES

_SVM = {"svm_uuid": "svm.uuid", "svm": "svm.name"}

# A column that is not named here has the field's own name.
_FIELDS: dict[str, dict[str, str]] = {
    "interfaces": {
        **_SVM,
        "address": "ip.address",
        "netmask": "ip.netmask",
        "is_home": "location.is_home",
        "home_node": "location.home_node.name",
        "node": "location.node.name",
        "home_port": "location.home_port.name",
        "port": "location.port.name",
        "failover": "location.failover",
        "service_policy": "service_policy.name",
        "ipspace": "ipspace.name",
    },
    "igroups": {
        **_SVM,
        "portset": "portset.name",
        "initiators": "initiators.name",
        "connection_state": "connectivity_tracking.connection_state",
        "required_nodes": "connectivity_tracking.required_nodes.name",
    },
    "nodes": {
        "ha_enabled": "ha.enabled",
        "ha_partner": "ha.partners.name",
        "takeover_state": "ha.takeover.state",
        "giveback_state": "ha.giveback.state",
        "version": "version.full",
    },
    "portsets": {**_SVM, "interface_uuids": "interfaces.uuid"},
    "ports": {
        "node": "node.name",
        "base_port": "vlan.base_port.name",
        "lag_ports": "lag.member_ports.name",
        "lag_active_ports": "lag.active_ports.name",
    },
    "metrocluster": {
        "uuid": "svm.uuid",
        "name": "svm.name",
        "site": "cluster.name",
        "partner_uuid": "partner_svm.uuid",
        "partner": "partner_svm.name",
        "state": "configuration_state",
    },
    "ems": {
        "node": "node.name",
        "message": "message.name",
        "severity": "message.severity",
        "text": "log_message",
    },
}


def column_fields(inventory: str) -> dict[str, str]:
    """The dotted field of each column; columns that are worked out of others have none."""
    named = _FIELDS.get(inventory, {})
    columns = [column.name for column in INVENTORIES[inventory].columns]
    fields = {column: named.get(column, column) for column in columns}
    collected = RESOURCES[inventory].by_name
    return {column: field for column, field in fields.items() if field in collected}
