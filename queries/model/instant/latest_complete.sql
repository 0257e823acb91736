-- /// query
-- title = "The last two complete snapshots at an instant"
-- [columns]
-- cluster = "Cluster."
-- taken_at = "The last complete snapshot at or before $at."
-- previous_at = "The complete snapshot before it; null if it is the first."
-- ///
with
    complete as (
        select cluster, taken_at
        from attempts
        where status = 'complete' and taken_at <= $at::timestamp
    ),
    latest as (select cluster, max(taken_at) as taken_at from complete group by cluster),
    earlier as (
        select c.cluster, max(c.taken_at) as taken_at
        from complete c
        join latest l on l.cluster = c.cluster and l.taken_at > c.taken_at
        group by c.cluster
    )
select l.cluster, l.taken_at, e.taken_at as previous_at
from latest l
left join earlier e on e.cluster = l.cluster
