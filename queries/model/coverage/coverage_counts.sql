-- /// query
-- title = "Snapshots by status"
-- description = "How many attempts of each status the window holds, settled ones as settled."
-- [columns]
-- cluster = "Cluster."
-- complete = "Complete snapshots."
-- partial = "Snapshots of which only a part arrived."
-- failed = "Attempts without a usable answer."
-- suspect = "Empty answers that nothing has settled yet."
-- ///
select
    cluster,
    count(*) filter (status = 'complete') as complete,
    count(*) filter (status = 'partial') as partial,
    count(*) filter (status = 'failed') as failed,
    count(*) filter (status = 'suspect') as suspect
from attempts
where taken_at >= $since and taken_at <= $until
group by cluster
order by cluster
