-- /// query
-- title = "Where each interface was, over time"
-- description = """The first place known holds for all time before it, the last for all time
-- after."""
-- [columns]
-- cluster = "Cluster."
-- uuid = "Interface."
-- node = "Node it was on."
-- fabric = "Fabric of its subnet by policy, else the subnet."
-- begins = "From then; null if from the beginning."
-- ends = "Until then; null if to the end."
-- ///
with
    told as (
        select i.cluster, i.uuid, i.node, coalesce(f.fabric, i.subnet) as fabric, i.first_seen
        from interfaces i
        left join fabrics f on f.subnet = i.subnet
    ),
    moves as (
        select *
        from told
        qualify
            row_number() over (partition by cluster, uuid order by first_seen) = 1
            or node is distinct from lag(node) over (partition by cluster, uuid order by first_seen)
            or fabric
            is distinct from lag(fabric) over (partition by cluster, uuid order by first_seen)
    ),
    moved as (
        -- Interfaces may be listed where sessions were not: a place counts from the next
        -- comparable one.
        select m.cluster, m.uuid, m.node, m.fabric, min(a.taken_at) as first_seen
        from moves m
        join
            attempts a
            on a.cluster = m.cluster
            and a.status = 'complete'
            and a.taken_at >= m.first_seen
        group by m.cluster, m.uuid, m.node, m.fabric, m.first_seen
        qualify
            row_number() over (
                partition by m.cluster, m.uuid, min(a.taken_at) order by m.first_seen desc
            )
            = 1
    )
select
    cluster,
    uuid,
    node,
    fabric,
    case
        when lag(first_seen) over (partition by cluster, uuid order by first_seen) is not null
        then first_seen
    end as begins,
    lead(first_seen) over (partition by cluster, uuid order by first_seen) as ends
from moved
