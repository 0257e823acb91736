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
    spans as (
        select cluster, svm_id, initiator, interface_id, opens, closes, ticks
        from presence_spans
        union all
        select cluster, svm_id, initiator, null, opens, closes, ticks
        from presence_spans
    ),
    longest as (
        select
            cluster,
            svm_id,
            initiator,
            interface_id,
            max(ticks) as ticks,
            max(closes - opens) + 1 = max(ticks) as is_steady
        from spans
        group by all
    ),
    broken as (
        -- What one connection shows from the first snapshot to the last needs no sweep line.
        select
            cluster,
            svm_id,
            initiator,
            interface_id,
            ticks,
            row_number() over (order by cluster, svm_id, initiator, interface_id) as place
        from longest
        where not is_steady
    ),
    swept as (
        select b.place, s.opens, s.closes
        from broken b
        join
            spans s
            on s.cluster = b.cluster
            and s.svm_id = b.svm_id
            and s.initiator = b.initiator
            and s.interface_id is not distinct from b.interface_id
    ),
    edges as (
        select place, opens as tick, 1 as step
        from swept
        union all
        select place, closes + 1, -1
        from swept
    ),
    deltas as (
        -- Interval overlap count by sweep line.
        select place, tick, sum(step) as step from edges group by place, tick having sum(step) <> 0
    ),
    running as (
        select
            place,
            tick,
            sum(step) over (
                partition by place order by tick rows between unbounded preceding and current row
            ) as held,
            lead(tick) over (partition by place order by tick) as next
        from deltas
    ),
    shown as (
        select place, sum(next - tick)::bigint as present, max(next - 1)::bigint as last_tick
        from running
        where held > 0
        group by place
    )
select
    b.cluster,
    b.svm_id,
    b.initiator,
    b.interface_id,
    s.present,
    b.ticks::bigint as ticks,
    s.present / b.ticks::double as share,
    s.last_tick
from shown s
join broken b on b.place = s.place
union all
select
    cluster,
    svm_id,
    initiator,
    interface_id,
    ticks::bigint,
    ticks::bigint,
    1.0::double,
    ticks::bigint
from longest
where is_steady
