-- /// query
-- title = "Sessions of each node over time"
-- description = """A sweep line: a running sum over beginnings and ends. Each level holds from one
-- complete snapshot until another; every day has a level of its own."""
-- [columns]
-- cluster = "Cluster."
-- node = "Node; null where it is not known."
-- since = "Complete snapshot from which the level holds."
-- until = "Complete snapshot from which the next one does; null for the last."
-- known_before = "Known seconds of all time before since."
-- known_until = "Known seconds of all time before until; null for the last."
-- sessions = "Sessions of the node."
-- ///
with
    events as (
        select cluster, node, begins as since, share
        from session_intervals
        union all
        select cluster, node, ends, - share
        from session_intervals
        where ends is not null
    ),
    days as (
        select cluster, min(taken_at) as since
        from known_time
        group by cluster, date_trunc('day', taken_at)
    ),
    every_day as (
        select n.cluster, n.node, d.since, 0.0::double as share
        from (select distinct cluster, node from session_intervals) n
        join days d on d.cluster = n.cluster
    ),
    deltas as (
        select cluster, node, since, sum(share) as share
        from
            (
                select *
                from events
                union all
                select *
                from every_day
            )
        group by all
    )
select
    c.cluster,
    c.node,
    c.since,
    lead(c.since) over levels as until,
    k.before as known_before,
    lead(k.before) over levels as known_until,
    round(sum(c.share) over (levels rows between unbounded preceding and current row))::bigint
    as sessions
from deltas c
left join known_time k on k.cluster = c.cluster and k.taken_at = c.since
window levels as (partition by c.cluster, c.node order by c.since)
