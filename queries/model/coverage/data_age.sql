-- /// query
-- title = "How old the data is"
-- description = """
-- One row per cluster: its last complete snapshot at or before $at, and whether that is older than
-- blind_intervals of its intervals, so that nothing can be said of $at itself.
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
    )
select
    l.cluster,
    l.taken_at,
    l.taken_at is null
    or l.taken_at
    + to_seconds(t.blind_intervals * coalesce(l.expected_interval, t.blind_interval_seconds))
    < $at::timestamp as stale
from last l
cross join thresholds t
order by l.cluster
