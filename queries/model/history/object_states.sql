-- /// query
-- title = "How much of its sessions each interface or node had, over the window"
-- description = """
-- One row for as long as the state stayed the same, by sweep line over the sessions of the window,
-- against the most that the object had in it. Nearly none is cause_purity of them lost. What one
-- snapshot missed was there.
-- """
-- [params.by]
-- default = "host"
-- help = "interface or node; there is no row for another."
-- [columns]
-- cluster = "Cluster."
-- svm_id = "SVM; null for a node."
-- object = "Interface or node, by its name."
-- state = "none (or nearly), some_paths or all_paths."
-- rank = "0 for none, 4 for some_paths, 5 for all_paths."
-- missing = "Sessions fewer than the most that it had."
-- began_after = "Last complete snapshot before; null if it was so at the first look."
-- began = "First complete snapshot that shows it so."
-- ended_after = "Last complete snapshot that shows it so; null while it lasts."
-- ended = "First complete snapshot that shows it otherwise; null while it lasts."
-- ///
with
    seen as (
        select
            cluster,
            svm_id,
            interface_id,
            interface_uuid,
            coalesce(interface, interface_id) as interface,
            1.0 / greatest(connections, 1) as sessions,
            seen_after,
            first_seen,
            last_seen,
            gone_by
        from recent_spells
        where
            $by in ('interface', 'node')
            and first_seen <= $until::timestamp
            and coalesce(gone_by > $since::timestamp, true)
        union all
        select
            cluster,
            svm_id,
            interface_id,
            interface_id,
            null,
            1.0 / greatest(connections, 1),
            last_seen,
            absent_at,
            absent_at,
            back_at
        from missed_connections
        where
            $by in ('interface', 'node')
            and absent_at <= $until::timestamp
            and back_at > $since::timestamp
    ),
    objects as (
        select
            cluster,
            svm_id,
            interface_id as object_id,
            interface as object,
            sessions,
            seen_after as begins_after,
            first_seen as begins,
            last_seen as ends_after,
            gone_by as ends
        from seen
        where $by = 'interface'
        union all
        select
            s.cluster,
            null,
            l.node,
            l.node,
            s.sessions,
            case when l.begins > s.first_seen then l.begins_after else s.seen_after end,
            greatest(l.begins, s.first_seen),
            case
                when s.gone_by is null or l.ends < s.gone_by
                then coalesce(l.ends_after, s.last_seen)
                else s.last_seen
            end,
            least(l.ends, s.gone_by)
        from seen s
        join
            interface_locations l
            on l.cluster = s.cluster
            and l.uuid = s.interface_uuid
            and (l.begins is null or s.gone_by is null or l.begins < s.gone_by)
            and (l.ends is null or l.ends > s.first_seen)
        where $by = 'node' and l.node is not null
    ),
    names as (
        select cluster, svm_id, object_id, max_by(object, begins) as object
        from objects
        where object is not null
        group by all
    ),
    events as (
        -- Interval overlap count by sweep line.
        select
            cluster,
            svm_id,
            object_id,
            begins_after as before,
            greatest(begins, $since::timestamp) as begins,
            sessions as step
        from objects
        where coalesce(ends > $since::timestamp, true)
        union all
        select cluster, svm_id, object_id, ends_after, ends, - sessions
        from objects
        where ends > $since::timestamp and ends <= $until::timestamp
    ),
    deltas as (
        select
            cluster, svm_id, object_id, begins as instant, max(before) as before, sum(step) as step
        from events
        group by all
    ),
    running as (
        select
            *,
            round(sum(step) over (partition by cluster, svm_id, object_id order by instant))::bigint
            as sessions
        from deltas
    ),
    measured as (
        select *, max(sessions) over (partition by cluster, svm_id, object_id) as most from running
    ),
    judged as (
        select
            m.*,
            case
                when m.most - m.sessions >= t.cause_purity * m.most
                then 'none'
                when m.sessions < m.most
                then 'some_paths'
                else 'all_paths'
            end as state
        from measured m
        cross join thresholds t
    ),
    turns as (
        -- Gaps and islands: neighbours of one state are one row.
        select *
        from judged
        qualify
            lag(state) over (partition by cluster, svm_id, object_id order by instant)
            is distinct from state
    )
select
    t.cluster,
    t.svm_id,
    n.object,
    t.state,
    case t.state when 'none' then 0 when 'some_paths' then 4 else 5 end as rank,
    t.most - t.sessions as missing,
    t.before as began_after,
    t.instant as began,
    lead(t.before) over in_time as ended_after,
    lead(t.instant) over in_time as ended
from turns t
join
    names n
    on n.cluster = t.cluster
    and n.svm_id is not distinct from t.svm_id
    and n.object_id = t.object_id
window in_time as (partition by t.cluster, t.svm_id, t.object_id order by t.instant)
