-- /// query
-- title = "Sessions over time, cut where their interface moved"
-- [columns]
-- cluster = "Cluster."
-- svm_id = "SVM."
-- initiator = "Initiator."
-- initiator_address = "Host address."
-- node = "Node; null where it is not known."
-- fabric = "Fabric; null where it is not known."
-- begins = "First complete snapshot that shows the piece."
-- ends = "First complete snapshot that does not; null while it is there."
-- share = "Of a session: one over its connections, so that a sum counts sessions."
-- ///
select
    s.cluster,
    s.svm_id,
    s.initiator,
    s.initiator_address,
    p.node,
    p.fabric,
    greatest(p.begins, s.first_seen) as begins,
    least(p.ends, s.gone_by) as ends,
    1.0::double / greatest(coalesce(s.connections, 1), 1) as share
from spells s
left join
    interface_locations p
    on p.cluster = s.cluster
    and p.uuid = s.interface_uuid
    and (p.begins is null or s.gone_by is null or p.begins < s.gone_by)
    and (p.ends is null or p.ends > s.first_seen)
