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
    complete as (
        select cluster, taken_at, scope
        from attempts
        where status = 'complete' and taken_at <= $after::timestamp
    ),
    later as (select cluster, max(taken_at) as taken_at from complete group by cluster),
    earlier as (
        select c.cluster, max(c.taken_at) as taken_at
        from complete c
        join later l on l.cluster = c.cluster
        where
            case
                when $before::timestamp is null
                then c.taken_at < l.taken_at
                else c.taken_at <= $before::timestamp
            end
        group by c.cluster
    ),
    chosen as (
        select l.cluster, 'after' as which, l.taken_at
        from later l
        join earlier e on e.cluster = l.cluster
        union all
        select cluster, 'before', taken_at
        from earlier
    )
select h.cluster, h.which, h.taken_at, c.scope
from chosen h
join complete c on c.cluster = h.cluster and c.taken_at = h.taken_at
