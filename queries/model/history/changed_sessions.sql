-- /// query
-- title = "Sessions that end, begin or change"
-- description = """
-- The connection rows of edges by session; its lowest connection stands for it. A session whose
-- number of connections changes has all its rows in edges, since every row carries the number.
-- """
-- [columns]
-- session = "Number of this row."
-- cluster = "Cluster."
-- svm_id = "SVM."
-- changed_after = "Last complete snapshot before."
-- changed_by = "First complete snapshot after."
-- side = "gone or came."
-- retracted = "Whether one snapshot merely missed it."
-- svm = "Name of the SVM."
-- initiator = "Initiator."
-- alias = "Its alias."
-- comment = "Its comment."
-- isid = "Initiator's part of the session identifier."
-- tsih = "Target session identifying handle."
-- target_portal_group = "Target portal group."
-- portal_group = "Its tag, or its name where no tag came."
-- connections = "Connections of the session."
-- cid = "Lowest connection identifier."
-- authentication = "chap or none."
-- initiator_address = "Host address."
-- initiator_port = "Port at the host."
-- interface_id = "Interface."
-- interface = "Name of the interface."
-- interface_address = "Address of the interface."
-- igroups = "Uuids of the igroups, in order."
-- igroup_names = "Names of the igroups, in order."
-- ///
with
    connections as (
        select
            *,
            coalesce(e.target_portal_group_tag::varchar, e.target_portal_group, '') as portal_group,
            row_number() over (
                order by
                    e.cluster,
                    e.svm_id,
                    e.changed_by,
                    e.changed_after,
                    e.side,
                    e.initiator,
                    e.isid,
                    coalesce(e.target_portal_group_tag::varchar, e.target_portal_group, ''),
                    e.tsih,
                    e.target_portal_group,
                    e.cid,
                    e.initiator_address,
                    e.initiator_port,
                    e.interface_id
            ) as session
        from edges e
    ),
    chosen as (
        -- A session is its first connection.
        select min(session) as session
        from connections
        group by
            cluster,
            svm_id,
            changed_after,
            changed_by,
            side,
            initiator,
            isid,
            target_portal_group,
            portal_group,
            tsih
    ),
    missed as (
        -- Connections that the snapshot before or after merely missed are counted as there (C17).
        select
            cluster,
            svm_id,
            initiator,
            isid,
            tsih,
            target_portal_group,
            absent_at,
            count(*) as connections
        from missed_reads
        group by all
    )
select
    c.session,
    c.cluster,
    c.svm_id,
    c.changed_after,
    c.changed_by,
    c.side,
    c.retracted,
    c.svm,
    c.initiator,
    nullif(c.alias, '') as alias,
    nullif(c."comment", '') as "comment",
    c.isid,
    coalesce(c.tsih, -1) as tsih,
    c.target_portal_group,
    c.portal_group,
    c.connections + case when c.retracted then 0 else coalesce(m.connections, 0) end as connections,
    coalesce(c.cid, -1) as cid,
    c.authentication,
    c.initiator_address,
    coalesce(c.initiator_port, -1) as initiator_port,
    c.interface_id,
    c.interface,
    c.interface_address,
    case
        when cardinality(c.igroups) > 0
        then
            list_sort(
                list_distinct(list_transform(c.igroups, lambda i:coalesce(i.uuid, i.name, '')))
            )
    end as igroups,
    case
        when cardinality(c.igroups) > 0
        then
            list_sort(
                list_distinct(list_transform(c.igroups, lambda i:coalesce(i.name, i.uuid, '')))
            )
    end as igroup_names
from connections c
join chosen o on o.session = c.session
left join
    missed m
    on m.cluster = c.cluster
    and m.svm_id = c.svm_id
    and m.initiator = c.initiator
    and m.isid = c.isid
    and m.tsih = c.tsih
    and m.target_portal_group is not distinct from c.target_portal_group
    and m.absent_at = case when c.side = 'came' then c.changed_by else c.changed_after end
