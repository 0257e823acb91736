-- /// query
-- title = "Clusters without recent data"
-- description = """
-- One row per cluster whose last complete snapshot is older than three of its intervals, after
-- which three attempts of the last day were not complete, or that never had one: whatever else is
-- said of it is old. A cluster that is configured and was never collected is one too, and so is
-- one of which every snapshot is later than the clock. A cluster without a configured interval is
-- expected every hour.
-- """
-- time = "instant"
-- kind = "finding"
-- status = { place = 10, label = "Data", none = "recent from every cluster" }
-- group = "Data quality"
-- identity = ["cluster"]
-- cannot_see = "Why nobody collects, where nobody tried."
-- [columns]
-- cluster = "Cluster."
-- last_seen = "Its last complete snapshot; null if it never had one."
-- attempts_since = "How often somebody tried since then."
-- severity = "high; critical after a day."
-- detail = "The reason of the last attempt."
-- ///
with
    tried as (
        select cluster, taken_at, status, reason from attempts where taken_at <= $at::timestamp
    ),
    awaited as (
        select cluster
        from configured
        union
        select cluster
        from unseen_clusters
        union
        select cluster
        from tried
    ),
    last as (
        select
            e.cluster,
            max(t.taken_at) filter (where t.status = 'complete') as last_seen,
            min(t.taken_at) as first_try
        from awaited e
        left join tried t on t.cluster = e.cluster
        group by e.cluster
    ),
    since as (
        select
            l.cluster,
            count(t.taken_at) as tries,
            max_by(coalesce(t.reason, t.status), t.taken_at) as reason
        from last l
        left join
            tried t on t.cluster = l.cluster and (l.last_seen is null or t.taken_at > l.last_seen)
        group by l.cluster
    )
select
    l.cluster,
    l.last_seen,
    s.tries as attempts_since,
    case
        when coalesce(l.last_seen, l.first_try) < $at::timestamp - to_hours(t.blind_critical_hours)
        then 'critical'
        else 'high'
    end as severity,
    case
        when s.tries > 0
        then s.reason
        when u.cluster is not null
        then 'every snapshot of it is later than the clock: was that set back?'
        when l.last_seen is null
        then 'configured, and nobody has collected it yet'
        else 'nobody has tried since'
    end as detail
from last l
cross join thresholds t
join since s on s.cluster = l.cluster
left join unseen_clusters u on u.cluster = l.cluster
left join data_age d on d.cluster = l.cluster
where l.last_seen is null or d.stale
order by l.cluster
