-- /// query
-- title = "Sessions at an instant"
-- description = "One row per session, with the node and the subnet that it stands on."
-- [columns]
-- cluster = "Cluster."
-- taken_at = "The snapshot that shows it."
-- previous_at = "The complete snapshot before it."
-- svm_id = "SVM."
-- svm = "Name of the SVM."
-- initiator = "Initiator, lower-cased."
-- isid = "ISID."
-- tsih = "TSIH."
-- target_portal_group = "Target portal group."
-- alias = "Alias."
-- initiator_address = "Host address; the least one if its connections differ."
-- interface_id = "Interface."
-- interface = "Name of the interface."
-- interface_address = "Address of the interface."
-- node = "Node the interface is on now; null without interface data."
-- home_node = "Its home node."
-- subnet = "Subnet of the interface; null without interface data."
-- fabric = "Fabric of the subnet."
-- connections = "Connections of the session."
-- authentication = "chap or none; the weaker if its connections differ."
-- igroups = "Igroups: uuid and name."
-- first_seen = "Since when it has been like this."
-- seen_after = "The complete snapshot before that; null in a baseline."
-- ///
select
    c.cluster,
    c.taken_at,
    c.previous_at,
    c.svm_id,
    max(c.svm) as svm,
    c.initiator,
    c.isid,
    c.tsih,
    c.target_portal_group,
    max(c.alias) as alias,
    min(c.initiator_address) as initiator_address,
    c.interface_id,
    max(i.interface) as interface,
    max(i.interface_address) as interface_address,
    max(i.node) as node,
    max(i.home_node) as home_node,
    max(i.subnet) as subnet,
    max(i.fabric) as fabric,
    max(c.connections) as connections,
    max(c.authentication) as authentication,
    max(c.igroups) as igroups,
    max(c.first_seen) as first_seen,
    max(c.seen_after) as seen_after
from connections_at c
left join
    svm_interfaces i
    on i.cluster = c.cluster
    and i.svm_id = c.svm_id
    and i.interface_id = c.interface_id
group by
    c.cluster,
    c.taken_at,
    c.previous_at,
    c.svm_id,
    c.initiator,
    c.isid,
    c.tsih,
    c.target_portal_group,
    c.interface_id
