-- /// query
-- title = "The last two complete snapshots at an instant"
-- [columns]
-- cluster = "Cluster."
-- taken_at = "The last complete snapshot at or before $at."
-- previous_at = "The complete snapshot before it; null if it is the first."
-- ///
with
    ranked as (
        -- One look at a long history finds both.
        select
            cluster,
            taken_at,
            row_number() over (partition by cluster order by taken_at desc) as place
        from attempts
        where status = 'complete' and taken_at <= $at::timestamp
        qualify row_number() over (partition by cluster order by taken_at desc) <= 2
    )
select cluster, max(taken_at) as taken_at, max(taken_at) filter (where place = 2) as previous_at
from ranked
group by cluster
