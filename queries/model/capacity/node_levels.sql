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
    days as (
        select cluster, min(taken_at) as since
        from known_time
        group by cluster, date_trunc('day', taken_at)
    ),
    events as (
        select cluster, node, begins as since, share
        from session_intervals
        union all
        select cluster, node, ends, - share
        from session_intervals
        where ends is not null
        union all
        select n.cluster, n.node, d.since, 0
        from (select distinct cluster, node from session_intervals) n
        join days d on d.cluster = n.cluster
    ),
    deltas as (select cluster, node, since, sum(share) as share from events group by all),
    running as (
        select
            *,
            lead(since) over in_time as until,
            round(
                sum(share) over (in_time rows between unbounded preceding and current row)
            )::bigint as sessions
        from deltas
        window in_time as (partition by cluster, node order by since)
    )
select
    r.cluster,
    r.node,
    r.since,
    r.until,
    b.before as known_before,
    e.before as known_until,
    r.sessions
from running r
left join known_time b on b.cluster = r.cluster and b.taken_at = r.since
left join known_time e on e.cluster = r.cluster and e.taken_at = r.until
