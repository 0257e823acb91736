-- /// query
-- title = "Connections that one snapshot missed, of the window and of its open losses"
-- description = """
-- Those of missed_connections that are back within the window, or whose change belongs to a loss
-- still open in it.
-- """
-- [columns]
-- cluster = "Cluster."
-- svm_id = "SVM."
-- initiator = "Initiator."
-- isid = "Initiator's part of the session identifier."
-- tsih = "Target session identifying handle."
-- target_portal_group = "Target portal group."
-- cid = "Connection identifier."
-- initiator_address = "Host address."
-- interface_id = "Interface."
-- interface_address = "Address of the interface."
-- connections = "Connections of its session."
-- last_seen = "Last snapshot before the one that missed it."
-- absent_at = "The snapshot that missed it."
-- back_at = "First snapshot that has it again."
-- ended = "When the spell before began: with it, the spell's identity."
-- ///
select
    m.cluster,
    m.svm_id,
    m.initiator,
    m.isid,
    m.tsih,
    m.target_portal_group,
    m.cid,
    m.initiator_address,
    m.interface_id,
    m.interface_address,
    m.connections,
    m.last_seen,
    m.absent_at,
    m.back_at,
    m.ended
from (select * from missed_connections where last_seen < $until) m
where
    m.back_at >= $since
    or exists (
        select 1 from open_loss_instants o where o.cluster = m.cluster and o.gone_by = m.absent_at
    )
    or exists (
        select 1 from open_loss_instants o where o.cluster = m.cluster and o.gone_by = m.back_at
    )
