-- /// query
-- title = "Connections of the last seven days, counted in snapshots"
-- description = """Snapshots of each SVM are numbered; a spell is the numbers of its first and its
-- last."""
-- [columns]
-- cluster = "Cluster."
-- svm_id = "SVM."
-- initiator = "Initiator."
-- interface_id = "Interface."
-- opens = "Number of the first snapshot that shows it."
-- closes = "Number of the last."
-- ticks = "Snapshots in all."
-- ///
with
    ticks as (
        select
            cluster,
            svm_id,
            taken_at,
            row_number() over (partition by cluster, svm_id order by taken_at) as tick,
            count(*) over (partition by cluster, svm_id) as ticks
        from
            (
                select a.cluster, a.taken_at, unnest(a.scope) as svm_id
                from attempts a
                join snapshot_at s on s.cluster = a.cluster
                cross join thresholds t
                where
                    a.status = 'complete'
                    and a.taken_at <= s.taken_at
                    and a.taken_at > s.taken_at - to_days(t.history_days)
            )
    )
select
    e.cluster,
    e.svm_id,
    e.initiator,
    e.interface_id,
    coalesce(b.tick, 1) as opens,
    coalesce(l.tick, s.ticks) as closes,
    s.ticks
from spells e
join
    (
        select cluster, svm_id, min(taken_at) as since, max(taken_at) as until, max(ticks) as ticks
        from ticks
        group by all
    ) s
    on s.cluster = e.cluster
    and s.svm_id = e.svm_id
left join ticks b on b.cluster = e.cluster and b.svm_id = e.svm_id and b.taken_at = e.first_seen
left join ticks l on l.cluster = e.cluster and l.svm_id = e.svm_id and l.taken_at = e.last_seen
where e.first_seen <= s.until and e.last_seen >= s.since
