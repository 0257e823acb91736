-- /// query
-- title = "Names of one node"
-- description = "A node keeps its uuid under another name; interfaces tell their node by name."
-- [columns]
-- cluster = "Cluster."
-- was = "A name that it had."
-- name = "Another name of the same node."
-- ///
select distinct b.cluster, b.name as was, a.name
from nodes b
join nodes a on a.cluster = b.cluster and a.uuid = b.uuid
where a.name <> b.name
