-- /// query
-- title = "Interfaces through which an initiator reaches none of its LUNs"
-- description = """
-- It misses none of them, whoever else uses them. Only where that is known of all its igroups.
-- """
-- [columns]
-- cluster = "Cluster."
-- svm_id = "SVM."
-- initiator = "Initiator."
-- interface_id = "Interface."
-- why = "In words."
-- ///
with
    members as (
        select *, count(*) over (partition by cluster, svm_id, initiator) as igroups
        from members_at
        where live
    )
select m.cluster, m.svm_id, m.initiator, g.interface_id, max(g.why) as why
from members m
join
    igroup_interfaces g
    on g.cluster = m.cluster
    and g.svm_id = m.svm_id
    and g.igroup_id = m.igroup_id
where g.reaches = false
group by m.cluster, m.svm_id, m.initiator, g.interface_id
having count(*) = max(m.igroups)
