-- /// query
-- title = "Through which interfaces each igroup reaches its LUNs"
-- description = """
-- A LUN is seen through the nodes that report it (selective LUN map) and the interfaces of the
-- igroup's portset. Three answers: yes, no, and null where what it takes was not collected.
-- """
-- [columns]
-- cluster = "Cluster."
-- svm_id = "SVM."
-- igroup_id = "Igroup."
-- interface_id = "Interface of its SVM."
-- reaches = "Whether a LUN is seen through it; null if not known."
-- asked_by = "'required nodes' or 'LUN maps' where they ask for it; null else."
-- why = "Why no LUN is seen through it, in words."
-- ///
with
    crossed as (
        select
            g.cluster,
            g.svm_id,
            g.igroup_id,
            i.interface_id,
            g.luns,
            g.portset,
            i.home_node,
            g.required_nodes,
            -- ONTAP's own word stands in for LUN maps that were not collected.
            list_contains(
                coalesce(g.reporting_nodes, g.required_nodes), coalesce(i.home_node, '')
            ) as reported,
            case
                when g.portset is null
                then true
                else list_contains(g.interface_uuids, i.interface_id)
            end as in_portset
        from mapped_igroups g
        join svm_interfaces i on i.cluster = g.cluster and i.svm_id = g.svm_id
        where i.home_node is not null
    )
select
    cluster,
    svm_id,
    igroup_id,
    interface_id,
    reported and in_portset as reaches,
    case
        when not in_portset or in_portset is null
        then null
        when list_contains(required_nodes, home_node)
        then 'required nodes'
        when required_nodes is null and reported
        then 'LUN maps'
    end as asked_by,
    case
        when luns = 0
        then 'no LUN is mapped'
        when not reported
        then home_node || ' reports none of its LUNs'
        when not in_portset
        then 'is not in the portset ' || portset
    end as why
from crossed
