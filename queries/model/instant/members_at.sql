-- /// query
-- title = "Initiators and their igroups at an instant"
-- description = "Members of the listed igroups, and what the sessions themselves say."
-- [columns]
-- cluster = "Cluster."
-- svm_id = "SVM."
-- svm = "Name of the SVM."
-- igroup_id = "Igroup: its uuid, else its name."
-- igroup = "Name of the igroup."
-- initiator = "Initiator, lower-cased."
-- os_type = "Operating system type; null without a listing."
-- portset = "Portset; null if it has none."
-- required_nodes = "Nodes that ONTAP requires; null where it did not say."
-- listed = "Whether the listing of igroups names it as a member."
-- live = "Whether it has sessions."
-- ///
with
    listed as (
        select
            g.cluster,
            coalesce(g.svm_uuid, g.svm, '') as svm_id,
            g.svm,
            coalesce(g.uuid, g.name) as igroup_id,
            g.name as igroup,
            g.os_type,
            g.portset,
            g.required_nodes,
            g.initiators
        from snapshot_at s
        join
            igroups g
            on g.cluster = s.cluster
            and g.first_seen <= s.igroups_at
            and g.last_seen >= s.igroups_at
        where coalesce(g.protocol, 'iscsi') in ('iscsi', 'mixed')
    ),
    listed_members as (
        select cluster, svm_id, svm, igroup_id, igroup, unnest(initiators) as initiator from listed
    ),
    session_igroups as (
        select cluster, svm_id, max(svm) as svm, initiator, unnest(igroups) as igroup
        from connections_at
        group by cluster, svm_id, initiator, igroups
    ),
    pooled as (
        select cluster, svm_id, svm, igroup_id, igroup, initiator, true as listed, false as live
        from listed_members
        -- A mixed igroup holds Fibre Channel names too.
        where initiator like 'iqn.%' or initiator like 'eui.%' or initiator like 'naa.%'
        union all
        select
            cluster,
            svm_id,
            svm,
            coalesce(igroup.uuid, igroup.name),
            igroup.name,
            initiator,
            false,
            true
        from session_igroups
    ),
    live as (select distinct cluster, svm_id, initiator from connections_at)
select
    b.cluster,
    b.svm_id,
    max(b.svm) as svm,
    b.igroup_id,
    max(b.igroup) as igroup,
    b.initiator,
    max(l.os_type) as os_type,
    max(l.portset) as portset,
    max(l.required_nodes) as required_nodes,
    bool_or(b.listed) as listed,
    count(v.initiator) > 0 as live
from pooled b
left join listed l on l.cluster = b.cluster and l.svm_id = b.svm_id and l.igroup_id = b.igroup_id
left join live v on v.cluster = b.cluster and v.svm_id = b.svm_id and v.initiator = b.initiator
group by b.cluster, b.svm_id, b.igroup_id, b.initiator
