-- /// query
-- title = "Initiators that are gone for good"
-- description = """
-- In no igroup of their SVM any more, though they were in one, and without a session there: taken
-- out of service. Says nothing where igroups were not collected.
-- """
-- [columns]
-- cluster = "Cluster."
-- svm_id = "SVM."
-- initiator = "Initiator."
-- departed_at = "First complete snapshot that shows it so."
-- ///
with
    memberships as (
        select cluster, svm_uuid as svm_id, gone_by, unnest(initiators) as initiator
        from igroups
        where initiators is not null
    ),
    without_igroup as (
        select cluster, svm_id, initiator, max(gone_by) as gone_by
        from memberships
        group by all
        having count(*) = count(gone_by)
    ),
    without_session as (
        select cluster, svm_id, initiator, max(gone_by) as gone_by
        from spells
        group by all
        having count(*) = count(gone_by)
    ),
    listings as (
        select cluster, taken_at, unnest(scope) as svm_id from attempts where status = 'complete'
    )
select i.cluster, i.svm_id, i.initiator, greatest(i.gone_by, s.gone_by) as departed_at
from without_igroup i
join
    without_session s on s.cluster = i.cluster and s.svm_id = i.svm_id and s.initiator = i.initiator
-- An account that no longer sees the SVM sees none of its igroups either.
join listings l on l.cluster = i.cluster and l.taken_at = i.gone_by and l.svm_id = i.svm_id
