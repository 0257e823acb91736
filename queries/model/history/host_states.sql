-- /// query
-- title = "How redundantly each initiator was connected, over the window"
-- description = """
-- One row for as long as the state stayed the same, by sweep line over the sessions of the window.
-- What a host can miss is measured by the most paths that it had at once since abandon_days before
-- the window; a host without a session for longer than that is out of service. What one snapshot
-- missed was there.
-- """
--
-- [params.by]
-- default = "host"
-- help = "Only for host is there a row."
-- [columns]
-- cluster = "Cluster."
-- svm_id = "SVM."
-- initiator = "Initiator."
-- state = "none, one_path, one_node, one_subnet, some_paths or all_paths."
-- rank = "0 for none, 5 for all_paths."
-- missing = "Paths fewer than the most that it had."
-- began_after = "Last complete snapshot before; null if it was so at the first look."
-- began = "First complete snapshot that shows it so."
-- ended_after = "Last complete snapshot that shows it so; null while it lasts."
-- ended = "First complete snapshot that shows it otherwise; null while it lasts."
-- ///
with
    sessions as (
        select
            s.cluster,
            s.svm_id,
            s.initiator,
            s.initiator_address,
            s.interface_id,
            s.interface_uuid,
            s.seen_after,
            s.first_seen,
            s.last_seen,
            s.gone_by
        from recent_spells s
        cross join thresholds t
        where
            $by = 'host'
            and s.initiator <> ''
            and s.first_seen <= $until::timestamp
            and coalesce(s.gone_by >= $since::timestamp - t.abandon_days * interval 1 day, true)
        union all
        select
            cluster,
            svm_id,
            initiator,
            initiator_address,
            interface_id,
            interface_id,
            last_seen,
            absent_at,
            absent_at,
            back_at
        from missed_connections
        where
            $by = 'host'
            and initiator <> ''
            and absent_at <= $until::timestamp
            and back_at > $since::timestamp
    ),
    moved as (
        -- Interfaces that change their node or subnet after the window begins.
        select distinct cluster, uuid
        from interface_locations
        where begins > $since::timestamp or ends > $since::timestamp
    ),
    paths as (
        select
            s.cluster,
            s.svm_id,
            s.initiator,
            s.initiator_address,
            s.interface_id,
            bool_or(
                s.first_seen <= $since::timestamp and coalesce(s.gone_by > $since::timestamp, true)
            ) as is_held,
            bool_or(
                s.first_seen > $since::timestamp
                or coalesce(s.gone_by > $since::timestamp and s.gone_by <= $until::timestamp, false)
                or m.uuid is not null
            ) as is_moving
        from sessions s
        left join moved m on m.cluster = s.cluster and m.uuid = s.interface_uuid
        group by s.cluster, s.svm_id, s.initiator, s.initiator_address, s.interface_id
    ),
    hosts as (
        -- A host that held every path that it ever had as the window began never had more: only
        -- of the others the time before matters. Where nothing happened there is nothing to sweep.
        select
            cluster,
            svm_id,
            initiator,
            count(*) filter (where is_held) as held,
            count(*) filter (where is_held) < count(*) as is_doubtful,
            count(*) filter (where is_held) = count(*) and not bool_or(is_moving) as is_steady
        from paths
        group by cluster, svm_id, initiator
    ),
    unsteady as (
        -- A number says who it is in what follows: to sort by it is faster than by names.
        select
            cluster,
            svm_id,
            initiator,
            is_doubtful,
            row_number() over (order by cluster, svm_id, initiator) as host
        from hosts
        where not is_steady
    ),
    swept as (
        select
            h.host,
            h.is_doubtful,
            s.cluster,
            s.initiator_address,
            s.interface_id,
            s.interface_uuid,
            s.seen_after,
            s.first_seen,
            s.last_seen,
            s.gone_by
        from sessions s
        join
            unsteady h
            on h.cluster = s.cluster
            and h.svm_id = s.svm_id
            and h.initiator = s.initiator
    ),
    places as (
        select
            s.host,
            'path' as facet,
            s.initiator_address || chr(31) || s.interface_id as place,
            s.seen_after as begins_after,
            case
                when s.is_doubtful then s.first_seen else greatest(s.first_seen, $since::timestamp)
            end as begins,
            s.last_seen as ends_after,
            s.gone_by as ends
        from swept s
        where s.is_doubtful or coalesce(s.gone_by > $since::timestamp, true)
        union all
        -- Nodes and subnets matter within the window only.
        select
            s.host,
            f.facet,
            case f.facet when 'node' then l.node else l.fabric end,
            case when l.begins > s.first_seen then l.begins_after else s.seen_after end,
            greatest(l.begins, s.first_seen, $since::timestamp),
            case
                when s.gone_by is null or l.ends < s.gone_by
                then coalesce(l.ends_after, s.last_seen)
                else s.last_seen
            end,
            least(l.ends, s.gone_by)
        from swept s
        join
            interface_locations l
            on l.cluster = s.cluster
            and l.uuid = s.interface_uuid
            and (l.begins is null or s.gone_by is null or l.begins < s.gone_by)
            and (l.ends is null or l.ends > s.first_seen)
        cross join (select unnest(['node', 'subnet']) as facet) f
        where
            coalesce(s.gone_by > $since::timestamp, true)
            and coalesce(l.ends > $since::timestamp, true)
            and case f.facet when 'node' then l.node else l.fabric end is not null
    ),
    offered as (
        -- What an SVM offers a host to stand on: what any session used.
        select
            s.cluster,
            s.svm_id,
            count(distinct s.interface_id) as paths,
            count(distinct l.node) as nodes,
            count(distinct l.fabric) as subnets
        from (select distinct cluster, svm_id, interface_id, interface_uuid from sessions) s
        left join interface_locations l on l.cluster = s.cluster and l.uuid = s.interface_uuid
        group by s.cluster, s.svm_id
    ),
    events as (
        -- Interval overlap count by sweep line.
        select host, facet, place, begins_after as before, begins, 1 as step
        from places
        union all
        select host, facet, place, ends_after, ends, -1
        from places
        where ends <= $until::timestamp
    ),
    deltas as (
        select host, facet, place, begins as instant, max(before) as before, sum(step) as step
        from events
        group by all
        having sum(step) <> 0
    ),
    running as (
        select *, sum(step) over (partition by host, facet, place order by instant) as sessions
        from deltas
    ),
    turns as (
        -- A place is gained with its first session and lost with its last.
        select
            host,
            instant,
            max(before) as before,
            sum(case when facet = 'path' then turn else 0 end) as paths,
            sum(case when facet = 'node' then turn else 0 end) as nodes,
            sum(case when facet = 'subnet' then turn else 0 end) as subnets
        from
            (
                select
                    *,
                    case
                        when sessions - step = 0 then 1 when sessions = 0 then -1 else 0
                    end as turn
                from running
                where (sessions - step = 0) <> (sessions = 0)
            )
        group by host, instant
    ),
    levels as (
        select
            host,
            instant,
            before,
            sum(paths) over in_time as paths,
            sum(nodes) over in_time as nodes,
            sum(subnets) over in_time as subnets
        from turns
        window in_time as (partition by host order by instant)
    ),
    measured as (
        select
            u.cluster,
            u.svm_id,
            u.initiator,
            l.instant,
            l.before,
            l.paths,
            l.nodes,
            l.subnets,
            max(l.paths) over (partition by l.host) as most,
            false as is_steady,
            l.host
        from levels l
        join unsteady u on u.host = l.host
        union all
        select
            h.cluster,
            h.svm_id,
            h.initiator,
            $since::timestamp,
            null::timestamp,
            h.held,
            count(distinct l.node),
            count(distinct l.fabric),
            h.held,
            true,
            null::bigint
        from hosts h
        join
            sessions s
            on s.cluster = h.cluster
            and s.svm_id = h.svm_id
            and s.initiator = h.initiator
            and coalesce(s.gone_by > $since::timestamp, true)
        left join
            interface_locations l
            on l.cluster = s.cluster
            and l.uuid = s.interface_uuid
            and coalesce(l.ends > $since::timestamp, true)
        where h.is_steady
        group by h.cluster, h.svm_id, h.initiator, h.held
    ),
    judged as (
        select
            v.cluster,
            v.svm_id,
            v.initiator,
            v.instant,
            v.before,
            v.is_steady,
            v.host,
            v.most - v.paths as missing,
            case
                when v.paths = 0
                then 'none'
                when v.paths = 1 and o.paths > 1
                then 'one_path'
                when v.nodes = 1 and o.nodes > 1
                then 'one_node'
                when v.subnets = 1 and o.subnets > 1
                then 'one_subnet'
                when v.paths < v.most
                then 'some_paths'
                else 'all_paths'
            end as state
        from measured v
        join offered o on o.cluster = v.cluster and o.svm_id = v.svm_id
    ),
    changes as (
        -- Gaps and islands: neighbours of one state are one row. Before the window there are
        -- paths only, so that what stood when it began is judged at its begin.
        select *
        from judged
        where not is_steady
        qualify
            lag(state) over (partition by host order by instant) is distinct from state
            or lag(missing) over (partition by host order by instant) is distinct from missing
            or lag(instant) over (partition by host order by instant) < $since::timestamp
    ),
    spans as (
        select *, lead(before) over in_time as ended_after, lead(instant) over in_time as ended
        from changes
        window in_time as (partition by host order by instant)
        union all
        select *, null::timestamp, null::timestamp
        from judged
        where is_steady
    )
select
    s.cluster,
    s.svm_id,
    s.initiator,
    s.state,
    case
        s.state
        when 'none'
        then 0
        when 'one_path'
        then 1
        when 'one_node'
        then 2
        when 'one_subnet'
        then 3
        when 'some_paths'
        then 4
        else 5
    end as rank,
    s.missing::bigint as missing,
    case when s.instant > $since::timestamp or s.state = 'none' then s.before end as began_after,
    s.instant as began,
    case when s.state = 'none' and s.ended is null then null else s.ended_after end as ended_after,
    case
        when
            s.state = 'none'
            and s.ended is null
            and s.instant + t.abandon_days * interval 1 day <= $until::timestamp
        then s.instant + t.abandon_days * interval 1 day
        else s.ended
    end as ended
from spans s
cross join thresholds t
where coalesce(s.ended > $since::timestamp, true)
