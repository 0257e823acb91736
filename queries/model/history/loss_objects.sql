-- /// query
-- title = "What each loss could be explained by"
-- description = """
-- The objects that a lost path belongs to, the most specific first: the address, the host, the
-- interface, its igroups, the node, the subnet, the SVM, the cluster. Nodes and subnets only where
-- interfaces were collected.
-- """
--
-- [columns]
-- loss = "The loss, as numbered by losses."
-- cluster = "Cluster."
-- svm_id = "SVM."
-- initiator = "Initiator."
-- lost_after = "Last complete snapshot that saw its sessions."
-- lost_by = "First complete snapshot that did not."
-- sessions = "Sessions lost."
-- rank = "1 for the most specific kind."
-- kind = "host_address, host, interface, igroup, node, subnet, svm or cluster."
-- id = "What identifies the object."
-- name = "Its name."
-- ///
with
    located as (
        select
            l.loss,
            l.cluster,
            l.svm_id,
            l.svm,
            l.initiator,
            l.initiator_address,
            l.interface_id,
            coalesce(l.interface, l.interface_id) as interface,
            l.lost_after,
            l.lost_by,
            l.sessions_lost as sessions,
            i.node,
            -- Equal subnets in two IPspaces are two networks.
            i.subnet || coalesce(' in ' || nullif(i.ipspace, 'Default'), '') as subnet
        from losses l
        left join
            interfaces i
            on i.cluster = l.cluster
            and i.uuid = l.interface_id
            and i.first_seen <= l.lost_after
            and i.last_seen >= l.lost_after
    ),
    membership as (
        select distinct l.loss, unnest(s.igroups) as igroup
        from located l
        join
            spells s
            on s.cluster = l.cluster
            and s.svm_id = l.svm_id
            and s.initiator = l.initiator
            and s.interface_id = l.interface_id
            and s.initiator_address = l.initiator_address
            and s.first_seen <= l.lost_after
            and s.last_seen >= l.lost_after
    ),
    objects as (
        select
            loss,
            1 as rank,
            'host_address' as kind,
            initiator || chr(31) || initiator_address as id,
            initiator_address as name
        from located
        where initiator_address <> ''
        union all
        select loss, 2, 'host', initiator, initiator
        from located
        union all
        select loss, 3, 'interface', svm_id || chr(31) || interface_id, interface
        from located
        union all
        select
            loss,
            4,
            'igroup',
            coalesce(igroup.uuid, igroup.name),
            coalesce(igroup.name, igroup.uuid)
        from membership
        union all
        select loss, 5, 'node', node, node
        from located
        where node is not null
        union all
        select loss, 6, 'subnet', subnet, subnet
        from located
        where subnet is not null
        union all
        select loss, 7, 'svm', svm_id, svm
        from located
        union all
        select loss, 8, 'cluster', cluster, cluster
        from located
    )
select
    l.loss,
    l.cluster,
    l.svm_id,
    l.initiator,
    l.lost_after,
    l.lost_by,
    l.sessions,
    o.rank,
    o.kind,
    o.id,
    o.name
from objects o
join located l on l.loss = o.loss
