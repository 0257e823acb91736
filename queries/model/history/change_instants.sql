-- /// query
-- title = "Snapshots that show a change"
-- description = """
-- Every complete snapshot that shows a connection for the first time, or for the first time no
-- more: of all history, so that a catalog that stays open makes it once.
-- """
-- [columns]
-- cluster = "Cluster."
-- instant = "The snapshot."
-- ///
select cluster, gone_by as instant
from spells
where gone_by is not null
union
select cluster, first_seen
from spells
where seen_after is not null
