-- /// query
-- title = "On how many nodes, subnets and addresses each initiator stood, over time"
-- description = """
-- One row for as long as the number stayed the same, by sweep line over host_places. An initiator
-- that left has a last row with none.
-- """
--
-- [columns]
-- cluster = "Cluster."
-- svm_id = "SVM."
-- initiator = "Initiator."
-- facet = "any, node, subnet or address."
-- held = "How many of them; 0 or 1 for any."
-- held_before = "How many before."
-- since_after = "Last complete snapshot before; null if it was so at the first look."
-- since = "First complete snapshot that shows it so."
-- until_after = "Last complete snapshot that shows it so; null while it lasts."
-- until_by = "First complete snapshot that shows it otherwise; null while it lasts."
-- ///
with
    events as (
        -- Interval overlap count by sweep line.
        select cluster, svm_id, initiator, facet, place, begins_after as before, begins, 1 as step
        from host_places
        union all
        select cluster, svm_id, initiator, facet, place, ends_after, ends, -1
        from host_places
        where ends <= $until
    ),
    deltas as (
        select
            cluster,
            svm_id,
            initiator,
            facet,
            place,
            begins as instant,
            max(before) as before,
            sum(step) as step
        from events
        group by all
    ),
    running as (
        select
            *,
            sum(step) over (
                partition by cluster, svm_id, initiator, facet, place order by instant
            ) as sessions
        from deltas
    ),
    turns as (
        -- A place is gained with its first session and lost with its last.
        select
            cluster,
            svm_id,
            initiator,
            facet,
            instant,
            max(before) as before,
            sum(case when sessions - step = 0 then 1 when sessions = 0 then -1 else 0 end) as turn
        from running
        where sessions - step = 0 or sessions = 0
        group by cluster, svm_id, initiator, facet, instant
        having sum(case when sessions - step = 0 then 1 when sessions = 0 then -1 else 0 end) <> 0
    )
select
    cluster,
    svm_id,
    initiator,
    facet,
    sum(turn) over in_time as held,
    sum(turn) over in_time - turn as held_before,
    before as since_after,
    instant as since,
    lead(before) over in_time as until_after,
    lead(instant) over in_time as until_by
from turns
window in_time as (partition by cluster, svm_id, initiator, facet order by instant)
