-- /// query
-- title = "Nodes: their state, their partner, what stands on them"
-- description = """
-- One row for each node at one instant: what the array says of it, its HA partner, and the
-- interfaces, initiators and sessions that are on it now.
-- """
-- time = "instant"
-- brief = ["node", "state", "partner", "interfaces", "initiators", "sessions"]
-- group = "Who is this"
-- identity = ["cluster", "node"]
-- needs = ["interfaces", "nodes"]
-- cannot_see = "Nodes, where they were not listed."
-- [columns]
-- cluster = "Cluster."
-- node = "Node."
-- state = "up, or why it cannot serve now."
-- partner = "Its HA partner."
-- interfaces = "Interfaces for iSCSI on it now."
-- initiators = "Initiators with a session on it."
-- sessions = "Sessions on it."
-- ///
with
    places as (
        select cluster, node, count(*) as interfaces
        from svm_interfaces
        where node is not null
        group by all
    ),
    users as (
        select cluster, node, count(distinct initiator) as initiators, count(*) as sessions
        from sessions_at
        where node is not null
        group by all
    )
select
    n.cluster,
    n.node,
    coalesce(n.away, 'up') as state,
    n.partner,
    coalesce(p.interfaces, 0) as interfaces,
    coalesce(u.initiators, 0) as initiators,
    coalesce(u.sessions, 0) as sessions
from nodes_at n
left join places p on p.cluster = n.cluster and p.node = n.node
left join users u on u.cluster = n.cluster and u.node = n.node
order by all
