-- /// query
-- title = "What the snapshot of an instant speaks for"
-- description = """
-- One row per cluster that had a complete snapshot by then, and one per SVM in its scope, under
-- each name that the SVM ever had. What is not here was not seen.
-- """
-- [columns]
-- cluster = "Cluster."
-- svm = "Name of the SVM; null for the cluster itself."
-- ///
select s.cluster, n.svm
from snapshot_at s
join
    (select distinct cluster, svm_id, svm from spells) n
    on n.cluster = s.cluster
    and list_contains(s.scope, n.svm_id)
union
select cluster, null
from snapshot_at
