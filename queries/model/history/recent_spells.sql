-- /// query
-- title = "Connections of the window, and of the time in which a loss can still be open"
-- description = """
-- The rows of spells that touch the window or abandon_days before the day it begins in, once for
-- all windows that begin that day: of a long history they are few. Without a window there are none.
-- """
-- [columns]
-- cluster = "Cluster."
-- svm_id = "SVM."
-- initiator = "Initiator."
-- isid = "Initiator's part of the session identifier."
-- tsih = "Target session identifying handle."
-- target_portal_group = "Target portal group."
-- connections = "Connections of the session."
-- cid = "Connection identifier."
-- initiator_address = "Host address."
-- initiator_port = "Port at the host."
-- svm = "Name of the SVM."
-- interface_id = "Interface."
-- interface_uuid = "UUID of the interface."
-- interface = "Name of the interface."
-- interface_address = "Address of the interface."
-- seen_after = "Last complete snapshot before it was seen; null in a baseline."
-- first_seen = "First complete snapshot that shows it."
-- last_seen = "Last complete snapshot that shows it."
-- gone_by = "First complete snapshot without it; null while it is there."
-- ///
-- Two scans, each by a bound that whole row groups can be left out by.
with
    chosen as (
        select *
        from spells
        where $since_day is not null and gone_by is null
        union all
        select *
        from spells
        where
            $since_day is not null
            and gone_by
            >= (select $since_day::timestamp - abandon_days * interval 1 day from thresholds)
    )
select
    cluster,
    svm_id,
    initiator,
    isid,
    tsih,
    target_portal_group,
    connections,
    cid,
    initiator_address,
    initiator_port,
    svm,
    interface_id,
    interface_uuid,
    interface,
    interface_address,
    seen_after,
    first_seen,
    last_seen,
    gone_by
from chosen
