-- /// query
-- title = "The two snapshots of a pair"
-- description = """
-- Per cluster, the last complete snapshots at or before $before and $after; without $before the
-- one before the later.
-- """
-- [columns]
-- cluster = "Cluster."
-- which = "before or after."
-- taken_at = "Instant of the snapshot."
-- scope = "SVMs that it can speak for."
-- ///
with
    bounds as (
        -- One look at a long history finds both.
        select
            cluster,
            max(taken_at) as later,
            max(taken_at) filter (where taken_at <= $before::timestamp) as earlier
        from attempts
        where status = 'complete' and taken_at <= $after::timestamp
        group by cluster
    ),
    ranked as (
        select cluster, taken_at
        from attempts
        where $before::timestamp is null and status = 'complete' and taken_at <= $after::timestamp
        qualify row_number() over (partition by cluster order by taken_at desc) <= 2
    ),
    neighbours as (
        select cluster, min(taken_at) as earlier from ranked group by cluster having count(*) = 2
    ),
    pairs as (
        select b.cluster, b.later, coalesce(b.earlier, n.earlier) as earlier
        from bounds b
        left join neighbours n on n.cluster = b.cluster
    ),
    chosen as (
        select cluster, 'after' as which, later as taken_at
        from pairs
        where earlier is not null
        union all
        select cluster, 'before', earlier
        from pairs
        where earlier is not null
    )
select h.cluster, h.which, h.taken_at, a.scope
from attempts a
join chosen h on h.cluster = a.cluster and h.taken_at = a.taken_at
where a.taken_at <= $after::timestamp
