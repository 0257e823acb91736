-- /// query
-- title = "What is mapped to each igroup at an instant"
-- description = """
-- From the listings of LUN maps, portsets and igroups. What was not listed is null: nothing is
-- said of it.
-- """
-- [columns]
-- cluster = "Cluster."
-- svm_id = "SVM."
-- igroup_id = "Igroup: its uuid, else its name."
-- luns = "LUNs mapped to it; null if the LUN maps were not collected since it is there."
-- reporting_nodes = "Nodes that report any of them; null if not known."
-- required_nodes = "Nodes that ONTAP requires; null where it did not say."
-- portset = "Portset it is bound to; null if none."
-- interface_uuids = "Interfaces of the portset; null if there is none, or if it is not known."
-- ///
with
    listed as (
        select
            g.cluster,
            coalesce(g.svm_uuid, g.svm, '') as svm_id,
            coalesce(g.uuid, g.name) as igroup_id,
            g.required_nodes,
            g.portset,
            s.lun_maps_at,
            s.portsets_at
        from snapshot_at s
        join
            igroups g
            on g.cluster = s.cluster
            and g.first_seen <= s.igroups_at
            and g.last_seen >= s.igroups_at
    ),
    origin as (
        -- An igroup is as old as its uuid, not as its last change of members.
        select cluster, coalesce(uuid, name) as igroup_id, min(first_seen) as since
        from igroups
        group by all
    )
select
    l.cluster,
    l.svm_id,
    l.igroup_id,
    -- Of an igroup that is younger than the listing nothing is known yet.
    case when m.uuid is not null then m.luns when o.since <= l.lun_maps_at then 0 end as luns,
    case
        when m.uuid is not null then m.reporting_nodes when o.since <= l.lun_maps_at then []
    end as reporting_nodes,
    l.required_nodes,
    l.portset,
    case
        when l.portset is not null and p.uuid is not null then coalesce(p.interface_uuids, [])
    end as interface_uuids
from listed l
join origin o on o.cluster = l.cluster and o.igroup_id = l.igroup_id
left join
    lun_maps m
    on m.cluster = l.cluster
    and m.uuid = l.igroup_id
    and m.first_seen <= l.lun_maps_at
    and m.last_seen >= l.lun_maps_at
left join
    portsets p
    on p.cluster = l.cluster
    and p.svm_uuid = l.svm_id
    and p.name = l.portset
    and p.first_seen <= l.portsets_at
    and p.last_seen >= l.portsets_at
