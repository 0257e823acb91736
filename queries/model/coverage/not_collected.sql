-- /// query
-- title = "Inventories that were not collected"
-- description = """Inventories that the last answered attempt up to the window's end did not
-- bring; of those that are rarely asked for, the last attempt of a day that asked."""
-- [columns]
-- cluster = "Cluster."
-- inventory = """svms, interfaces, igroups, nodes, lun_maps, portsets, ports, metrocluster or
-- ems (the event log)."""
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
    ),
    recent as (
        select a.*
        from attempts a
        join newest n on n.cluster = a.cluster
        cross join thresholds t
        where a.taken_at <= n.taken_at and a.taken_at > n.taken_at - to_hours(t.inventory_hours)
    ),
    rare as (
        select
            cluster,
            'lun_maps' as inventory,
            taken_at,
            lun_maps_status as status,
            lun_maps_reason as reason
        from recent
        union all
        select cluster, 'portsets', taken_at, portsets_status, portsets_reason
        from recent
        union all
        select cluster, 'ports', taken_at, ports_status, ports_reason
        from recent
        union all
        select cluster, 'metrocluster', taken_at, metrocluster_status, metrocluster_reason
        from recent
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
        union all
        -- Nobody misses a log that was never asked for.
        select cluster, 'ems', ems_status, ems_reason
        from latest
        where ems_status <> 'not asked'
        union all
        select
            cluster,
            inventory,
            coalesce(max_by(status, taken_at) filter (where status <> 'not asked'), 'not asked'),
            max_by(reason, taken_at) filter (where status <> 'not asked')
        from rare
        group by cluster, inventory
    )
where status <> 'complete'
order by cluster, inventory
