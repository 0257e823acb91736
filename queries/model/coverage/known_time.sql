-- /// query
-- title = "Comparable snapshots and the time that is known between them"
-- description = """Time behind a comparable snapshot is known up to the next one, unless an
-- attempt between them failed or one that was due did not come (three intervals)."""
-- [columns]
-- cluster = "Cluster."
-- taken_at = "Comparable snapshot."
-- next_at = "The next one."
-- seconds = "Known seconds between the two."
-- before = "Known seconds of all time before this one."
-- ///
with
    tried as (
        select
            cluster,
            taken_at,
            status,
            expected_interval,
            -- How many did not succeed so far: equal at two neighbours means none between them.
            count(*) filter (where status <> 'complete') over (
                partition by cluster
                order by taken_at
                rows between unbounded preceding and current row
            ) as failures
        from attempts
    ),
    spans as (
        select
            cluster,
            taken_at,
            lead(taken_at) over (partition by cluster order by taken_at) as next_at,
            case
                when
                    lead(failures) over (partition by cluster order by taken_at) = failures
                    and (
                        expected_interval is null
                        or epoch(lead(taken_at) over (partition by cluster order by taken_at))
                        - epoch(taken_at)
                        <= 3 * expected_interval
                    )
                then
                    epoch(lead(taken_at) over (partition by cluster order by taken_at))
                    - epoch(taken_at)
                else 0
            end::bigint as seconds
        from tried
        where status = 'complete'
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
