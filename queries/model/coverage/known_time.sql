-- /// query
-- title = "Complete snapshots and the time that is known between them"
-- description = """Time behind a complete snapshot is known up to the next one, unless
-- coverage_spans calls it a gap."""
-- [columns]
-- cluster = "Cluster."
-- taken_at = "Complete snapshot."
-- next_at = "The next one."
-- seconds = "Known seconds between the two."
-- before = "Known seconds of all time before this one."
-- ///
with
    spans as (
        select
            cluster,
            starts as taken_at,
            ends as next_at,
            case
                when is_gap or ends is null then 0 else date_diff('second', starts, ends)
            end::bigint as seconds
        from coverage_spans
        where starts is not null
    )
select
    cluster,
    taken_at,
    next_at,
    seconds,
    coalesce(
        sum(seconds) over (
            partition by cluster order by taken_at rows between unbounded preceding and 1 preceding
        ),
        0
    )::bigint as before
from spans
