-- /// query
-- title = "Which neighbouring instants are compared"
-- description = """
-- Per SVM, two complete snapshots that both list it. With $before or $after: the last at or
-- before each. With $since: the neighbours between which a row of spells ended or began, where
-- their interval overlaps the window or a loss began that is still open in it. What one snapshot
-- missed ends and begins in one transition, from the snapshot before it to the one after.
-- """
--
-- [columns]
-- cluster = "Cluster."
-- svm_id = "SVM."
-- changed_after = "Complete snapshot before."
-- changed_by = "Complete snapshot after."
-- is_pair = "Whether the two are compared as they are, whatever lies between."
-- ///
with
    scopes as (select cluster, which, taken_at, unnest(scope) as svm_id from compared_snapshots),
    neighbours as (
        select cluster, svm_id, last_seen as changed_after, gone_by as changed_by
        from spells
        where gone_by is not null and gone_by >= $since
        union
        select cluster, svm_id, seen_after, first_seen
        from spells
        where seen_after is not null and first_seen >= $since
        union
        select cluster, svm_id, last_seen, back_at
        from missed_reads
        union
        select s.cluster, s.svm_id, s.last_seen, s.gone_by
        from spells s
        join open_loss_instants o on o.cluster = s.cluster and o.gone_by = s.gone_by
        union
        select s.cluster, s.svm_id, s.seen_after, s.first_seen
        from spells s
        join open_loss_instants o on o.cluster = s.cluster and o.gone_by = s.first_seen
    )
select
    cluster,
    svm_id,
    max(taken_at) filter (where which = 'before') as changed_after,
    max(taken_at) filter (where which = 'after') as changed_by,
    true as is_pair
from scopes
group by cluster, svm_id
having changed_after < changed_by
union all
select cluster, svm_id, changed_after, changed_by, false
from neighbours
where changed_after < $until
