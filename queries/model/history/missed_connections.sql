-- /// query
-- title = "Connections that one snapshot missed, as far as recent_spells goes"
-- description = """
-- A connection cannot come back from the dead: absent from exactly one complete snapshot and
-- back with the same addresses, ports and handles, it was never away, unless another session held
-- its nexus in that snapshot.
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
-- Few connections of a host come right after one of it went: only those are matched in full.
with
    back as (
        select r.*
        from recent_spells r
        semi join
            recent_spells g
            on g.cluster = r.cluster
            and g.initiator = r.initiator
            and g.gone_by = r.seen_after
    ),
    gone as (
        select r.*
        from recent_spells r
        semi join
            back b
            on b.cluster = r.cluster
            and b.initiator = r.initiator
            and b.seen_after = r.gone_by
    )
select
    a.cluster,
    a.svm_id,
    a.initiator,
    a.isid,
    a.tsih,
    a.target_portal_group,
    a.cid,
    a.initiator_address,
    a.interface_id,
    a.interface_address,
    a.connections,
    a.last_seen,
    a.gone_by as absent_at,
    b.first_seen as back_at,
    a.first_seen as ended
from gone a
join
    back b
    on b.cluster = a.cluster
    and b.svm_id = a.svm_id
    and b.seen_after = a.gone_by
    and b.initiator = a.initiator
    and b.isid = a.isid
    and b.tsih = a.tsih
    and b.cid is not distinct from a.cid
    and b.initiator_address = a.initiator_address
    and b.initiator_port is not distinct from a.initiator_port
    and b.interface_address is not distinct from a.interface_address
-- Absent means absent: one that merely looked different in that snapshot (another alias, another
-- number of connections) was there all the time. A nexus has one session: where another came in
-- that snapshot, the first one was not there.
left join
    recent_spells c
    on c.cluster = a.cluster
    and c.svm_id = a.svm_id
    and c.first_seen = a.gone_by
    and c.initiator = a.initiator
    and c.isid = a.isid
    and case
        when c.tsih <> a.tsih
        then a.isid <> '' and c.target_portal_group = a.target_portal_group
        else
            c.cid is not distinct from a.cid
            and c.initiator_address = a.initiator_address
            and c.initiator_port is not distinct from a.initiator_port
            and c.interface_address is not distinct from a.interface_address
    end
where c.cluster is null
