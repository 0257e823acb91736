-- /// query
-- title = "Stretches between comparable snapshots"
-- description = """
-- The window and what touches it, cut at comparable snapshots: whether the stretch between two of
-- them is known, and if not why. A slot that nobody collected makes it unknown too.
-- """
-- [columns]
-- cluster = "Cluster."
-- starts = "Comparable snapshot before the stretch; null if there is none."
-- ends = "Comparable snapshot after it; null if there is none yet."
-- is_gap = "Whether something failed or is missing in it, so that it is unknown."
-- snapshots = "Attempts in it that were not comparable."
-- reason = "Why it is unknown."
-- ///
with
    bound as (
        select
            cluster,
            max(taken_at) filter (status = 'complete' and taken_at <= $since) as first,
            min(taken_at) filter (status = 'complete' and taken_at >= $until) as last
        from attempts
        group by cluster
    ),
    near as (
        select
            a.cluster,
            a.taken_at,
            a.status,
            a.reason,
            a.expected_interval,
            a.status = 'complete' as comparable
        from attempts a
        join bound b on b.cluster = a.cluster
        where
            a.taken_at >= coalesce(b.first, timestamp '0001-01-01')
            and a.taken_at <= coalesce(b.last, timestamp '9999-12-31')
    ),
    numbered as (
        select
            *,
            count(*) filter (comparable) over (
                partition by cluster
                order by taken_at
                rows between unbounded preceding and current row
            ) as stretch
        from near
    ),
    stretch as (
        select
            cluster,
            stretch,
            min(taken_at) filter (comparable) as starts,
            count(*) filter (not comparable) as snapshots,
            array_to_string(
                list_sort(
                    list(
                        distinct case
                            when comparable
                            then null
                            when status = 'partial'
                            then coalesce('partial: ' || reason, 'partial')
                            else coalesce(reason, status)
                        end
                    )
                ),
                '; '
            ) as reasons,
            max(expected_interval) as expected_interval
        from numbered
        group by cluster, stretch
    ),
    framed as (
        select *, lead(starts) over (partition by cluster order by stretch) as ends from stretch
    ),
    missed as (
        select
            *,
            expected_interval is not null
            and date_diff('second', starts, coalesce(ends, least($until, $now::timestamp)))
            > t.missed_intervals * expected_interval as is_missed
        from framed
        cross join thresholds t
    )
select
    cluster,
    starts,
    ends,
    snapshots > 0 or coalesce(is_missed, false) as is_gap,
    snapshots,
    case
        when snapshots > 0
        then reasons
        when is_missed
        then 'no snapshot, though one was expected every ' || expected_interval || ' seconds'
        when ends is null
        then 'no later snapshot yet'
    end as reason
from missed
where starts is not null or snapshots > 0
