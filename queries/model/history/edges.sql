-- /// query
-- title = "Connection rows that end or begin"
-- description = """
-- With $before or $after: between two comparable snapshots, per SVM that both can speak for.
-- With $since: at every comparable snapshot whose interval overlaps the window, and where a path
-- ended before it that never came back; what one snapshot missed ends and begins in one
-- transition, from before it to after it (C17).
-- """
-- [columns]
-- cluster = "Cluster."
-- svm_id = "SVM."
-- changed_after = "Last comparable snapshot of the SVM before the change."
-- changed_by = "First comparable snapshot of the SVM after it."
-- side = "gone or came."
-- retracted = "Whether one snapshot merely missed it."
-- svm_uuid = "UUID of the SVM."
-- svm = "Name of the SVM."
-- initiator = "Initiator."
-- alias = "Its alias."
-- comment = "Its comment."
-- isid = "Initiator's part of the session identifier."
-- tsih = "Target session identifying handle."
-- target_portal_group = "Target portal group."
-- target_portal_group_tag = "Its tag."
-- connections = "Connections of the session."
-- cid = "Connection identifier."
-- authentication = "chap or none."
-- initiator_address = "Host address."
-- initiator_port = "Port at the host."
-- interface_id = "Interface."
-- interface_uuid = "UUID of the interface."
-- interface = "Name of the interface."
-- interface_address = "Address of the interface."
-- igroups = "Igroups that hold the initiator."
-- ///
with
    comparable as (
        select cluster, taken_at, scope
        from attempts
        where status = 'complete' and taken_at <= $after::timestamp
    ),
    later as (
        select *
        from comparable
        qualify row_number() over (partition by cluster order by taken_at desc) = 1
    ),
    earlier as (
        select c.*
        from comparable c
        join later l on l.cluster = c.cluster
        where
            case
                when $before::timestamp is null
                then c.taken_at < l.taken_at
                else c.taken_at <= $before::timestamp
            end
        qualify row_number() over (partition by c.cluster order by c.taken_at desc) = 1
    ),
    scopes as (
        select cluster, taken_at, 'after' as which, unnest(scope) as svm_id
        from later
        union all
        select cluster, taken_at, 'before', unnest(scope)
        from earlier
    ),
    pairs as (
        select
            cluster,
            svm_id,
            max(taken_at) filter (which = 'before') as changed_after,
            max(taken_at) filter (which = 'after') as changed_by
        from scopes
        group by cluster, svm_id
        having changed_after < changed_by
    ),
    edge as (
        select s.*, p.changed_after, p.changed_by, 'gone' as side, false as retracted
        from spells s
        join pairs p on p.cluster = s.cluster and p.svm_id = s.svm_id
        where
            s.first_seen <= p.changed_after
            and s.last_seen >= p.changed_after
            and s.last_seen < p.changed_by
        union all
        select s.*, p.changed_after, p.changed_by, 'came', false
        from spells s
        join pairs p on p.cluster = s.cluster and p.svm_id = s.svm_id
        where
            s.first_seen > p.changed_after
            and s.first_seen <= p.changed_by
            and s.last_seen >= p.changed_by
        union all
        select s.*, s.last_seen, coalesce(r.back_at, s.gone_by), 'gone', r.back_at is not null
        from spells s
        left join
            missed_reads r
            on r.cluster = s.cluster
            and r.svm_id = s.svm_id
            and r.absent_at = s.gone_by
            and r.ended = s.first_seen
            and r.initiator = s.initiator
            and r.isid = s.isid
            and r.tsih = s.tsih
            and r.cid is not distinct from s.cid
            and r.initiator_address = s.initiator_address
            and r.interface_id = s.interface_id
        where
            s.gone_by is not null
            and s.last_seen < $until
            and (
                coalesce(r.back_at, s.gone_by) >= $since
                or exists (
                    select 1
                    from open_loss_instants o
                    where o.cluster = s.cluster and o.gone_by = s.gone_by
                )
                or exists (
                    select 1
                    from open_loss_instants o
                    where o.cluster = s.cluster and o.gone_by = r.back_at
                )
            )
        union all
        select s.*, coalesce(r.last_seen, s.seen_after), s.first_seen, 'came', r.back_at is not null
        from spells s
        left join
            missed_reads r
            on r.cluster = s.cluster
            and r.svm_id = s.svm_id
            and r.absent_at = s.seen_after
            and r.back_at = s.first_seen
            and r.initiator = s.initiator
            and r.isid = s.isid
            and r.tsih = s.tsih
            and r.cid is not distinct from s.cid
            and r.initiator_address = s.initiator_address
            and r.interface_address is not distinct from s.interface_address
        where
            s.seen_after is not null
            and coalesce(r.last_seen, s.seen_after) < $until
            and (
                s.first_seen >= $since
                or exists (
                    select 1
                    from open_loss_instants o
                    where o.cluster = s.cluster and o.gone_by = s.first_seen
                )
                or exists (
                    select 1
                    from open_loss_instants o
                    where o.cluster = s.cluster and o.gone_by = r.absent_at
                )
            )
    )
select
    cluster,
    svm_id,
    changed_after,
    changed_by,
    side,
    retracted,
    svm_uuid,
    svm,
    initiator,
    alias,
    "comment",
    isid,
    tsih,
    target_portal_group,
    target_portal_group_tag,
    connections,
    cid,
    authentication,
    initiator_address,
    initiator_port,
    interface_id,
    interface_uuid,
    interface,
    interface_address,
    igroups
from edge
