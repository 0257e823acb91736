-- /// query
-- title = "What each initiator stood on, over time"
-- description = """
-- One row per session and facet: that it was there at all, and the node, the subnet and the host
-- address it stood on, cut where its interface moved. What one snapshot missed was there. A session
-- whose interface would fail over stands on both nodes of the pair, while both can serve.
-- """
--
-- [columns]
-- cluster = "Cluster."
-- svm_id = "SVM."
-- initiator = "Initiator."
-- facet = "any, node, subnet or address."
-- place = "The node, the fabric of the subnet, or the address; empty for any."
-- begins_after = "Last complete snapshot before; null in a baseline."
-- begins = "First complete snapshot that shows it there."
-- ends_after = "Last complete snapshot that shows it there."
-- ends = "First complete snapshot that does not; null while it is there."
-- ///
with
    sessions as (
        select
            cluster,
            svm_id,
            initiator,
            initiator_address,
            interface_uuid,
            seen_after,
            first_seen,
            last_seen,
            gone_by
        from spells
        where first_seen <= $until
        union all
        select
            cluster,
            svm_id,
            initiator,
            initiator_address,
            interface_id,
            last_seen,
            absent_at,
            absent_at,
            back_at
        from missed_reads
    ),
    located as (
        select
            s.cluster,
            s.svm_id,
            s.initiator,
            l.node,
            l.fabric,
            l.heir,
            case
                when l.begins > s.first_seen then l.begins_after else s.seen_after
            end as begins_after,
            greatest(l.begins, s.first_seen) as begins,
            case
                when s.gone_by is null or l.ends < s.gone_by
                then coalesce(l.ends_after, s.last_seen)
                else s.last_seen
            end as ends_after,
            least(l.ends, s.gone_by) as ends
        from sessions s
        join
            interface_locations l
            on l.cluster = s.cluster
            and l.uuid = s.interface_uuid
            and (l.begins is null or s.gone_by is null or l.begins < s.gone_by)
            and (l.ends is null or l.ends > s.first_seen)
    )
select
    cluster,
    svm_id,
    initiator,
    'any' as facet,
    '' as place,
    seen_after as begins_after,
    first_seen as begins,
    last_seen as ends_after,
    gone_by as ends
from sessions
union all
select cluster, svm_id, initiator, 'node', node, begins_after, begins, ends_after, ends
from located
where node is not null
union all
select cluster, svm_id, initiator, 'node', heir, begins_after, begins, ends_after, ends
from located
where heir is not null
union all
select cluster, svm_id, initiator, 'subnet', fabric, begins_after, begins, ends_after, ends
from located
where fabric is not null
union all
select
    cluster,
    svm_id,
    initiator,
    'address',
    initiator_address,
    seen_after,
    first_seen,
    last_seen,
    gone_by
from sessions
where initiator_address <> ''
