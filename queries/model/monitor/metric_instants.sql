-- /// query
-- title = "The snapshot that stands for each of those instants"
-- [columns]
-- cluster = "Cluster."
-- n = "Number of the instant."
-- instant = "The instant."
-- taken_at = "Last complete snapshot at or before it."
-- seconds = "How long its answer took."
-- stale = "Whether it is blind_intervals of its intervals old: nothing can be said of the instant."
-- ///
with
    seen as (
        select
            a.cluster,
            a.taken_at,
            a.seconds,
            t.blind_intervals * coalesce(a.expected_interval, t.blind_interval_seconds) as fresh,
            lead(a.taken_at) over (partition by a.cluster order by a.taken_at) as next_at
        from attempts a
        cross join thresholds t
        where a.status = 'complete' and a.taken_at <= $until::timestamp
    ),
    held as (
        select
            s.*,
            g.first_at,
            g.step,
            greatest(
                ceil(date_diff('second', g.first_at, s.taken_at) / nullif(g.step, 0)), 0
            )::bigint as first,
            coalesce(
                least(
                    ceil(date_diff('second', g.first_at, s.next_at) / nullif(g.step, 0)) - 1, g.last
                ),
                g.last
            )::bigint as last
        from seen s
        cross join metric_grid g
        where coalesce(s.next_at > $since::timestamp, true)
    ),
    each as (
        select *, unnest(case when first <= last then generate_series(first, last) end) as n
        from held
    )
select
    cluster,
    n,
    first_at + to_seconds(n * step) as instant,
    taken_at,
    seconds,
    first_at + to_seconds(n * step) > taken_at + to_seconds(fresh) as stale
from each
