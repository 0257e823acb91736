-- /// query
-- title = "Initiators with several addresses in a subnet"
-- description = "Cards that share a subnet, or hosts that share a name."
-- [columns]
-- cluster = "Cluster."
-- svm_id = "SVM."
-- initiator = "Initiator."
-- fabric = "Fabric of the subnet."
-- ///
select p.cluster, p.svm_id, p.initiator, i.fabric
from spells p
join snapshot_at s on s.cluster = p.cluster
join
    svm_interfaces i
    on i.cluster = p.cluster
    and i.svm_id = p.svm_id
    and i.interface_id = p.interface_id
where
    p.first_seen <= s.taken_at
    and p.last_seen >= s.taken_at
    and i.fabric is not null
    and p.initiator <> ''
    and p.initiator_address <> ''
group by p.cluster, p.svm_id, p.initiator, i.fabric
having min(p.initiator_address) < max(p.initiator_address)
