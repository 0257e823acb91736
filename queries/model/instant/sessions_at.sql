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
-- first_seen = "Since when it has been like this."
-- seen_after = "The complete snapshot before that; null in a baseline."
-- ///
with
    sessions as (
        select
            cluster,
            taken_at,
            previous_at,
            svm_id,
            max(svm) as svm,
            initiator,
            isid,
            tsih,
            target_portal_group,
            max(alias) as alias,
            min(initiator_address) as initiator_address,
            interface_id,
            max(connections) as connections,
            max(authentication) as authentication,
            max(first_seen) as first_seen,
            max(seen_after) as seen_after
        from connections_at
        group by
            cluster,
            taken_at,
            previous_at,
            svm_id,
            initiator,
            isid,
            tsih,
            target_portal_group,
            interface_id
    ),
    places as (
        select
            cluster,
            svm_id,
            interface_id,
            max(interface) as interface,
            max(interface_address) as interface_address,
            max(node) as node,
            max(home_node) as home_node,
            max(subnet) as subnet,
            max(fabric) as fabric
        from svm_interfaces
        group by cluster, svm_id, interface_id
    )
select
    s.cluster,
    s.taken_at,
    s.previous_at,
    s.svm_id,
    s.svm,
    s.initiator,
    s.isid,
    s.tsih,
    s.target_portal_group,
    s.alias,
    s.initiator_address,
    s.interface_id,
    p.interface,
    p.interface_address,
    p.node,
    p.home_node,
    p.subnet,
    p.fabric,
    s.connections,
    s.authentication,
    s.first_seen,
    s.seen_after
from sessions s
left join
    places p on p.cluster = s.cluster and p.svm_id = s.svm_id and p.interface_id = s.interface_id
