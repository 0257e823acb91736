-- /// query
-- title = "SVMs that are not listed any more"
-- description = """
-- One row per SVM that had sessions and that the last complete snapshot does not list, for the days
-- after which a loss is given up: it was deleted, or the account does not see it. Its sessions are
-- unknown, not lost; other reports speak of the SVMs that are listed only. Where the SVMs were not
-- listed themselves, it is one whose last session went.
-- """
-- time = "instant"
-- kind = "finding"
-- group = "Data quality"
-- identity = ["cluster", "svm"]
-- cannot_see = "Whether it was deleted."
-- [columns]
-- cluster = "Cluster."
-- svm = "SVM."
-- last_seen = "The last complete snapshot that lists it."
-- snapshots_since = "Complete snapshots since then."
-- severity = "high."
-- detail = "How many sessions are unknown."
-- ///
select cluster, svm, last_seen, snapshots_since, 'high' as severity, detail
from unlisted_svms
order by cluster, svm, last_seen
