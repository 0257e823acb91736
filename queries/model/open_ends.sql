-- /// query
-- title = "Paths that ended before the window and never came back"
-- description = """
-- A loss that is still open belongs to every later window: these are the instants that have to be
-- looked at again, whole, so that its cause is the same whatever the window.
-- """
--
-- [columns]
-- cluster = "Cluster."
-- gone_by = "First comparable snapshot without the path."
-- ///
select distinct cluster, gone_by
from (
    select cluster, max(gone_by) as gone_by
    from spells
    group by cluster, svm_id, initiator, initiator_address, interface_id
    having count(*) filter (gone_by is null) = 0 and max(gone_by) < $since
)
