-- /// query
-- title = "Clusters that nobody has seen by now"
-- description = """
-- Clusters of the store of which every attempt is later than the clock: what was stored of them is
-- not there for any question, and nothing is known of them.
-- """
-- [columns]
-- cluster = "Cluster."
-- ///
select s.cluster
from stored s
where not exists (select 1 from attempts a where a.cluster = s.cluster)
