-- /// query
-- title = "Of what time the array's own log was read"
-- description = """
-- One row per cluster that ever read its array's log. Each reading goes on from the last event that
-- is stored, so that the time between the first and the last reading is covered. That the log says
-- nothing of a time is known only within.
-- """
-- [columns]
-- cluster = "Cluster."
-- read_from = "From when on, by the collector's clock."
-- read_until = "Last reading."
-- ///
select
    a.cluster,
    min(
        coalesce(a.ems_since - coalesce(a.clock_skew, 0)::bigint * interval 1 second, a.taken_at)
    ) as read_from,
    max(a.taken_at) as read_until
from attempts a
where a.ems_status = 'complete'
group by a.cluster
