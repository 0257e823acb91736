-- /// query
-- title = "Connection rows that end or begin"
-- description = """
-- The rows of spells that end or begin between the two instants of a transition. What one
-- snapshot missed ends and begins in one transition, from before it to after it.
-- """
-- [columns]
-- cluster = "Cluster."
-- svm_id = "SVM."
-- changed_after = "Last complete snapshot of the SVM before the change."
-- changed_by = "First complete snapshot of the SVM after it."
-- side = "gone or came."
-- retracted = "Whether one snapshot merely missed it."
-- svm_uuid = "UUID of the SVM."
-- svm = "Name of the SVM."
-- initiator = "Initiator."
-- alias = "Its alias."
-- comment = "Its comment."
-- isid = "Initiator's part of the session identifier."
-- tsih = "Target session identifying handle."
-- target_portal_group = "Target portal group."
-- target_portal_group_tag = "Its tag."
-- connections = "Connections of the session."
-- cid = "Connection identifier."
-- authentication = "chap or none."
-- initiator_address = "Host address."
-- initiator_port = "Port at the host."
-- interface_id = "Interface."
-- interface_uuid = "UUID of the interface."
-- interface = "Name of the interface."
-- interface_address = "Address of the interface."
-- igroups = "Igroups that hold the initiator."
-- ///
with
    edges_of_pair as (
        select s.*, t.changed_after, t.changed_by, 'gone' as side, false as retracted
        from spells s
        join transitions t on t.is_pair and t.cluster = s.cluster and t.svm_id = s.svm_id
        where
            -- What is open was seen in the latest listing of its SVM, which no pair is later than.
            s.gone_by is not null
            and s.first_seen <= t.changed_after
            and s.last_seen >= t.changed_after
            and s.last_seen < t.changed_by
        union all
        select s.*, t.changed_after, t.changed_by, 'came', false
        from spells s
        join transitions t on t.is_pair and t.cluster = s.cluster and t.svm_id = s.svm_id
        where
            s.first_seen > t.changed_after
            and s.first_seen <= t.changed_by
            and s.last_seen >= t.changed_by
    ),
    edges_of_neighbours as (
        select
            s.*, t.changed_after, t.changed_by, 'gone' as side, m.back_at is not null as retracted
        from spells s
        left join
            missed_reads m
            on m.cluster = s.cluster
            and m.svm_id = s.svm_id
            and m.absent_at = s.gone_by
            and m.ended = s.first_seen
            and m.initiator = s.initiator
            and m.isid = s.isid
            and m.tsih = s.tsih
            and m.cid is not distinct from s.cid
            and m.initiator_address = s.initiator_address
            and m.interface_id = s.interface_id
        join
            transitions t
            on not t.is_pair
            and t.cluster = s.cluster
            and t.svm_id = s.svm_id
            and t.changed_after = s.last_seen
            and t.changed_by = coalesce(m.back_at, s.gone_by)
        where s.gone_by is not null
        union all
        select s.*, t.changed_after, t.changed_by, 'came', m.back_at is not null
        from spells s
        left join
            missed_reads m
            on m.cluster = s.cluster
            and m.svm_id = s.svm_id
            and m.absent_at = s.seen_after
            and m.back_at = s.first_seen
            and m.initiator = s.initiator
            and m.isid = s.isid
            and m.tsih = s.tsih
            and m.cid is not distinct from s.cid
            and m.initiator_address = s.initiator_address
            and m.interface_address is not distinct from s.interface_address
        join
            transitions t
            on not t.is_pair
            and t.cluster = s.cluster
            and t.svm_id = s.svm_id
            and t.changed_after = coalesce(m.last_seen, s.seen_after)
            and t.changed_by = s.first_seen
        where s.seen_after is not null
    )
select
    cluster,
    svm_id,
    changed_after,
    changed_by,
    side,
    retracted,
    svm_uuid,
    svm,
    initiator,
    alias,
    "comment",
    isid,
    tsih,
    target_portal_group,
    target_portal_group_tag,
    connections,
    cid,
    authentication,
    initiator_address,
    initiator_port,
    interface_id,
    interface_uuid,
    interface,
    interface_address,
    igroups
from
    (
        select *
        from edges_of_pair
        union all
        select *
        from edges_of_neighbours
    )
