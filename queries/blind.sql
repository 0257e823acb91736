-- /// query
-- title = "Clusters that nobody sees any more"
-- description = """
-- One row per cluster whose last comparable snapshot is older than three of its intervals: whatever
-- else is said of it is old. A cluster without a configured interval is expected every hour.
-- """
-- time = "instant"
-- kind = "finding"
-- group = "Data quality"
-- identity = ["cluster"]
-- cannot_see = "Why nobody collects, where nobody tried."
-- [columns]
-- cluster = "Cluster."
-- last_seen = "Its last comparable snapshot."
-- attempts_since = "How often somebody tried since then."
-- severity = "high; critical after a day."
-- detail = "The last reason that was given."
-- ///
with
    last as (
        select
            cluster,
            max(taken_at) filter (where status = 'complete') as last_seen,
            max_by(expected_interval, taken_at) as expected_interval
        from attempts
        where taken_at <= $at::timestamp
        group by cluster
    ),
    since as (
        select
            l.cluster,
            count(a.taken_at) as tries,
            max_by(coalesce(a.reason, a.status), a.taken_at) as reason
        from last l
        left join
            attempts a
            on a.cluster = l.cluster
            and a.taken_at > l.last_seen
            and a.taken_at <= $at::timestamp
        group by l.cluster
    )
select
    l.cluster,
    l.last_seen,
    s.tries as attempts_since,
    case
        when l.last_seen < $at::timestamp - to_hours(t.blind_critical_hours)
        then 'critical'
        else 'high'
    end as severity,
    case when s.tries = 0 then 'nobody has tried since' else s.reason end as detail
from last l
cross join thresholds t
join since s on s.cluster = l.cluster
where
    l.last_seen
    + to_seconds(t.blind_intervals * coalesce(l.expected_interval, t.blind_interval_seconds))
    < $at::timestamp
order by l.cluster
