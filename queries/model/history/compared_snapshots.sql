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
    later as (
        select *
        from complete
        qualify row_number() over (partition by cluster order by taken_at desc) = 1
    ),
    earlier as (
        select c.*
        from complete c
        join later l on l.cluster = c.cluster
        where
            case
                when $before::timestamp is null
                then c.taken_at < l.taken_at
                else c.taken_at <= $before::timestamp
            end
        qualify row_number() over (partition by c.cluster order by c.taken_at desc) = 1
    )
select l.cluster, 'after' as which, l.taken_at, l.scope
from later l
join earlier e on e.cluster = l.cluster
union all
select cluster, 'before', taken_at, scope
from earlier
