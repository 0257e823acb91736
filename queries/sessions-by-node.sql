-- /// query
-- title = "Sessions of each node: now, at the peak, and what remains"
-- description = """
-- Levels weigh as long as they lasted between complete snapshots; time that is unknown weighs
-- nothing and is named in the coverage. A limit comes from the policy and from nowhere else. The
-- severity says how near the peak came to it: 80, 90 or 100 %. Sessions whose node is
-- not known, without interface data, are the row of no node.
-- """
-- time = "window"
-- group = "Capacity"
-- page = 100
-- evidence = true
-- needs = ["interfaces"]
-- cannot_see = "What happened between two snapshots: a peak is the highest of the snapshots."
-- [columns]
-- cluster = "Cluster."
-- node = "Node; null where it is not known."
-- sessions = "Sessions at the last complete snapshot of the window."
-- peak = "Most sessions in any complete snapshot of the window."
-- p95 = "Sessions that 95 % of the known time did not exceed."
-- limit = "Sessions that policy allows; null where it does not say."
-- headroom = "Limit less peak; null without a limit."
-- severity = "critical at the limit, high at 90 %, medium at 80 %, else info."
-- ///
with
    bounds as (
        select
            cluster,
            min(taken_at) as first_at,
            max(taken_at) as last_at,
            min(before) as known_first,
            max(before) as known_last
        from known_time
        where taken_at between $since::timestamp and $until::timestamp
        group by cluster
    ),
    held as (
        select
            l.cluster,
            l.node,
            l.sessions,
            l.since,
            least(coalesce(l.known_until, a.known_last), a.known_last)
            - greatest(l.known_before, a.known_first) as seconds
        from node_levels l
        join bounds a on a.cluster = l.cluster
        where l.since <= a.last_at and (l.until is null or l.until > a.first_at)
    ),
    weighed as (
        select
            *,
            sum(seconds) over (partition by cluster, node) as total,
            sum(seconds) over (
                partition by cluster, node
                order by sessions, since
                rows between unbounded preceding and current row
            ) as so_far
        from held
    ),
    counted as (
        select
            cluster,
            node,
            max_by(sessions, since) as sessions,
            max(sessions) as peak,
            coalesce(
                min(sessions) filter (where total > 0 and so_far >= 0.95 * total),
                max_by(sessions, since)
            ) as p95
        from weighed
        group by cluster, node
    )
select
    c.cluster,
    c.node,
    c.sessions,
    c.peak,
    c.p95,
    l.most as "limit",
    l.most - c.peak as headroom,
    case
        when c.peak >= t.limit_critical * l.most
        then 'critical'
        when c.peak >= t.limit_high * l.most
        then 'high'
        when c.peak >= t.limit_medium * l.most
        then 'medium'
        else 'info'
    end as severity
from counted c
cross join thresholds t
left join node_limits l on l.cluster = c.cluster and l.node = c.node
where c.node is not null or c.peak > 0
order by all
