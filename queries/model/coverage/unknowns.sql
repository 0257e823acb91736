-- /// query
-- title = "What is unknown"
-- description = """
-- One row per gap that overlaps the window: from the last complete snapshot before it to the
-- first after it.
-- """
-- [columns]
-- cluster = "Cluster."
-- after = "Last complete snapshot before the gap; null if there is none."
-- by = "First complete snapshot after it; null if there is none yet."
-- reason = "Why."
-- ///
select cluster, starts as "after", ends as "by", reason
from coverage_spans
where
    is_gap
    and coalesce(starts, timestamp '0001-01-01') < $until
    and coalesce(ends, timestamp '9999-12-31') > $since
order by cluster, starts nulls first, ends
