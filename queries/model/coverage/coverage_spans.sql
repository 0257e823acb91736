-- /// query
-- title = "Spans between complete snapshots"
-- description = """
-- All time from a day before the window to its end and what touches it, cut at complete
-- snapshots: whether the span
-- between two of them is known, and if not why. It is not where an attempt in it failed, where a
-- snapshot that was due did not come, and before the first of all. The one definition of unknown
-- time: coverage, capacity and every footer stand on it. Without a window it is all of the history.
-- """
-- [columns]
-- cluster = "Cluster."
-- starts = "Complete snapshot before the span; null before the first of all."
-- ends = "Complete snapshot after it; null if there is none yet."
-- is_gap = "Whether it is unknown what happened in it."
-- snapshots = "Attempts in it that were not complete."
-- reason = "Why it is unknown."
-- ///
with
    bounds as (
        select
            cluster,
            max(taken_at) filter (
                where status = 'complete' and taken_at <= $since::timestamp - to_hours(24)
            ) as first,
            min(taken_at) filter (where status = 'complete' and taken_at >= $until) as last
        from attempts
        group by cluster
    ),
    numbered as (
        -- Gaps and islands: each complete snapshot begins a span.
        select
            a.cluster,
            a.taken_at,
            a.status,
            a.reason,
            a.expected_interval,
            count(*) filter (where a.status = 'complete') over (
                partition by a.cluster
                order by a.taken_at
                rows between unbounded preceding and current row
            ) as span
        from attempts a
        join bounds b on b.cluster = a.cluster
        where
            a.taken_at >= coalesce(b.first, timestamp '0001-01-01')
            and a.taken_at <= coalesce(b.last, timestamp '9999-12-31')
        union all
        select cluster, null, 'none', null, null, 0
        from bounds
        where first is null
    ),
    spans as (
        select
            cluster,
            span,
            max(taken_at) filter (where status = 'complete') as starts,
            count(*) filter (where status not in ('complete', 'none')) as snapshots,
            array_to_string(
                list_sort(
                    list(
                        distinct case
                            when status = 'partial'
                            then coalesce('partial: ' || reason, 'partial')
                            when status not in ('complete', 'none')
                            then coalesce(reason, status)
                        end
                    )
                ),
                '; '
            ) as reasons,
            max(expected_interval) as expected_interval
        from numbered
        group by cluster, span
    ),
    framed as (select *, lead(starts) over (partition by cluster order by span) as ends from spans),
    missed as (
        select
            f.*,
            coalesce(
                date_diff('second', f.starts, coalesce(f.ends, least($until, $now::timestamp)))
                > t.missed_intervals * f.expected_interval,
                false
            ) as is_missed
        from framed f
        cross join thresholds t
    )
select
    cluster,
    starts,
    ends,
    starts is null or snapshots > 0 or is_missed as is_gap,
    snapshots,
    case
        when snapshots > 0
        then reasons
        when starts is null
        then 'no snapshot before'
        when is_missed
        then 'no snapshot, though one was expected every ' || expected_interval || ' seconds'
        when ends is null
        then 'no later snapshot yet'
    end as reason
from missed
union all
select c.cluster, null, null, true, 0, 'configured, and never collected'
from configured c
where
    not exists (select 1 from attempts a where a.cluster = c.cluster)
    and c.cluster not in (select cluster from unseen_clusters)
union all
select cluster, null, null, true, 0, 'every snapshot is later than the clock'
from unseen_clusters
