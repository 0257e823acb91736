-- /// query
-- title = "SVMs of which nobody can say what became of their sessions"
-- description = """
-- At an instant, or at the end of a window, those that had sessions when they were last listed and
-- that the latest complete answer by then, in a window one of the window, does not speak for.
-- """
-- [columns]
-- cluster = "Cluster."
-- svm_id = "SVM."
-- svm = "Its name; null if it never had one."
-- has_svms = "Whether that answer lists SVMs: else one without sessions shows nowhere."
-- sessions = "Its sessions when it was last listed."
-- last_seen = "The last complete answer that speaks for it."
-- unseen_since = "The first one after it."
-- snapshots_since = "How many there are after it."
-- ///
with
    latest as (
        select cluster, max(taken_at) as taken_at
        from attempts
        where
            status = 'complete'
            and taken_at <= coalesce($at::timestamp, $until::timestamp)
            and taken_at >= coalesce($since::timestamp, timestamp '0001-01-01')
        group by cluster
    ),
    answers as (
        select a.cluster, a.scope, a.svms_status = 'complete' as has_svms
        from attempts a
        join latest l on l.cluster = a.cluster and l.taken_at = a.taken_at
        where a.status = 'complete'
    ),
    -- Two scans, each by a bound that whole row groups can be left out by.
    held as (
        select cluster, svm_id, svm, initiator, isid, target_portal_group, tsih
        from spells
        where gone_by is null and first_seen <= coalesce($at::timestamp, $until::timestamp)
        union all
        select cluster, svm_id, svm, initiator, isid, target_portal_group, tsih
        from spells
        where
            gone_by > coalesce($at::timestamp, $until::timestamp)
            and first_seen <= coalesce($at::timestamp, $until::timestamp)
    ),
    hidden as (
        select
            s.cluster,
            s.svm_id,
            max(s.svm) as svm,
            bool_and(a.has_svms) as has_svms,
            count(distinct(s.initiator, s.isid, s.target_portal_group, s.tsih)) as sessions
        from held s
        join answers a on a.cluster = s.cluster
        where not list_contains(a.scope, s.svm_id)
        group by s.cluster, s.svm_id
    ),
    listings as (
        select h.cluster, h.svm_id, max(a.taken_at) as last_seen
        from hidden h
        join attempts a on a.cluster = h.cluster and list_contains(a.scope, h.svm_id)
        where a.status = 'complete' and a.taken_at <= coalesce($at::timestamp, $until::timestamp)
        group by h.cluster, h.svm_id
    )
select
    h.cluster,
    h.svm_id,
    h.svm,
    h.has_svms,
    h.sessions,
    l.last_seen,
    min(a.taken_at) as unseen_since,
    count(*) as snapshots_since
from hidden h
join listings l on l.cluster = h.cluster and l.svm_id = h.svm_id
join attempts a on a.cluster = h.cluster and a.taken_at > l.last_seen
where a.status = 'complete' and a.taken_at <= coalesce($at::timestamp, $until::timestamp)
group by h.cluster, h.svm_id, h.svm, h.has_svms, h.sessions, l.last_seen
