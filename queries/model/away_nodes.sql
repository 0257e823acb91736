-- /// query
-- title = "Nodes of an SVM that cannot serve it now"
-- description = "Taken over, waiting for giveback, down; or all its interfaces are down or stand on another node."
-- [columns]
-- cluster = "Cluster."
-- svm_id = "SVM."
-- node = "Node."
-- partner = "Its HA partner."
-- why = "In words."
-- ///
select
  i.cluster,
  i.svm_id,
  i.home_node as node,
  max(n.partner) as partner,
  coalesce(
    max(n.away),
    case
      when bool_and(i.node <> i.home_node) then 'has all its interfaces on ' || max(i.node)
      else 'has no interface that is up'
    end
  ) as why
from svm_interfaces i
left join nodes_at n on n.cluster = i.cluster and n.node = i.home_node
where i.enabled and i.home_node is not null
group by i.cluster, i.svm_id, i.home_node
having max(n.away) is not null
  or bool_and(i.node is distinct from i.home_node)
  or bool_and(not i.up)
