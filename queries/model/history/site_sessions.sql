-- /// query
-- title = "Sessions of every site of a MetroCluster"
-- description = """
-- The connections of SVMs that a MetroCluster mirrors (X and X-mc), in the clusters asked for and
-- in the others, so that a switchover is told the same whichever cluster is asked for.
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
with
    names as (
        select svm
        from spells
        union
        select svm
        from partner_sessions
    ),
    mirrored as (
        select svm
        from names
        where svm like '%-mc'
        union
        select n.svm
        from names n
        join names m on m.svm = n.svm || '-mc'
    )
select cluster, svm, initiator, initiator_address, interface_address, first_seen, gone_by
from spells
where svm in (select svm from mirrored)
union all
select cluster, svm, initiator, initiator_address, interface_address, first_seen, gone_by
from partner_sessions
