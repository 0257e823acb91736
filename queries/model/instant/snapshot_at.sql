-- /// query
-- title = "The snapshot that an instant means"
-- description = """Per cluster the last complete snapshot at or before $at, and when each
-- inventory was last listed by then (a day old at most, unless configured)."""
-- [columns]
-- cluster = "Cluster."
-- taken_at = "The snapshot."
-- previous_at = "The complete snapshot before it; null if it is the first."
-- scope = "SVMs that it speaks for."
-- interfaces_at = "Latest listing of the interfaces; null if there is none."
-- nodes_at = "Latest listing of the nodes; null if there is none."
-- igroups_at = "Latest listing of the igroups; null if there is none."
-- svms_at = "Latest listing of the SVMs; null if there is none."
-- lun_maps_at = "Latest listing of the LUN maps; null if there is none."
-- portsets_at = "Latest listing of the portsets; null if there is none."
-- ports_at = "Latest listing of the ports; null if there is none."
-- ///
select
    l.cluster,
    l.taken_at,
    l.previous_at,
    s.scope,
    max(a.taken_at) filter (where a.interfaces_status = 'complete') as interfaces_at,
    max(a.taken_at) filter (where a.nodes_status = 'complete') as nodes_at,
    max(a.taken_at) filter (where a.igroups_status = 'complete') as igroups_at,
    max(a.taken_at) filter (where a.svms_status = 'complete') as svms_at,
    max(a.taken_at) filter (where a.lun_maps_status = 'complete') as lun_maps_at,
    max(a.taken_at) filter (where a.portsets_status = 'complete') as portsets_at,
    max(a.taken_at) filter (where a.ports_status = 'complete') as ports_at
from latest_complete l
join attempts s on s.cluster = l.cluster and s.taken_at = l.taken_at and s.status = 'complete'
cross join thresholds t
join
    attempts a
    on a.cluster = l.cluster
    and a.taken_at <= l.taken_at
    and a.taken_at > l.taken_at - to_hours(t.inventory_hours)
group by l.cluster, l.taken_at, l.previous_at, s.scope
