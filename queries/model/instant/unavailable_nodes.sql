-- /// query
-- title = "Nodes of an SVM that cannot serve it, or could not a moment ago"
-- description = """Taken over, waiting for giveback, down; or all its interfaces are down or
-- stand on another node. Hosts have a settle window to come back to a node that did."""
-- [params.settle]
-- default = 10
-- help = "Minutes that an initiator has for its logins before it is judged."
-- [columns]
-- cluster = "Cluster."
-- svm_id = "SVM."
-- node = "Node."
-- why = "In words."
-- back = "Whether it serves again, since less than a settle window."
-- ///
with
    interfaces_of as (
        select
            i.cluster,
            i.svm_id,
            i.home_node as node,
            max(n.away) as away,
            bool_and(i.node is distinct from i.home_node) as elsewhere,
            max(i.node) as other,
            bool_and(not i.up) as down,
            -- Within the settle window it was not at home, or not up.
            bool_and(
                exists (
                    select 1
                    from interfaces e
                    join snapshot_at s on s.cluster = e.cluster
                    where
                        e.cluster = i.cluster
                        and e.uuid = i.interface_id
                        and e.last_seen < s.interfaces_at
                        and e.gone_by > s.taken_at - to_minutes($settle::bigint)
                        and e.first_seen <= s.interfaces_at
                        and e.enabled
                        and (e.state <> 'up' or e.node is distinct from e.home_node)
                )
            ) as was_away
        from svm_interfaces i
        left join nodes_at n on n.cluster = i.cluster and n.node = i.home_node
        where i.enabled and i.home_node is not null
        group by i.cluster, i.svm_id, i.home_node
    ),
    returned as (
        select distinct n.cluster, n.name as node
        from nodes n
        join snapshot_at s on s.cluster = n.cluster
        where
            n.state <> 'up'
            and n.last_seen < s.nodes_at
            and n.gone_by > s.taken_at - to_minutes($settle::bigint)
    )
select
    i.cluster,
    i.svm_id,
    i.node,
    case
        when i.away is not null
        then i.away
        when i.elsewhere
        then 'has all its interfaces on ' || i.other
        when i.down
        then 'has no interface that is up'
        else 'came back less than ' || $settle || ' minutes ago'
    end as why,
    i.away is null and not i.elsewhere and not i.down as back
from interfaces_of i
left join returned r on r.cluster = i.cluster and r.node = i.node
where i.away is not null or i.elsewhere or i.down or i.was_away or r.node is not null
