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
select
    u.cluster,
    u.svm_id,
    coalesce(u.svm, u.svm_id) as svm,
    u.last_seen,
    u.snapshots_since,
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
from unseen_svms u
cross join thresholds t
where u.last_seen > $at::timestamp - to_days(t.abandon_days)
