"""The companion inventories: what the sessions refer to, declared as data.

Each is listed in the same run as the sessions, has a status of its own, and is folded into
the history by the same machinery. All are identified by uuid, never by name.
"""

from dataclasses import dataclass

import polars as pl

from analyzer.session import Column

_TEXT = pl.String()
_FLAG = pl.Boolean()
_TEXTS = pl.List(pl.String())


@dataclass(frozen=True, slots=True)
class Inventory:
    """One companion: its table's name, what it is, its columns."""

    name: str
    sentence: str
    columns: tuple[Column, ...]

    @property
    def schema(self) -> dict[str, pl.DataType]:
        return {column.name: column.type for column in self.columns}


SVMS = Inventory(
    "svms",
    "Storage virtual machines: the scope of a snapshot.",
    (
        Column("uuid", _TEXT, "UUID of the SVM."),
        Column("name", _TEXT, "Name of the SVM."),
        Column("state", _TEXT, "running, stopped and so on."),
        Column("subtype", _TEXT, "default, sync_source, sync_destination, dp_destination."),
    ),
)

INTERFACES = Inventory(
    "interfaces",
    "IP interfaces (LIFs): which node and which subnet a session stands on.",
    (
        Column("uuid", _TEXT, "UUID of the interface."),
        Column("name", _TEXT, "Name of the interface."),
        Column("svm_uuid", _TEXT, "UUID of its SVM."),
        Column("svm", _TEXT, "Name of its SVM."),
        Column("address", _TEXT, "Address, in normal form."),
        Column("netmask", _TEXT, "Netmask or prefix length, as it came."),
        Column("subnet", _TEXT, "Subnet in CIDR form, from address and netmask."),
        Column("enabled", _FLAG, "Administrative state."),
        Column("state", _TEXT, "Operational state: up or down."),
        Column("is_home", _FLAG, "Whether it is on its home port now."),
        Column("home_node", _TEXT, "Name of its home node."),
        Column("node", _TEXT, "Name of the node it is on now."),
        Column("home_port", _TEXT, "Name of its home port."),
        Column("port", _TEXT, "Name of the port it is on now."),
        Column("failover", _TEXT, "Failover policy, such as sfo_partners_only."),
        Column("service_policy", _TEXT, "Name of its service policy."),
        Column("services", _TEXTS, "Services it offers, such as data_iscsi."),
    ),
)

IGROUPS = Inventory(
    "igroups",
    "Initiator groups: who is expected.",
    (
        Column("uuid", _TEXT, "UUID of the igroup."),
        Column("name", _TEXT, "Name of the igroup."),
        Column("svm_uuid", _TEXT, "UUID of its SVM."),
        Column("svm", _TEXT, "Name of its SVM."),
        Column("os_type", _TEXT, "Operating system type of its hosts."),
        Column("protocol", _TEXT, "iscsi, fcp or mixed."),
        Column("portset", _TEXT, "Name of the portset it is bound to."),
        Column("initiators", _TEXTS, "Its initiators, lower-cased."),
        Column("connection_state", _TEXT, "ONTAP's own verdict (9.11.1), where asked for."),
        Column("required_nodes", _TEXTS, "Nodes that ONTAP says must be reached, where asked for."),
    ),
)

NODES = Inventory(
    "nodes",
    "Nodes and their partners.",
    (
        Column("uuid", _TEXT, "UUID of the node."),
        Column("name", _TEXT, "Name of the node."),
        Column("state", _TEXT, "up, down, taken_over, waiting_for_giveback and so on."),
        Column("ha_enabled", _FLAG, "Whether takeover is enabled."),
        Column("ha_partner", _TEXT, "Name of its HA partner."),
        Column("takeover_state", _TEXT, "State of a takeover of its partner."),
        Column("giveback_state", _TEXT, "State of a giveback to its partner."),
        Column("model", _TEXT, "Controller model."),
        Column("version", _TEXT, "ONTAP release of the node."),
    ),
)

INVENTORIES = {inventory.name: inventory for inventory in (SVMS, INTERFACES, IGROUPS, NODES)}
SCHEMAS = {name: inventory.schema for name, inventory in INVENTORIES.items()}
