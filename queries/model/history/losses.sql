-- /// query
-- title = "Losses, stitched to their recoveries"
-- description = """
-- A path that was lost whole is back when it is present again, one that lost some of its sessions
-- when it has at least as many as before. An interface that was made anew at the same address is
-- the same path. Between lost and back everything is an interval.
-- """
-- [columns]
-- loss = "Number of this row."
-- cluster = "Cluster."
-- svm_id = "SVM."
-- svm = "Name of the SVM."
-- initiator = "Initiator."
-- initiator_address = "Host address."
-- interface_id = "Interface."
-- interface = "Name of the interface."
-- interface_address = "Address of the interface."
-- sessions_lost = "Sessions lost on the path."
-- path_sessions_left = "Sessions left on the path."
-- initiator_sessions_left = "Sessions left to the initiator in the SVM."
-- left_on = "Interfaces left to the initiator."
-- nodes_left = "Nodes left to it; null without interface data."
-- subnets_left = "Subnets left to it; null without interface data."
-- lost_after = "Last comparable snapshot that saw them."
-- lost_by = "First comparable snapshot that did not."
-- back_after = "Last comparable snapshot before they were back."
-- back_by = "First comparable snapshot that has them back."
-- back_sessions = "Sessions on the path when it was back."
-- status = "open, recovered or replaced."
-- replaced_by = "The path that took over."
-- switched_to = "The SVM of another cluster that took over with the same addresses (C41)."
-- severity = "How much it matters."
-- ///
with
    lost as (
        select
            *,
            row_number() over (
                order by
                    cluster, svm_id, lost_by, lost_after, initiator, initiator_address, interface_id
            ) as loss
        from lost_paths
    ),
    step as (
        -- Every spell of the path that begins or ends after the loss; what one snapshot missed
        -- cancels.
        select
            l.loss,
            s.first_seen as instant,
            s.seen_after as before_it,
            1.0 / greatest(s.connections, 1) as sessions
        from lost l
        join
            spells s
            on s.cluster = l.cluster
            and s.svm_id = l.svm_id
            and s.initiator = l.initiator
            and s.initiator_address = l.initiator_address
            and s.first_seen > l.lost_by
        where s.interface_id = l.interface_id or s.interface_address = l.interface_address
        union all
        select l.loss, s.gone_by, s.last_seen, -1.0 / greatest(s.connections, 1)
        from lost l
        join
            spells s
            on s.cluster = l.cluster
            and s.svm_id = l.svm_id
            and s.initiator = l.initiator
            and s.initiator_address = l.initiator_address
            and s.gone_by > l.lost_by
        where s.interface_id = l.interface_id or s.interface_address = l.interface_address
        union all
        -- A connection that the snapshot of the loss itself missed is back at once, and counted
        -- there.
        select l.loss, r.back_at, r.absent_at, -1.0 / greatest(r.connections, 1)
        from lost l
        join
            missed_reads r
            on r.cluster = l.cluster
            and r.svm_id = l.svm_id
            and r.initiator = l.initiator
            and r.initiator_address = l.initiator_address
            and r.absent_at = l.lost_by
            and r.interface_id = l.interface_id
    ),
    counted as (
        select loss, instant, max(before_it) as before_it, sum(sessions) as moved
        from step
        group by loss, instant
    ),
    running as (
        select
            c.loss,
            c.instant,
            c.before_it,
            l.path_sessions_left,
            l.sessions_lost,
            l.path_sessions_left
            + sum(c.moved) over (partition by c.loss order by c.instant) as sessions
        from counted c
        join lost l on l.loss = c.loss
    ),
    back as (
        select
            loss, instant as back_by, before_it as back_after, round(sessions)::bigint as sessions
        from running
        where
            sessions > 0.5
            and sessions >= case
                when path_sessions_left = 0 then 0.5 else path_sessions_left + sessions_lost - 0.01
            end
        qualify row_number() over (partition by loss order by instant) = 1
    )
select
    l.loss,
    l.cluster,
    l.svm_id,
    l.svm,
    l.initiator,
    l.initiator_address,
    l.interface_id,
    l.interface,
    l.interface_address,
    l.sessions_lost,
    l.path_sessions_left,
    l.initiator_sessions_left,
    l.left_on,
    l.nodes_left,
    l.subnets_left,
    l.lost_after,
    l.lost_by,
    b.back_after,
    b.back_by,
    b.sessions as back_sessions,
    case
        when b.back_by is not null then 'recovered' when l.taken_over then 'replaced' else 'open'
    end as status,
    case when l.taken_over then l.replaced_by end as replaced_by,
    l.switched_to,
    l.severity
from lost l
left join back b on b.loss = l.loss
