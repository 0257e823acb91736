-- /// query
-- title = "How old the data is"
-- description = """
-- One row per cluster: its last complete snapshot at or before $at, and whether nothing can be said
-- of $at itself: it is older than blind_intervals of its intervals, or as many attempts of the last
-- day came after it.
-- """
-- [columns]
-- cluster = "Cluster."
-- taken_at = "Its last complete snapshot; null if there is none."
-- stale = "Whether that is too old."
-- ///
with
    last as (
        select
            cluster,
            max(taken_at) filter (where status = 'complete') as taken_at,
            max_by(expected_interval, taken_at) as expected_interval
        from attempts
        where taken_at <= $at::timestamp
        group by cluster
    ),
    tried as (
        select l.cluster, count(*) as tries
        from attempts a
        join last l on l.cluster = a.cluster and l.taken_at < a.taken_at
        where a.taken_at > $at::timestamp - to_hours(24) and a.taken_at <= $at::timestamp
        group by l.cluster
    )
select
    l.cluster,
    l.taken_at,
    l.taken_at is null
    or coalesce(s.tries >= t.blind_intervals, false)
    or l.taken_at + to_seconds(
        t.blind_intervals
        * coalesce(greatest(l.expected_interval, c.expected_interval), t.blind_interval_seconds)
    )
    < $at::timestamp as stale
from last l
cross join thresholds t
left join configured c on c.cluster = l.cluster
left join tried s on s.cluster = l.cluster
order by l.cluster
