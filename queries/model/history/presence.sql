-- /// query
-- title = "How steadily each initiator used each interface in the last seven days"
-- [columns]
-- cluster = "Cluster."
-- svm_id = "SVM."
-- initiator = "Initiator."
-- interface_id = "Interface; null for the initiator as a whole."
-- present = "Snapshots that show it."
-- ticks = "Complete snapshots of the SVM in that time."
-- share = "One by the other."
-- last_tick = "Number of the last snapshot that shows it."
-- ///
with
    deltas as (
        -- Interval overlap count by sweep line.
        select
            cluster, svm_id, initiator, interface_id, tick, sum(step) as step, max(ticks) as ticks
        from presence_events
        group by all
        union all
        select cluster, svm_id, initiator, null, tick, sum(step), max(ticks)
        from presence_events
        group by cluster, svm_id, initiator, tick
    ),
    running as (
        select
            *,
            sum(step) over (
                partition by cluster, svm_id, initiator, interface_id
                order by tick
                rows between unbounded preceding and current row
            ) as held,
            lead(tick) over (
                partition by cluster, svm_id, initiator, interface_id order by tick
            ) as next
        from deltas
    )
select
    cluster,
    svm_id,
    initiator,
    interface_id,
    sum(next - tick)::bigint as present,
    max(ticks)::bigint as ticks,
    sum(next - tick) / max(ticks)::double as share,
    max(next - 1)::bigint as last_tick
from running
where held > 0
group by all
