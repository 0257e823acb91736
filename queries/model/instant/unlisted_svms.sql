-- /// query
-- title = "SVMs that had sessions and are not listed any more"
-- description = """
-- An SVM outside the scope of the last complete snapshot was deleted, or the account does not see
-- it: its sessions are unknown, not lost. Where the SVMs were not listed, the scope is what has
-- sessions. After the days after which a loss is given up it is left out.
-- """
-- [columns]
-- cluster = "Cluster."
-- svm_id = "SVM."
-- svm = "Its name."
-- last_seen = "The last complete snapshot that lists it."
-- snapshots_since = "Complete snapshots since then."
-- detail = "How many sessions are unknown, in words."
-- ///
with
    answers as (
        select cluster, taken_at, scope, svms_status
        from attempts
        where status = 'complete' and taken_at <= $at::timestamp
    ),
    latest as (
        select
            cluster,
            max_by(scope, taken_at) as scope,
            max_by(svms_status, taken_at) = 'complete' as has_svms
        from answers
        group by cluster
    ),
    unlisted as (
        select
            s.cluster,
            s.svm_id,
            max(s.svm) as svm,
            bool_and(l.has_svms) as has_svms,
            count(distinct(s.initiator, s.isid, s.target_portal_group, s.tsih)) as sessions
        from spells s
        join latest l on l.cluster = s.cluster
        where
            s.first_seen <= $at::timestamp
            and coalesce(s.gone_by > $at::timestamp, true)
            and not list_contains(l.scope, s.svm_id)
        group by s.cluster, s.svm_id
    ),
    listings as (
        select u.cluster, u.svm_id, max(a.taken_at) as last_seen
        from unlisted u
        join answers a on a.cluster = u.cluster and list_contains(a.scope, u.svm_id)
        group by u.cluster, u.svm_id
    )
select
    u.cluster,
    u.svm_id,
    coalesce(u.svm, u.svm_id) as svm,
    i.last_seen,
    count(*) as snapshots_since,
    'SVM '
    || coalesce(u.svm, u.svm_id)
    || case
        when u.has_svms
        then
            ' not listed any more: deleted, or not visible to the account' || case
                when
                    exists (
                        select 1
                        from svms v
                        where
                            v.cluster = u.cluster
                            and v.name = u.svm
                            and v.uuid <> u.svm_id
                            and v.first_seen <= $at::timestamp
                            and coalesce(v.gone_by > $at::timestamp, true)
                    )
                then '; another one of that name is listed'
                else ''
            end
        else ' has no session, where the SVMs are not listed: logged out, deleted, or not visible'
    end
    || '; what became of its '
    || u.sessions
    || case when u.sessions = 1 then ' session' else ' sessions' end
    || ' is unknown' as detail
from unlisted u
join listings i on i.cluster = u.cluster and i.svm_id = u.svm_id
join answers a on a.cluster = u.cluster and a.taken_at > i.last_seen
cross join thresholds t
where i.last_seen > $at::timestamp - to_days(t.abandon_days)
group by u.cluster, u.svm_id, u.svm, u.has_svms, u.sessions, i.last_seen
