-- /// query
-- title = "Losses, stitched to their recoveries"
-- description = """
-- A path that was lost whole is back when it is present again, one that lost some of its sessions
-- when it has at least as many as before. An interface that was made anew at the same address is
-- the same path, and so is one that the host comes back to from an address that it did not have
-- before: replaced. Between lost and back everything is an interval. A loss that was open for
-- abandon_days, or whose initiator was taken out of service, ended there: it is abandoned.
-- A loss belongs to the window when the time that the path was away overlaps it.
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
-- lost_after = "Last complete snapshot that saw them."
-- lost_by = "First complete snapshot that did not."
-- back_after = "Last complete snapshot before they were back."
-- back_by = "First complete snapshot that has them back."
-- back_sessions = "Sessions on the path when it was back."
-- ended_by = "When it ended: back, abandoned, or at once if taken over; null while open."
-- status = "open, recovered, replaced or abandoned."
-- replaced_by = "The path that took over."
-- switched_to = "The SVM of another cluster that took over with the same addresses."
-- renamed_to = "The name under which the initiator goes on at this path."
-- severity = "How much it matters; info if abandoned."
-- in_window = "Whether the path was away at some time of the window."
-- ///
with
    events as (
        -- Interval overlap count by sweep line: every spell of the path that begins or ends after
        -- the loss; what one snapshot missed
        -- cancels.
        select
            l.loss,
            s.first_seen as instant,
            s.seen_after as before,
            1.0 / greatest(s.connections, 1) as sessions
        from lost_paths l
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
        from lost_paths l
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
        from lost_paths l
        join
            missed_reads r
            on r.cluster = l.cluster
            and r.svm_id = l.svm_id
            and r.initiator = l.initiator
            and r.initiator_address = l.initiator_address
            and r.absent_at = l.lost_by
            and r.interface_id = l.interface_id
    ),
    deltas as (
        select loss, instant, max(before) as before, sum(sessions) as delta
        from events
        group by loss, instant
    ),
    running as (
        select
            d.loss,
            d.instant,
            d.before,
            l.path_sessions_left,
            l.sessions_lost,
            l.path_sessions_left
            + sum(d.delta) over (partition by d.loss order by d.instant) as sessions
        from deltas d
        join lost_paths l on l.loss = d.loss
    ),
    turns as (
        select loss, instant as back_by, before as back_after, round(sessions)::bigint as sessions
        from running
        where
            sessions > 0.5
            and sessions >= case
                when path_sessions_left = 0 then 0.5 else path_sessions_left + sessions_lost - 0.01
            end
        qualify row_number() over (partition by loss order by instant) = 1
    ),
    newcomers as (
        -- Sessions on the lost path's interface from other addresses of the host, since the loss.
        select
            l.loss,
            l.cluster,
            l.svm_id,
            l.initiator,
            l.lost_after,
            s.initiator_address,
            coalesce(s.interface, s.interface_id) as interface,
            s.seen_after,
            s.first_seen
        from
            (
                select
                    *,
                    count(*) over (
                        partition by cluster, svm_id, initiator, interface_id, lost_by
                    ) as losses
                from lost_paths
                where path_sessions_left = 0 and not taken_over
            ) l
        join
            spells s
            on s.cluster = l.cluster
            and s.svm_id = l.svm_id
            and s.initiator = l.initiator
            and s.initiator_address <> l.initiator_address
            and s.first_seen > l.lost_by
        where
            l.losses = 1
            and (s.interface_id = l.interface_id or s.interface_address = l.interface_address)
    ),
    readdressed as (
        -- A host that comes back with an address that it did not have before the loss stands on
        -- the same path (C05).
        select
            n.loss,
            min(n.first_seen) as back_by,
            min_by(n.seen_after, n.first_seen) as back_after,
            min_by(n.initiator_address || ' to ' || n.interface, n.first_seen) as path
        from newcomers n
        where
            not exists (
                select 1
                from spells b
                where
                    b.cluster = n.cluster
                    and b.svm_id = n.svm_id
                    and b.initiator = n.initiator
                    and b.initiator_address = n.initiator_address
                    and b.first_seen <= n.lost_after
            )
        group by n.loss
    ),
    ends as (
        -- What came back after a loss was abandoned does not end it.
        select
            l.loss,
            least(
                l.lost_by + h.abandon_days * interval 1 day,
                coalesce(d.departed_at, l.lost_by + h.abandon_days * interval 1 day)
            ) as abandoned_at
        from lost_paths l
        cross join thresholds h
        left join
            departed_initiators d
            on d.cluster = l.cluster
            and d.svm_id = l.svm_id
            and d.initiator = l.initiator
            and d.departed_at >= l.lost_by
    ),
    states as (
        select
            l.*,
            t.back_after,
            t.back_by,
            t.sessions as back_sessions,
            a.back_after as readdressed_after,
            a.back_by as readdressed_by,
            a.path as readdressed_to,
            case
                when t.back_by <= least(e.abandoned_at, a.back_by)
                then 'recovered'
                when l.taken_over or a.back_by <= e.abandoned_at
                then 'replaced'
                when e.abandoned_at <= $now::timestamp
                then 'abandoned'
                else 'open'
            end as status,
            e.abandoned_at
        from lost_paths l
        join ends e on e.loss = l.loss
        left join turns t on t.loss = l.loss
        left join readdressed a on a.loss = l.loss
    ),
    dated as (
        select
            *,
            case
                status
                when 'recovered'
                then back_by
                when 'replaced'
                then coalesce(readdressed_by, lost_by)
                when 'abandoned'
                then abandoned_at
            end as ended_by
        from states
    )
select
    loss,
    cluster,
    svm_id,
    svm,
    initiator,
    initiator_address,
    interface_id,
    interface,
    interface_address,
    sessions_lost,
    path_sessions_left,
    initiator_sessions_left,
    left_on,
    nodes_left,
    subnets_left,
    lost_after,
    lost_by,
    case
        status when 'recovered' then back_after when 'replaced' then readdressed_after
    end as back_after,
    case status when 'recovered' then back_by when 'replaced' then readdressed_by end as back_by,
    case when status = 'recovered' then back_sessions end as back_sessions,
    ended_by,
    status,
    case
        when taken_over then replaced_by when status = 'replaced' then readdressed_to
    end as replaced_by,
    switched_to,
    renamed_to,
    case when status = 'abandoned' then 'info' else severity end as severity,
    coalesce(ended_by >= $since, true) as in_window
from dated
