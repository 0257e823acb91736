-- /// query
-- title = "Every attempt"
-- description = "When each cluster was queried, what came of it, and why it failed."
-- time = "window"
-- group = "Data quality"
-- evidence = true
-- [columns]
-- cluster = "Cluster."
-- taken_at = "When the cluster was queried."
-- status = "complete, partial, failed or suspect."
-- sessions = "Sessions listed."
-- connections = "Connections listed."
-- reason = "Why it is not complete."
-- collector = "Host of the collector, or import."
-- ///
select cluster, taken_at, status, sessions, connections, reason, collector
from attempts
where taken_at >= $since and taken_at <= $until
order by taken_at, cluster
