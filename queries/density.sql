-- /// query
-- title = "How much changed when"
-- description = """
-- The window cut into columns: how many connections ended and began in each, by the first snapshot
-- that shows it. A connection that was made anew ends and begins. Columns without a change have no
-- row.
-- """
-- time = "window"
-- brief = ["from", "ended", "began"]
-- group = "Incident"
-- cannot_see = "What happened and was undone between two snapshots."
-- [params.columns]
-- default = 240
-- help = "How many columns the window is cut into."
-- [columns]
-- cluster = "Cluster."
-- from = "Begin of the column."
-- to = "End of the column."
-- column = "Number of the column, from 0."
-- ended = "Connections that were last seen before and are gone."
-- began = "Connections that were not there before."
-- ///
with
    edges as (
        select cluster, gone_by as instant, 1 as ended, 0 as began
        from spells
        where gone_by >= $since::timestamp and gone_by <= $until::timestamp
        union all
        select cluster, first_seen, 0, 1
        from spells
        where
            seen_after is not null
            and first_seen >= $since::timestamp
            and first_seen <= $until::timestamp
    ),
    clock as (
        -- Seconds of the window.
        select
            greatest(1, date_diff('second', $since::timestamp, $until::timestamp)) as seconds,
            $columns::bigint as columns
    ),
    placed as (
        select
            e.cluster,
            least(
                floor(date_diff('second', $since::timestamp, e.instant) * k.columns / k.seconds),
                k.columns - 1
            )::bigint as at_column,
            e.ended,
            e.began,
            k.seconds,
            k.columns
        from edges e
        cross join clock k
    )
select
    cluster,
    $since::timestamp + to_seconds(floor(at_column * seconds / columns)::bigint) as "from",
    $since::timestamp + to_seconds(floor((at_column + 1) * seconds / columns)::bigint) as "to",
    at_column as "column",
    sum(ended)::bigint as ended,
    sum(began)::bigint as began
from placed
group by cluster, at_column, seconds, columns
order by cluster, at_column
