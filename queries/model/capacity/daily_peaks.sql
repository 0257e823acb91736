-- /// query
-- title = "Most sessions of each node on each day"
-- [columns]
-- cluster = "Cluster."
-- node = "Node."
-- day = "Day, UTC."
-- sessions = "Most sessions in any comparable snapshot of the day."
-- seconds = "Known seconds behind the day's comparable snapshots."
-- ///
with
    known as (
        select cluster, date_trunc('day', taken_at)::date as day, sum(seconds)::bigint as seconds
        from known_time
        where taken_at <= $at::timestamp
        group by all
    )
select l.cluster, l.node, k.day, max(l.sessions) as sessions, max(k.seconds) as seconds
from node_levels l
join known k on k.cluster = l.cluster and k.day = date_trunc('day', l.since)::date
where l.node is not null and l.since <= $at::timestamp
group by l.cluster, l.node, k.day
