-- /// query
-- title = "Each cluster at a glance"
-- description = """
-- One row per cluster: its last complete snapshot, what it listed, and how much of the window
-- nobody saw.
-- """
-- time = "window"
-- group = "Data quality"
-- [columns]
-- cluster = "Cluster."
-- last_seen = "Its last complete snapshot; null if there is none."
-- age_seconds = "How long ago that was, at the end of the window."
-- sessions = "Sessions that it listed."
-- gaps = "Spans of the window that no complete snapshots enclose."
-- unknown_seconds = "How long these are within the window."
-- ///
with
    last as (
        select
            cluster,
            max(taken_at) filter (where status = 'complete') as last_seen,
            max_by(sessions, taken_at) filter (where status = 'complete') as sessions
        from attempts
        where taken_at <= $until
        group by cluster
    ),
    gaps as (
        select
            cluster,
            count(*) as gaps,
            sum(
                date_diff(
                    'second',
                    greatest(coalesce("after", $since), $since),
                    least(coalesce("by", $until), $until)
                )
            ) as unknown_seconds
        from unknowns
        group by cluster
    )
select
    l.cluster,
    l.last_seen,
    date_diff('second', l.last_seen, $until) as age_seconds,
    l.sessions,
    coalesce(g.gaps, 0) as gaps,
    coalesce(g.unknown_seconds, 0) as unknown_seconds
from last l
left join gaps g on g.cluster = l.cluster
order by l.cluster
