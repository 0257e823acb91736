-- /// query
-- title = "Sessions of every site of a MetroCluster"
-- description = """
-- The connections of SVMs that a MetroCluster mirrors, in the clusters selected and in the
-- others, so that a switchover is the same whichever cluster is selected.
-- """
-- [columns]
-- cluster = "Cluster."
-- svm = "Name of the SVM."
-- initiator = "Initiator."
-- initiator_address = "Host address."
-- interface_address = "Address of the interface."
-- first_seen = "First complete snapshot that shows it."
-- gone_by = "First complete snapshot without it; null while it is there."
-- ///
select cluster, svm, initiator, initiator_address, interface_address, first_seen, gone_by
from spells
where svm in (select svm from mirrored_svms)
union all
select cluster, svm, initiator, initiator_address, interface_address, first_seen, gone_by
from partner_sessions
