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
select m.cluster, m.svm_id, m.initiator, list_sort(list(distinct n.node)) as nodes
from
    (
        select cluster, svm_id, initiator
        from members_at
        where live
        group by cluster, svm_id, initiator
    ) m
join
    (
        select e.cluster, e.svm_id, e.initiator, unnest(g.reporting_nodes) as node
        from members_at e
        join
            mapped_igroups g
            on g.cluster = e.cluster
            and g.svm_id = e.svm_id
            and g.igroup_id = e.igroup_id
    ) n
    on n.cluster = m.cluster
    and n.svm_id = m.svm_id
    and n.initiator = m.initiator
where
    not exists (
        select 1
        from members_at e
        left join
            mapped_igroups g
            on g.cluster = e.cluster
            and g.svm_id = e.svm_id
            and g.igroup_id = e.igroup_id
        where
            e.cluster = m.cluster
            and e.svm_id = m.svm_id
            and e.initiator = m.initiator
            and g.reporting_nodes is null
    )
group by m.cluster, m.svm_id, m.initiator
