-- /// query
-- title = "Sessions of each node over time"
-- description = """
-- One row for each level: it holds from one complete snapshot until another shows a different
-- one; each day has a row of its own. The limit comes from the policy and from nowhere else.
-- """
-- time = "window"
-- group = "Capacity"
-- picture = "levels"
-- page = 90
-- evidence = true
-- needs = ["interfaces"]
-- series = "sessions"
-- cannot_see = "What happened between two snapshots."
-- [columns]
-- cluster = "Cluster."
-- node = "Node; null where it is not known."
-- since = """Complete snapshot from which the level holds; the begin of the window if that is
-- later."""
-- until = "Complete snapshot from which the next one does; null for the last."
-- sessions = "Sessions of the node."
-- limit = "Sessions that policy allows; null where it does not say."
-- ///
select
    l.cluster,
    l.node,
    greatest(l.since, $since::timestamp) as since,
    l.until,
    l.sessions,
    n.most as "limit"
from node_levels l
left join node_limits n on n.cluster = l.cluster and n.node = l.node
where l.since <= $until::timestamp and (l.until is null or l.until > $since::timestamp)
order by all
