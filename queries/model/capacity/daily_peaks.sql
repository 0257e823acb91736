-- /// query
-- title = "Most sessions of each node on each day"
-- [columns]
-- cluster = "Cluster."
-- node = "Node."
-- day = "Day, UTC."
-- sessions = "Most sessions in any complete snapshot of the day."
-- seconds = "Known seconds behind the day's complete snapshots."
-- possible = "Seconds of the day that could be known: from the first snapshot of all, until $at."
-- ///
with
    days as (
        select
            k.cluster,
            date_trunc('day', k.taken_at)::date as day,
            sum(k.seconds)::bigint as seconds,
            date_diff(
                'second',
                greatest(date_trunc('day', k.taken_at), max(b.begun)),
                least(date_trunc('day', k.taken_at) + to_days(1), $at::timestamp)
            ) as possible
        from known_time k
        join
            (select cluster, min(taken_at) as begun from known_time group by cluster) b
            on b.cluster = k.cluster
        where k.taken_at <= $at::timestamp
        group by k.cluster, date_trunc('day', k.taken_at)
    )
select
    l.cluster,
    l.node,
    k.day,
    max(l.sessions) as sessions,
    max(k.seconds) as seconds,
    max(k.possible) as possible
from node_levels l
join days k on k.cluster = l.cluster and k.day = date_trunc('day', l.since)::date
where l.node is not null and l.since <= $at::timestamp
group by l.cluster, l.node, k.day
