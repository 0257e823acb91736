-- /// query
-- title = "Nodes at an instant"
-- [columns]
-- cluster = "Cluster."
-- node = "Name of the node."
-- partner = "Name of its HA partner."
-- away = "Why it cannot serve now; null if it can."
-- ///
select
    n.cluster,
    n.name as node,
    n.ha_partner as partner,
    case
        when n.state is not null and n.state <> 'up'
        then 'is ' || replace(n.state, '_', ' ')
        when p.takeover_state in ('in_takeover', 'in_progress')
        then 'is taken over by ' || p.name
        when p.giveback_state = 'in_progress'
        then 'is being given back by ' || p.name
    end as away
from snapshot_at s
join nodes n on n.cluster = s.cluster and n.first_seen <= s.nodes_at and n.last_seen >= s.nodes_at
left join
    nodes p
    on p.cluster = n.cluster
    and p.name = n.ha_partner
    and p.ha_partner = n.name
    and p.first_seen <= s.nodes_at
    and p.last_seen >= s.nodes_at
