-- /// query
-- title = "Connections at an instant"
-- [columns]
-- taken_at = "The snapshot that shows them."
-- previous_at = "The complete snapshot before it; null if it is the first."
-- cluster = "Cluster."
-- svm_id = "SVM."
-- svm = "Name of the SVM."
-- initiator = "Initiator, lower-cased."
-- alias = "Alias."
-- isid = "ISID."
-- tsih = "TSIH."
-- target_portal_group = "Target portal group."
-- connections = "Connections of the session."
-- authentication = "chap or none."
-- initiator_address = "Host address."
-- interface_id = "Interface."
-- interface_uuid = "UUID of the interface."
-- interface = "Name of the interface."
-- interface_address = "Address of the interface."
-- igroups = "Igroups: uuid and name."
-- seen_after = "The complete snapshot before first_seen; null in a baseline."
-- first_seen = "Since when it has been like this."
-- ///
select
    s.taken_at,
    s.previous_at,
    c.cluster,
    c.svm_id,
    c.svm,
    c.initiator,
    c.alias,
    c.isid,
    c.tsih,
    c.target_portal_group,
    c.connections,
    c.authentication,
    c.initiator_address,
    c.interface_id,
    c.interface_uuid,
    c.interface,
    c.interface_address,
    c.igroups,
    c.seen_after,
    c.first_seen
from snapshot_at s
join spells c on c.cluster = s.cluster and c.first_seen <= s.taken_at and c.last_seen >= s.taken_at
where list_contains(s.scope, c.svm_id)
