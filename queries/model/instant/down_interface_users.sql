-- /// query
-- title = "Who stood on the interfaces that are enabled and down"
-- description = """Initiators that were on the interface within a day before it was last up,
-- however long ago that was: they miss it until it is repaired, switched off or removed."""
-- [columns]
-- cluster = "Cluster."
-- svm_id = "SVM."
-- initiator = "Initiator."
-- interface_id = "Interface."
-- home_node = "Its home node."
-- ///
with
    last_up as (
        select i.cluster, i.svm_id, i.interface_id, i.home_node, max(e.last_seen) as last_up
        from svm_interfaces i
        join snapshot_at s on s.cluster = i.cluster
        join
            interfaces e
            on e.cluster = i.cluster
            and e.uuid = i.interface_id
            and e.first_seen <= s.interfaces_at
            and e.enabled
            and e.state = 'up'
        where i.enabled and not i.up
        group by i.cluster, i.svm_id, i.interface_id, i.home_node
    )
select distinct u.cluster, u.svm_id, p.initiator, u.interface_id, u.home_node
from last_up u
cross join thresholds t
join
    spells p
    on p.cluster = u.cluster
    and p.svm_id = u.svm_id
    and p.interface_id = u.interface_id
    and p.first_seen <= u.last_up
    and p.last_seen > u.last_up - to_hours(t.recent_hours)
