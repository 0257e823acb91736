-- /// query
-- title = "Interfaces that moved, went down or up, were added or removed"
-- description = """
-- Interfaces for iSCSI of SVMs. One that an account no longer sees was not removed, and one that
-- was created anew with its sessions shows in those.
-- """
-- [columns]
-- cluster = "Cluster."
-- svm_id = "SVM."
-- svm = "Name of the SVM."
-- node = "Node that it was on."
-- interface_id = "Interface."
-- interface = "Its name."
-- interface_address = "Its address."
-- change = """interface_moved, interface_home, interface_down, interface_up,
-- interface_added or interface_removed."""
-- changed_after = "Last listing before."
-- changed_by = "First listing after."
-- detail = "In words."
-- severity = "How much it matters."
-- ///
with
    iscsi_interfaces as (
        select
            cluster,
            uuid,
            name,
            svm_uuid,
            svm,
            address,
            node,
            port,
            is_home,
            coalesce(enabled, true) and coalesce(state, 'up') = 'up' as is_up,
            enabled,
            first_seen,
            gone_by
        from interfaces
        where svm_uuid is not null and coalesce(list_contains(services, 'data_iscsi'), true)
    ),
    before as (
        select m.changed_after, m.changed_by, i.*
        from inventory_moments m
        join
            iscsi_interfaces i
            on i.cluster = m.cluster
            and i.first_seen <= m.changed_after
            and coalesce(i.gone_by > m.changed_after, true)
        where m.kind = 'interface'
    ),
    after as (
        select m.changed_after, m.changed_by, i.*
        from inventory_moments m
        join
            iscsi_interfaces i
            on i.cluster = m.cluster
            and i.first_seen <= m.changed_by
            and coalesce(i.gone_by > m.changed_by, true)
        where m.kind = 'interface'
    ),
    compared as (
        select
            coalesce(a.cluster, b.cluster) as cluster,
            coalesce(a.svm_uuid, b.svm_uuid) as svm_id,
            coalesce(a.svm, b.svm) as svm,
            coalesce(a.uuid, b.uuid) as uuid,
            coalesce(a.name, b.name) as name,
            coalesce(a.address, b.address) as address,
            coalesce(a.changed_after, b.changed_after) as changed_after,
            coalesce(a.changed_by, b.changed_by) as changed_by,
            coalesce(b.node, a.node) as node,
            b.uuid is null as is_added,
            a.uuid is null as is_removed,
            a.is_home and not b.is_home as is_home_again,
            (a.node <> b.node and r.name is null) or a.port <> b.port as is_moved,
            b.is_up and not a.is_up as is_down,
            a.is_up and not b.is_up as is_up_again,
            'from ' || b.node || ' to ' || a.node || coalesce(' port ' || a.port, '') as way,
            case when a.enabled = false then ' disabled' else ' down' end as how,
            -- Of an interface that left its port, what is wrong with that one.
            case when b.is_up and not a.is_up then a.node else b.node end as port_node,
            case when b.is_up and not a.is_up then a.port else b.port end as port
        from before b
        full join
            after a
            on a.cluster = b.cluster
            and a.uuid = b.uuid
            and a.changed_after = b.changed_after
            and a.changed_by = b.changed_by
        left join renamed_nodes r on r.cluster = b.cluster and r.was = b.node and r.name = a.node
    ),
    explained as (
        select
            c.*,
            coalesce(': port ' || c.port || ' of ' || c.port_node || ' ' || t.trouble, '') as cause
        from compared c
        left join
            port_troubles t
            on t.cluster = c.cluster
            and t.node = c.port_node
            and t.port = c.port
            and t.first_seen <= c.changed_by
            and t.last_seen >= c.changed_by
    ),
    changes as (
        select *, 'interface_home' as change, ' back home, ' || way as words
        from explained
        where is_home_again
        union all
        select *, 'interface_moved', ' moved ' || way || cause
        from explained
        where is_moved and not coalesce(is_home_again, false)
        union all
        select *, 'interface_down', how || coalesce(' on ' || node, '') || cause
        from explained
        where is_down
        union all
        select *, 'interface_up', ' up' || coalesce(' on ' || node, '')
        from explained
        where is_up_again
        union all
        select *, 'interface_added', ' added' || coalesce(' on ' || node, '')
        from explained
        where is_added
        union all
        select *, 'interface_removed', ' removed' || coalesce(' from ' || node, '')
        from explained
        where is_removed
    ),
    scopes as (select cluster, taken_at, unnest(scope) as svm_id from attempts),
    replaced as (
        select cluster, old_id as uuid, changed_by
        from replaced_interfaces
        union
        select cluster, new_id, changed_by
        from replaced_interfaces
    )
select
    c.cluster,
    c.svm_id,
    c.svm,
    c.node,
    c.uuid as interface_id,
    c.name as interface,
    c.address as interface_address,
    c.change,
    c.changed_after,
    c.changed_by,
    'interface ' || c.name || c.words as detail,
    case
        when c.change in ('interface_down', 'interface_removed')
        then 'medium'
        when c.change = 'interface_moved'
        then 'low'
        else 'info'
    end as severity
from changes c
left join
    scopes s
    on s.cluster = c.cluster
    and s.svm_id = c.svm_id
    and s.taken_at = case when c.is_added then c.changed_after else c.changed_by end
left join replaced r on r.cluster = c.cluster and r.uuid = c.uuid and r.changed_by = c.changed_by
where
    (s.svm_id is not null or not (c.is_added or c.is_removed))
    and (r.uuid is null or not (c.is_added or c.is_removed))
