-- /// query
-- title = "Instants of the numbers for monitors"
-- description = """Multiples of a step since the epoch that lie in the window, none before the
-- first
-- attempt of all; its one instant where it ends when it begins."""
-- [params.step_seconds]
-- default = 3600
-- help = "Seconds from one instant to the next."
-- [columns]
-- first_at = "The first."
-- step = "Seconds from one to the next."
-- last = "Number of the last; the first is 0."
-- ///
select
    first_at, step, floor(date_diff('second', first_at, $until::timestamp) / step)::bigint as last
from
    (
        select
            step,
            case
                when $since::timestamp = $until::timestamp
                then $since::timestamp
                else timestamp '1970-01-01' + to_seconds((ceil(seconds / step) * step)::bigint)
            end as first_at
        from
            (
                select
                    $step_seconds::bigint as step,
                    date_diff(
                        'second', timestamp '1970-01-01', greatest($since::timestamp, min(taken_at))
                    ) as seconds
                from attempts
            )
    )
