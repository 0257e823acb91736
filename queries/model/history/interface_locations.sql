-- /// query
-- title = "Where each interface was, over time"
-- description = """The first location known holds for all time before it, the last for all time
-- after."""
-- [columns]
-- cluster = "Cluster."
-- uuid = "Interface."
-- node = "Node it was on."
-- fabric = "Fabric of its subnet by policy, else the subnet."
-- heir = "Node that it would fail over to then; null if it stays, or that node could not serve."
-- begins_after = "Last complete snapshot before it was there; null if from the beginning."
-- begins = "First complete snapshot with it there; null if from the beginning."
-- ends_after = "Last complete snapshot with it there; null if to the end."
-- ends = "First complete snapshot with it elsewhere; null if to the end."
-- ///
with
    modes as (
        -- An SVM keeps its multipathing for life.
        select cluster, uuid, max_by(san_multipathing, first_seen) as san_multipathing
        from svms
        group by cluster, uuid
    ),
    partners as (
        select cluster, name as node, max_by(ha_partner, first_seen) as partner
        from nodes
        group by cluster, name
    ),
    mobile as (
        select
            i.*,
            coalesce(f.fabric, i.subnet) as fabric,
            case
                when not coalesce(i.is_home, true)
                then null
                when m.san_multipathing = 'local_active'
                then null
                when
                    m.san_multipathing in ('active_active', 'active_active_scsi_only')
                    or i.failover in ('sfo_partners_only', 'sfo_partner_only')
                then p.partner
            end as partner
        from interfaces i
        left join fabrics f on f.subnet = i.subnet
        left join modes m on m.cluster = i.cluster and m.uuid = i.svm_uuid
        left join partners p on p.cluster = i.cluster and p.node = i.node
    ),
    listed as (
        -- An interface that fails over has an heir for as long as the partner is up.
        select
            i.cluster,
            i.uuid,
            i.node,
            i.fabric,
            case when coalesce(p.state, 'up') = 'up' then p.name end as heir,
            greatest(i.first_seen, coalesce(p.first_seen, i.first_seen)) as first_seen
        from mobile i
        left join
            nodes p
            on p.cluster = i.cluster
            and p.name = i.partner
            and coalesce(p.first_seen < i.gone_by, true)
            and coalesce(p.gone_by > i.first_seen, true)
    ),
    moves as (
        select *
        from listed
        qualify
            row_number() over (partition by cluster, uuid order by first_seen) = 1
            or node is distinct from lag(node) over (partition by cluster, uuid order by first_seen)
            or fabric
            is distinct from lag(fabric) over (partition by cluster, uuid order by first_seen)
            or heir is distinct from lag(heir) over (partition by cluster, uuid order by first_seen)
    ),
    counted as (
        -- Interfaces may be listed where sessions were not: a location counts from the next
        -- complete snapshot on.
        select
            m.cluster,
            m.first_seen,
            min(a.taken_at) filter (where a.taken_at >= m.first_seen) as begins,
            max(a.taken_at) filter (where a.taken_at < m.first_seen) as begins_after
        from (select distinct cluster, first_seen from moves) m
        join attempts a on a.cluster = m.cluster
        where a.status = 'complete'
        group by m.cluster, m.first_seen
    ),
    locations as (
        select m.cluster, m.uuid, m.node, m.fabric, m.heir, k.begins_after, k.begins
        from moves m
        join counted k on k.cluster = m.cluster and k.first_seen = m.first_seen
        where k.begins is not null
        qualify
            row_number() over (partition by m.cluster, m.uuid, k.begins order by m.first_seen desc)
            = 1
    )
select
    cluster,
    uuid,
    node,
    fabric,
    heir,
    case when lag(begins) over in_time is not null then begins_after end as begins_after,
    case when lag(begins) over in_time is not null then begins end as begins,
    lead(begins_after) over in_time as ends_after,
    lead(begins) over in_time as ends
from locations
window in_time as (partition by cluster, uuid order by begins)
