-- /// query
-- title = "Nodes that report the LUNs of each initiator"
-- description = """
-- The nodes that LUN maps name for any of its igroups. Initiators of whose igroups that is not
-- known, or that have no LUN, have no row.
-- """
-- [columns]
-- cluster = "Cluster."
-- svm_id = "SVM."
-- initiator = "Initiator."
-- nodes = "Names of the nodes."
-- ///
with
    members as (
        select m.cluster, m.svm_id, m.initiator, g.reporting_nodes
        from members_at m
        left join
            mapped_igroups g
            on g.cluster = m.cluster
            and g.svm_id = m.svm_id
            and g.igroup_id = m.igroup_id
        where m.live
    ),
    known as (
        select cluster, svm_id, initiator
        from members
        group by all
        having count(*) = count(reporting_nodes)
    )
select k.cluster, k.svm_id, k.initiator, list_sort(list(distinct n.node)) as nodes
from known k
join
    (select cluster, svm_id, initiator, unnest(reporting_nodes) as node from members) n
    on n.cluster = k.cluster
    and n.svm_id = k.svm_id
    and n.initiator = k.initiator
group by k.cluster, k.svm_id, k.initiator
