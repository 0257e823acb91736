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
    latest as (select cluster, max(taken_at) as taken_at from complete group by cluster)
select l.cluster, l.taken_at, max(c.taken_at) filter (where c.taken_at < l.taken_at) as previous_at
from latest l
join complete c on c.cluster = l.cluster
group by l.cluster, l.taken_at
