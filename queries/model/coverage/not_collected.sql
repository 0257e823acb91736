-- /// query
-- title = "Inventories that were not collected"
-- description = """Inventories that the last answered attempt up to the window's end did not
-- bring; of those that are rarely requested, the last attempt of a day that did."""
-- [columns]
-- cluster = "Cluster."
-- inventory = """svms, interfaces, igroups, nodes, lun_maps, portsets, ports, metrocluster or
-- ems (the event log)."""
-- status = "refused, missing, failed or not asked."
-- reason = "Why."
-- ///
with
    newest as (
        select
            a.cluster,
            max(a.taken_at) as taken_at,
            max(a.taken_at) - to_hours(t.inventory_hours) as since
        from attempts a
        cross join thresholds t
        where a.status <> 'failed' and a.taken_at <= $until
        group by a.cluster, t.inventory_hours
    ),
    answers as (
        select
            a.cluster,
            i.inventory,
            i.is_rare,
            a.taken_at,
            case
                i.inventory
                when 'svms'
                then a.svms_status
                when 'interfaces'
                then a.interfaces_status
                when 'igroups'
                then a.igroups_status
                when 'nodes'
                then a.nodes_status
                when 'ems'
                then a.ems_status
                when 'lun_maps'
                then a.lun_maps_status
                when 'portsets'
                then a.portsets_status
                when 'ports'
                then a.ports_status
                when 'metrocluster'
                then a.metrocluster_status
            end as status,
            case
                i.inventory
                when 'svms'
                then a.svms_reason
                when 'interfaces'
                then a.interfaces_reason
                when 'igroups'
                then a.igroups_reason
                when 'nodes'
                then a.nodes_reason
                when 'ems'
                then a.ems_reason
                when 'lun_maps'
                then a.lun_maps_reason
                when 'portsets'
                then a.portsets_reason
                when 'ports'
                then a.ports_reason
                when 'metrocluster'
                then a.metrocluster_reason
            end as reason
        from attempts a
        join
            newest n on n.cluster = a.cluster and a.taken_at >= n.since and a.taken_at <= n.taken_at
        cross join
            (
                values
                    ('svms', false),
                    ('interfaces', false),
                    ('igroups', false),
                    ('nodes', false),
                    ('ems', false),
                    ('lun_maps', true),
                    ('portsets', true),
                    ('ports', true),
                    ('metrocluster', true)
            ) i(inventory, is_rare)
        where a.taken_at = n.taken_at or i.is_rare and a.taken_at > n.since
    ),
    listed as (
        select
            cluster,
            inventory,
            coalesce(
                max_by(status, taken_at) filter (where status <> 'not asked'), 'not asked'
            ) as status,
            max_by(reason, taken_at) filter (where status <> 'not asked' or not is_rare) as reason
        from answers
        -- Nobody misses a log that was never requested.
        where inventory <> 'ems' or status <> 'not asked'
        group by cluster, inventory
    )
select cluster, inventory, status, reason
from listed
where status <> 'complete'
order by cluster, inventory
