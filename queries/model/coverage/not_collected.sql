-- /// query
-- title = "Inventories that were not collected"
-- description = """Inventories that the last answered attempt up to the window's end did not
-- bring."""
-- [columns]
-- cluster = "Cluster."
-- inventory = "svms, interfaces, igroups or nodes."
-- status = "refused, missing, failed or not asked."
-- reason = "Why."
-- ///
with
    newest as (
        select cluster, max(taken_at) as taken_at
        from attempts
        where status <> 'failed' and taken_at <= $until
        group by cluster
    ),
    latest as (
        select a.*
        from attempts a
        join newest n on n.cluster = a.cluster and n.taken_at = a.taken_at
    )
select *
from
    (
        select cluster, 'svms' as inventory, svms_status as status, svms_reason as reason
        from latest
        union all
        select cluster, 'interfaces', interfaces_status, interfaces_reason
        from latest
        union all
        select cluster, 'igroups', igroups_status, igroups_reason
        from latest
        union all
        select cluster, 'nodes', nodes_status, nodes_reason
        from latest
    )
where status <> 'complete'
order by cluster, inventory
