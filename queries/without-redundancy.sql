-- /// query
-- title = "Time without redundancy"
-- description = """
-- One row for each stretch in which an initiator had its sessions on one node, in one subnet, or
-- none at all, while its SVM offers more. Add the minutes up for host-minutes without redundancy;
-- what could not be seen is counted in minutes_unknown and in nothing else.
-- """
-- time = "window"
-- brief = ["initiator", "state", "began_after", "ended_after", "left_on", "minutes_max"]
-- group = "Now and before a change"
-- needs = ["interfaces"]
-- cannot_see = "Whether the host did I/O meanwhile, and whether its one path would have held."
-- [columns]
-- cluster = "Cluster."
-- svm = "SVM."
-- initiator = "Initiator, lower-cased."
-- state = "no_sessions, single_node or single_subnet."
-- left_on = "The node or subnet that was left."
-- began_after = "It began after this instant; null if it was so at the first look."
-- began_by = "First snapshot that shows it."
-- ended_after = "Last snapshot that shows it; null while it lasts."
-- ended_by = "First snapshot that shows it over; null while it lasts."
-- minutes_min = "Minutes of the window in which it certainly was so."
-- minutes_max = "Minutes of the window in which it may have been so."
-- minutes_unknown = "Minutes between the two that nobody could see."
-- ///
with
    offered as (
        -- What an SVM offers a host to stand on: nodes and subnets that any session ever used.
        select
            cluster,
            svm_id,
            count(distinct place) filter (where facet = 'node') as nodes,
            count(distinct place) filter (where facet = 'subnet') as subnets
        from host_places
        group by all
    ),
    spans as (
        select
            l.*,
            case
                l.facet
                when 'any'
                then 'no_sessions'
                when 'node'
                then 'single_node'
                else 'single_subnet'
            end as state,
            case when l.since > $since then l.since else $since end as certain_from,
            case
                when coalesce(l.since_after, l.since) > $since
                then coalesce(l.since_after, l.since)
                else $since
            end as possible_from,
            case
                when coalesce(l.until_after, $until) < $until then l.until_after else $until
            end as certain_to,
            case
                when coalesce(l.until_by, $until) < $until then l.until_by else $until
            end as possible_to
        from host_levels l
        join offered o on o.cluster = l.cluster and o.svm_id = l.svm_id
        where
            l.initiator <> ''
            and (
                (l.facet = 'any' and l.held = 0)
                or (l.facet = 'node' and l.held = 1 and o.nodes > 1)
                or (l.facet = 'subnet' and l.held = 1 and o.subnets > 1)
            )
            and l.since <= $until
            and coalesce(l.until_by > $since, true)
    ),
    svm_names as (
        select cluster, svm_id, max_by(svm, first_seen) as svm
        from spells
        where first_seen <= $until
        group by all
    ),
    unknown_times as (
        select
            s.cluster,
            s.svm_id,
            s.initiator,
            s.state,
            s.since,
            greatest(s.certain_from, coalesce(u."after", s.certain_from)) as begins,
            least(s.certain_to, coalesce(u."by", s.certain_to), n.last_seen) as ends
        from spans s
        join unknowns u on u.cluster = s.cluster
        left join unseen_svms n on n.cluster = s.cluster and n.svm_id = s.svm_id
        union all
        select
            s.cluster,
            s.svm_id,
            s.initiator,
            s.state,
            s.since,
            greatest(s.certain_from, n.last_seen),
            s.certain_to
        from spans s
        join unseen_svms n on n.cluster = s.cluster and n.svm_id = s.svm_id
    ),
    unseen as (
        select
            cluster,
            svm_id,
            initiator,
            state,
            since,
            sum(greatest(0, date_diff('second', begins, ends))) as seconds
        from unknown_times
        group by all
    ),
    left_on as (
        -- The node or subnet that was there when the span began.
        select s.cluster, s.svm_id, s.initiator, s.state, s.since, max(p.place) as place
        from spans s
        join
            host_places p
            on p.cluster = s.cluster
            and p.svm_id = s.svm_id
            and p.initiator = s.initiator
            and p.facet = s.facet
            and p.begins <= s.since
            and coalesce(p.ends > s.since, true)
        where s.state <> 'no_sessions'
        group by all
    )
select
    s.cluster,
    coalesce(n.svm, nullif(s.svm_id, '')) as svm,
    s.initiator,
    s.state,
    l.place as left_on,
    s.since_after as began_after,
    s.since as began_by,
    s.until_after as ended_after,
    s.until_by as ended_by,
    floor(
        greatest(0, date_diff('second', s.certain_from, s.certain_to) - coalesce(u.seconds, 0)) / 60
    )::bigint as minutes_min,
    floor(date_diff('second', s.possible_from, s.possible_to) / 60)::bigint as minutes_max,
    floor(coalesce(u.seconds, 0) / 60)::bigint as minutes_unknown
from spans s
left join
    left_on l
    on l.cluster = s.cluster
    and l.svm_id = s.svm_id
    and l.initiator = s.initiator
    and l.state = s.state
    and l.since = s.since
left join
    unseen u
    on u.cluster = s.cluster
    and u.svm_id = s.svm_id
    and u.initiator = s.initiator
    and u.state = s.state
    and u.since = s.since
left join svm_names n on n.cluster = s.cluster and n.svm_id = s.svm_id
order by cluster, svm, initiator, began_by, state
