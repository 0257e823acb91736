-- /// query
-- title = "Where each interface was, over time"
-- description = """The first location known holds for all time before it, the last for all time
-- after."""
-- [columns]
-- cluster = "Cluster."
-- uuid = "Interface."
-- node = "Node it was on."
-- fabric = "Fabric of its subnet by policy, else the subnet."
-- begins_after = "Last complete snapshot before it was there; null if from the beginning."
-- begins = "First complete snapshot with it there; null if from the beginning."
-- ends_after = "Last complete snapshot with it there; null if to the end."
-- ends = "First complete snapshot with it elsewhere; null if to the end."
-- ///
with
    listed as (
        select i.cluster, i.uuid, i.node, coalesce(f.fabric, i.subnet) as fabric, i.first_seen
        from interfaces i
        left join fabrics f on f.subnet = i.subnet
    ),
    moves as (
        select *
        from listed
        qualify
            row_number() over (partition by cluster, uuid order by first_seen) = 1
            or node is distinct from lag(node) over (partition by cluster, uuid order by first_seen)
            or fabric
            is distinct from lag(fabric) over (partition by cluster, uuid order by first_seen)
    ),
    complete as (
        select
            cluster, taken_at, lag(taken_at) over (partition by cluster order by taken_at) as before
        from attempts
        where status = 'complete'
    ),
    counted as (
        -- Interfaces may be listed where sessions were not: a location counts from the next
        -- complete snapshot on.
        select m.cluster, m.first_seen, min(c.taken_at) as begins
        from (select distinct cluster, first_seen from moves) m
        join complete c on c.cluster = m.cluster and c.taken_at >= m.first_seen
        group by m.cluster, m.first_seen
    ),
    locations as (
        select m.cluster, m.uuid, m.node, m.fabric, c.before as begins_after, k.begins
        from moves m
        join counted k on k.cluster = m.cluster and k.first_seen = m.first_seen
        join complete c on c.cluster = k.cluster and c.taken_at = k.begins
        qualify
            row_number() over (partition by m.cluster, m.uuid, k.begins order by m.first_seen desc)
            = 1
    )
select
    cluster,
    uuid,
    node,
    fabric,
    case when lag(begins) over in_time is not null then begins_after end as begins_after,
    case when lag(begins) over in_time is not null then begins end as begins,
    lead(begins_after) over in_time as ends_after,
    lead(begins) over in_time as ends
from locations
window in_time as (partition by cluster, uuid order by begins)
