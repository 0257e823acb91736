-- /// query
-- title = "Interfaces of each SVM at an instant"
-- description = """Every interface that serves iSCSI: those listed, and those that sessions stand
-- on. Node and subnet are null where interfaces were not listed."""
-- [columns]
-- cluster = "Cluster."
-- svm_id = "SVM."
-- svm = "Name of the SVM."
-- interface_id = "Interface, as sessions know it."
-- interface = "Name of the interface."
-- interface_address = "Its address."
-- node = "Node it is on now."
-- home_node = "Its home node."
-- subnet = "Its subnet."
-- fabric = "Fabric of the subnet by policy, else the subnet."
-- enabled = "Administrative state; true where unknown."
-- up = "Whether it serves now; true where unknown."
-- at_home = "Whether it is on its home port; true where unknown."
-- moves = "Whether it fails over to another node: as the SVM's multipathing says, else its policy."
-- ipspace = "Its IPspace; null where unknown."
-- port_trouble = """What is wrong with its port, or with its home port while it is away, in words;
-- null if nothing, or where ports were not listed with it."""
-- since = "Since when it has been there; null in a baseline."
-- sessions = "Sessions on it."
-- ///
with
    listed as (
        select
            i.cluster,
            coalesce(i.svm_uuid, i.svm, '') as svm_id,
            s.svms_at,
            s.interfaces_at,
            case when i.is_home = false then i.home_node else i.node end as port_node,
            case when i.is_home = false then i.home_port else i.port end as own_port,
            i.*
        from snapshot_at s
        join
            interfaces i
            on i.cluster = s.cluster
            and i.first_seen <= s.interfaces_at
            and i.last_seen >= s.interfaces_at
    ),
    used as (
        select
            cluster,
            svm_id,
            interface_id,
            max(svm) as svm,
            max(interface_uuid) as interface_uuid,
            max(interface) as interface,
            max(interface_address) as interface_address,
            count(distinct(initiator, isid, tsih, target_portal_group)) as sessions
        from connections_at
        group by all
    ),
    origin as (
        -- An interface is as old as its uuid, not as its last change of state.
        select
            cluster, uuid, case when count(*) = count(seen_after) then min(first_seen) end as since
        from interfaces
        group by all
    ),
    matched as (
        -- By uuid; by address where the answer named none.
        select u.*, coalesce(i.uuid, a.uuid) as uuid
        from used u
        left join listed i on i.cluster = u.cluster and i.uuid = u.interface_uuid
        left join
            listed a
            on a.cluster = u.cluster
            and a.address = u.interface_address
            and u.interface_uuid is null
            and (a.svm_id = u.svm_id or a.svm = u.svm)
        qualify
            row_number() over (
                partition by u.cluster, u.svm_id, u.interface_id order by coalesce(i.uuid, a.uuid)
            )
            = 1
    )
select
    coalesce(l.cluster, u.cluster) as cluster,
    coalesce(u.svm_id, l.svm_id) as svm_id,
    coalesce(u.svm, l.svm) as svm,
    coalesce(u.interface_id, l.uuid) as interface_id,
    coalesce(l.name, u.interface, u.interface_address, u.interface_id) as interface,
    coalesce(l.address, u.interface_address) as interface_address,
    l.node,
    coalesce(l.home_node, l.node) as home_node,
    l.subnet,
    coalesce(f.fabric, l.subnet) as fabric,
    coalesce(l.enabled, true) as enabled,
    coalesce(l.enabled, true) and coalesce(l.state, 'up') = 'up' as up,
    coalesce(l.is_home, true) as at_home,
    case
        when v.san_multipathing = 'local_active'
        then false
        when v.san_multipathing in ('active_active', 'active_active_scsi_only')
        then true
        else coalesce(l.failover in ('sfo_partners_only', 'sfo_partner_only'), false)
    end as moves,
    l.ipspace,
    case
        when t.trouble is not null
        then 'port ' || l.own_port || ' of ' || l.port_node || ' ' || t.trouble
    end as port_trouble,
    o.since,
    coalesce(u.sessions, 0) as sessions
from listed l
full join matched u on u.cluster = l.cluster and u.uuid = l.uuid
left join fabrics f on f.subnet = l.subnet
left join origin o on o.cluster = l.cluster and o.uuid = l.uuid
left join
    svms v
    on v.cluster = l.cluster
    and v.uuid = l.svm_uuid
    and v.first_seen <= l.svms_at
    and v.last_seen >= l.svms_at
left join
    port_troubles t
    on t.cluster = l.cluster
    and t.node = l.port_node
    and t.port = l.own_port
    and t.first_seen <= l.interfaces_at
    and t.last_seen >= l.interfaces_at
where
    u.interface_id is not null
    or list_contains(l.services, 'data_iscsi')
    or (
        coalesce(len(l.services), 0) = 0
        and (
            l.service_policy is null
            or l.service_policy like '%iscsi%'
            or l.service_policy like '%blocks%'
        )
    )
