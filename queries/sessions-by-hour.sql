-- /// query
-- title = "Sessions of each node by weekday and hour"
-- description = """
-- How high the morning goes and how low the night: for each hour of the week (UTC) the average
-- over the known time of the window, weighted by how long each level lasted, and the peak. An hour
-- of which no minute is known has no row.
-- """
-- time = "window"
-- group = "Capacity"
-- needs = ["interfaces"]
-- cannot_see = "What happened between two snapshots: a peak is the highest of the snapshots."
-- [columns]
-- cluster = "Cluster."
-- node = "Node; null where it is not known."
-- weekday = "1 is Monday, 7 is Sunday."
-- hour = "Hour of the day, UTC."
-- average = "Sessions on average over the known time."
-- peak = "Most sessions in any complete snapshot."
-- known_minutes = "Known time behind the hour's complete snapshots."
-- ///
with
    snapshots_of_window as (
        select
            cluster,
            taken_at,
            least(seconds, date_diff('second', taken_at, $until::timestamp)) as seconds
        from known_time
        where taken_at between $since::timestamp and $until::timestamp
    ),
    events as (
        select cluster, node, begins as since, share
        from session_intervals
        union all
        select cluster, node, ends, - share
        from session_intervals
        where ends is not null
        union all
        select n.cluster, n.node, t.taken_at, 0
        from (select distinct cluster, node from session_intervals) n
        join snapshots_of_window t on t.cluster = n.cluster
    ),
    deltas as (select cluster, node, since, sum(share) as share from events group by all),
    running as (
        select
            cluster,
            node,
            since,
            round(
                sum(share) over (
                    partition by cluster, node
                    order by since
                    rows between unbounded preceding and current row
                )
            )::bigint as sessions
        from deltas
    )
select
    l.cluster,
    l.node,
    isodow(l.since)::bigint as weekday,
    hour(l.since)::bigint as hour,
    round(sum(l.sessions * t.seconds) / sum(t.seconds), 1)::double as average,
    max(l.sessions) as peak,
    (sum(t.seconds) / 60)::bigint as known_minutes
from running l
join snapshots_of_window t on t.cluster = l.cluster and t.taken_at = l.since
group by l.cluster, l.node, isodow(l.since), hour(l.since)
having (sum(t.seconds) / 60)::bigint > 0
order by all
