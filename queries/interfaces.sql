-- /// query
-- title = "Interfaces: where they are, and how many use them"
-- description = """
-- One row for each interface that serves iSCSI at one instant: the node and the subnet that it is
-- on, whether it is up and at home, and how many initiators and sessions stand on it.
-- """
-- time = "instant"
-- brief = ["interface", "state", "node", "subnet", "initiators", "sessions", "interface_address"]
-- group = "Who is this"
-- identity = ["cluster", "svm", "interface"]
-- needs = ["interfaces"]
-- cannot_see = "Interfaces without sessions, where interfaces were not listed."
-- [columns]
-- cluster = "Cluster."
-- svm = "SVM."
-- interface = "Interface."
-- interface_address = "Its address."
-- state = "up, down or disabled; null where interfaces were not listed."
-- node = "Node it is on now; null where interfaces were not listed."
-- home_node = "Its home node."
-- at_home = "Whether it is on its home port; null where interfaces were not listed."
-- subnet = "Its subnet."
-- initiators = "Initiators with a session on it."
-- sessions = "Sessions on it."
-- since = "Since when it has been there; null if it always was."
-- ///
with
    users as (
        select cluster, svm_id, interface_id, count(distinct initiator) as initiators
        from sessions_at
        group by all
    )
select
    i.cluster,
    coalesce(i.svm, nullif(i.svm_id, '')) as svm,
    nullif(i.interface, '') as interface,
    i.interface_address,
    case
        when i.node is null
        then null
        when not i.enabled
        then 'disabled'
        when i.up
        then 'up'
        else 'down'
    end as state,
    i.node,
    i.home_node,
    case when i.node is not null then i.at_home end as at_home,
    i.subnet,
    coalesce(u.initiators, 0) as initiators,
    i.sessions,
    i.since
from svm_interfaces i
left join
    users u on u.cluster = i.cluster and u.svm_id = i.svm_id and u.interface_id = i.interface_id
order by all
