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
    later as (
        select cluster, max(taken_at) as taken_at
        from attempts
        where status = 'complete' and taken_at <= $after::timestamp
        group by cluster
    ),
    earlier as (
        select a.cluster, max(a.taken_at) as taken_at
        from attempts a
        join later l on l.cluster = a.cluster
        where
            a.status = 'complete'
            and a.taken_at <= $after::timestamp
            and case
                when $before::timestamp is null
                then a.taken_at < l.taken_at
                else a.taken_at <= $before::timestamp
            end
        group by a.cluster
    ),
    chosen as (
        select l.cluster, 'after' as which, l.taken_at
        from later l
        join earlier e on e.cluster = l.cluster
        union all
        select cluster, 'before', taken_at
        from earlier
    )
select h.cluster, h.which, h.taken_at, a.scope
from attempts a
join chosen h on h.cluster = a.cluster and h.taken_at = a.taken_at
where a.taken_at <= $after::timestamp
