-- /// query
-- title = "Initiators with several addresses in a subnet"
-- description = "Cards that share a subnet, or hosts that share a name."
-- [columns]
-- cluster = "Cluster."
-- svm_id = "SVM."
-- initiator = "Initiator."
-- fabric = "Fabric of the subnet."
-- ///
select c.cluster, c.svm_id, c.initiator, i.fabric
from connections_at c
join
    svm_interfaces i
    on i.cluster = c.cluster
    and i.svm_id = c.svm_id
    and i.interface_id = c.interface_id
where i.fabric is not null and c.initiator <> '' and c.initiator_address <> ''
group by c.cluster, c.svm_id, c.initiator, i.fabric
having min(c.initiator_address) < max(c.initiator_address)
