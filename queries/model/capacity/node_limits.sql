-- /// query
-- title = "The limit that policy gives each node"
-- description = "The first entry that matches; none is ever assumed."
-- [columns]
-- cluster = "Cluster."
-- node = "Node."
-- most = "Sessions that it may hold."
-- ///
select n.cluster, n.node, l.sessions as most
from
    (
        select distinct cluster, node
        from interfaces
        union
        select distinct cluster, name
        from nodes
    ) n(cluster, node)
join
    limits l
    on (l.cluster is null or lower(n.cluster) like l.cluster escape '^')
    and (l.node is null or lower(n.node) like l.node escape '^')
where n.node is not null
qualify row_number() over (partition by n.cluster, n.node order by l.place) = 1
