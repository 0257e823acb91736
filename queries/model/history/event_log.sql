-- /// query
-- title = "Of what time the array's own log was read"
-- description = """
-- One row per cluster and span that was read without a hole. Each reading goes on from the last
-- event that is stored, so that it lists that one again. Where it lists none of a node's events of
-- before, the array had let go of them (its log rotates): what came between is not known. That the
-- log says nothing of a time is known only within a span.
-- """
-- [columns]
-- cluster = "Cluster."
-- read_from = "From when on, by the collector's clock."
-- read_until = "Last reading before a hole, or last of all."
-- ///
with
    readings as (
        select
            cluster,
            taken_at,
            ems_since,
            -- Of a saved log it is not known from when on it was requested.
            coalesce(collector, '') = 'import' as is_saved,
            coalesce(clock_skew, 0)::bigint * interval 1 second as skew,
            lag(taken_at) over (partition by cluster order by taken_at) as previous
        from attempts
        where ems_status = 'complete'
    ),
    vanished as (
        -- Events that a reading requested, and that are not there any more.
        select distinct e.cluster, e.gone_by as taken_at, e.node
        from ems e
        join
            readings r
            on r.cluster = e.cluster
            and r.taken_at = e.gone_by
            and (r.is_saved or r.ems_since <= e."time")
    ),
    listed as (
        -- What such a reading lists of each node.
        select
            v.cluster,
            v.taken_at,
            e.node,
            min(e."time") as oldest,
            bool_or(e.first_seen < v.taken_at) as goes_on
        from (select distinct cluster, taken_at from vanished) v
        join
            ems e
            on e.cluster = v.cluster
            and e.first_seen <= v.taken_at
            and coalesce(e.gone_by > v.taken_at, true)
        group by v.cluster, v.taken_at, e.node
    ),
    held as (
        -- A node of which nothing is listed, while the log of another goes on, is away: it will
        -- hand its log in.
        select cluster, taken_at from listed group by cluster, taken_at having bool_or(goes_on)
    ),
    holes as (
        select v.cluster, v.taken_at, max(coalesce(l.oldest, v.taken_at)) as goes_on_from
        from vanished v
        left join listed l on l.cluster = v.cluster and l.taken_at = v.taken_at and l.node = v.node
        left join held h on h.cluster = v.cluster and h.taken_at = v.taken_at
        where coalesce(not l.goes_on, h.cluster is null)
        group by v.cluster, v.taken_at
    ),
    begun as (
        select
            r.cluster,
            r.taken_at,
            r.previous,
            greatest(
                coalesce(o.goes_on_from, r.ems_since, r.taken_at + r.skew) - r.skew,
                coalesce(r.previous, r.ems_since - r.skew, r.taken_at)
            ) as read_from
        from readings r
        left join holes o on o.cluster = r.cluster and o.taken_at = r.taken_at
        where
            r.previous is null
            or o.cluster is not null
            or (not r.is_saved and r.ems_since - r.skew > r.previous)
    ),
    latest as (select cluster, max(taken_at) as taken_at from readings group by cluster)
select
    b.cluster,
    b.read_from,
    coalesce(
        lead(b.previous) over (partition by b.cluster order by b.taken_at), l.taken_at
    ) as read_until
from begun b
join latest l on l.cluster = b.cluster
