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
        select i.cluster, i.svm_id, i.initiator, i.gone_by, max(s.gone_by) as last_gone_by
        from without_igroup i
        join spells s on s.cluster = i.cluster and s.svm_id = i.svm_id and s.initiator = i.initiator
        group by i.cluster, i.svm_id, i.initiator, i.gone_by
        having count(*) = count(s.gone_by)
    ),
    listings as (
        select a.cluster, a.taken_at, unnest(a.scope) as svm_id
        from attempts a
        semi join without_session s on s.cluster = a.cluster and s.gone_by = a.taken_at
        where a.status = 'complete'
    )
select s.cluster, s.svm_id, s.initiator, greatest(s.gone_by, s.last_gone_by) as departed_at
from without_session s
join listings l on l.cluster = s.cluster and l.taken_at = s.gone_by and l.svm_id = s.svm_id
