"""The inventories of a cluster: what its sessions refer to.

Each has a status of its own and is folded by the same machinery; all are identified by uuid, not
by name.
"""

from analyzer.column import (
    FLAG,
    INSTANT,
    LOGIN_LIST,
    NUMBER,
    PARAMETER_LIST,
    TEXT,
    TEXTS,
    Column,
    Inventory,
)

SVMS = Inventory(
    "svms",
    "Storage virtual machines: the scope of a snapshot.",
    (
        Column("uuid", TEXT, "UUID of the SVM."),
        Column("name", TEXT, "Name of the SVM."),
        Column("state", TEXT, "running, stopped and so on."),
        Column("subtype", TEXT, "default, sync_source, sync_destination, dp_destination."),
        Column(
            "san_multipathing",
            TEXT,
            "local_active, active_active or active_active_scsi_only (9.19): who fails over.",
            added=True,
        ),
    ),
    lost="a missing SVM is indistinguishable from one that the account may not see",
)

INTERFACES = Inventory(
    "interfaces",
    "IP interfaces (LIFs): which node and which subnet a session stands on.",
    (
        Column("uuid", TEXT, "UUID of the interface."),
        Column("name", TEXT, "Name of the interface."),
        Column("svm_uuid", TEXT, "UUID of its SVM."),
        Column("svm", TEXT, "Name of its SVM."),
        Column("address", TEXT, "Address, in normal form."),
        Column("netmask", TEXT, "Netmask or prefix length, as it came."),
        Column("subnet", TEXT, "Subnet in CIDR form, from address and netmask."),
        Column("enabled", FLAG, "Administrative state."),
        Column("state", TEXT, "Operational state: up or down."),
        Column("is_home", FLAG, "Whether it is on its home port now."),
        Column("home_node", TEXT, "Name of its home node."),
        Column("node", TEXT, "Name of the node it is on now."),
        Column("home_port", TEXT, "Name of its home port."),
        Column("port", TEXT, "Name of the port it is on now."),
        Column("failover", TEXT, "Failover policy, such as sfo_partners_only."),
        Column("service_policy", TEXT, "Name of its service policy."),
        Column("services", TEXTS, "Services it offers, such as data_iscsi."),
        Column(
            "ipspace",
            TEXT,
            "Name of its IPspace: equal subnets of two IPspaces are two networks.",
            added=True,
        ),
    ),
    lost="reports do not know on which node and subnet a session stands",
)

IGROUPS = Inventory(
    "igroups",
    "Initiator groups: who is expected.",
    (
        Column("uuid", TEXT, "UUID of the igroup."),
        Column("name", TEXT, "Name of the igroup."),
        Column("svm_uuid", TEXT, "UUID of its SVM."),
        Column("svm", TEXT, "Name of its SVM."),
        Column("os_type", TEXT, "Operating system type of its hosts."),
        Column("protocol", TEXT, "iscsi, fcp or mixed."),
        Column("portset", TEXT, "Name of the portset it is bound to."),
        Column("initiators", TEXTS, "Its initiators, lower-cased."),
        Column("connection_state", TEXT, "ONTAP's own verdict (9.11.1), where requested."),
        Column("required_nodes", TEXTS, "Nodes that ONTAP says must be reached, where requested."),
        Column(
            "ended_logins",
            LOGIN_LIST,
            "Logins of its initiators that ended, and when the array last saw each (9.11.1):"
            " requested after a gap in collecting.",
            added=True,
        ),
    ),
    lost="hosts without any session are not missed",
)

NODES = Inventory(
    "nodes",
    "Nodes and their partners.",
    (
        Column("uuid", TEXT, "UUID of the node."),
        Column("name", TEXT, "Name of the node."),
        Column("state", TEXT, "up, down, taken_over, waiting_for_giveback and so on."),
        Column("ha_enabled", FLAG, "Whether takeover is enabled."),
        Column("ha_partner", TEXT, "Name of its HA partner."),
        Column("takeover_state", TEXT, "State of a takeover of its partner."),
        Column("giveback_state", TEXT, "State of a giveback to its partner."),
        Column("model", TEXT, "Controller model."),
        Column("version", TEXT, "ONTAP release of the node."),
    ),
    lost="reports know of no HA partners, takeovers and givebacks",
)

# Inventories that change rarely or cost much: listed hourly, and when something speaks for it.
LUN_MAPS = Inventory(
    "lun_maps",
    "What is mapped to each igroup: through which nodes its hosts reach their LUNs.",
    (
        Column("uuid", TEXT, "UUID of the igroup."),
        Column("name", TEXT, "Name of the igroup."),
        Column("svm_uuid", TEXT, "UUID of its SVM."),
        Column("svm", TEXT, "Name of its SVM."),
        Column("luns", NUMBER, "How many LUNs are mapped to it."),
        Column(
            "reporting_nodes",
            TEXTS,
            "Nodes that report any of them (9.10.1); null where the release does not say.",
        ),
    ),
    lost="hosts may be said to miss paths to nodes that report none of their LUNs",
    rare=True,
    added=True,
)

PORTSETS = Inventory(
    "portsets",
    "Portsets: to which interfaces an igroup is bound.",
    (
        Column("uuid", TEXT, "UUID of the portset."),
        Column("name", TEXT, "Name of the portset."),
        Column("svm_uuid", TEXT, "UUID of its SVM."),
        Column("svm", TEXT, "Name of its SVM."),
        Column("protocol", TEXT, "iscsi, fcp or mixed."),
        Column("interface_uuids", TEXTS, "UUIDs of its IP interfaces."),
    ),
    lost="hosts may be said to miss interfaces outside their portset",
    rare=True,
    added=True,
)

PORTS = Inventory(
    "ports",
    "Ethernet ports: what the interfaces stand on.",
    (
        Column("uuid", TEXT, "UUID of the port."),
        Column("name", TEXT, "Name of the port; unique within its node."),
        Column("node", TEXT, "Name of its node."),
        Column("enabled", FLAG, "Administrative state."),
        Column("state", TEXT, "Operational state: up or down."),
        Column("type", TEXT, "physical, lag or vlan."),
        Column("reachability", TEXT, "ok, repairable or not_repairable (9.8)."),
        Column("base_port", TEXT, "Of a VLAN the port that it is on."),
        Column("lag_ports", TEXTS, "Of an interface group its member ports."),
        Column("lag_active_ports", TEXTS, "Of an interface group the members that carry data."),
    ),
    lost="reports cannot name the port under an interface that went down",
    rare=True,
    added=True,
)

METROCLUSTER = Inventory(
    "metrocluster",
    "SVMs of a MetroCluster and their partners at the other site.",
    (
        Column("uuid", TEXT, "UUID of the SVM."),
        Column("name", TEXT, "Name of the SVM."),
        Column("site", TEXT, "Name of the cluster that it belongs to."),
        Column("partner_uuid", TEXT, "UUID of the SVM that mirrors it."),
        Column("partner", TEXT, "Name of the SVM that mirrors it."),
        Column("state", TEXT, "State of its configuration."),
    ),
    lost="partners of a MetroCluster are known by their names alone",
    rare=True,
    added=True,
)

# Each reading of the log goes on where the last one ended, so that an event is listed for as long
# as it is among the latest, and is one spell.
EMS = Inventory(
    "ems",
    "Events of the array's own log (EMS): what the array says happened.",
    (
        Column("node", TEXT, "Name of the node that logged it."),
        Column("index", NUMBER, "Its number in the log of that node, which begins anew at times."),
        Column("time", INSTANT, "When it happened, by the array's clock, in UTC."),
        Column("message", TEXT, "Name of the message, such as vifmgr.portdown."),
        Column("severity", TEXT, "emergency, alert, error, notice, informational or debug."),
        Column("text", TEXT, "What the log says."),
        Column("parameters", PARAMETER_LIST, "What it is about: names and values."),
    ),
    key=("node", "index", "time"),
    lost="what the array's own log says of a loss is no evidence, and refused logins are not seen",
    added=True,
)

MESSAGES = Inventory(
    "messages",
    "Messages that the array's log knows, of those that are requested; listed once a day.",
    (Column("name", TEXT, "Name of the message."),),
    key=("name",),
    lost="each message of the log is requested by itself, once a day",
    added=True,
)

INVENTORIES = {
    inventory.name: inventory
    for inventory in (
        SVMS, INTERFACES, IGROUPS, NODES, LUN_MAPS, PORTSETS, PORTS, METROCLUSTER, EMS, MESSAGES
    )
}  # fmt: skip
NOT_REQUESTED = "not asked"
"""The status of an inventory that an attempt did not request."""
