-- /// query
-- title = "How much changed when, and what nobody saw"
-- description = """
-- The window cut into columns: how many connections ended and began in each, by the first snapshot
-- that shows it, and how much of it is unknown. A connection that was made anew ends and begins.
-- Columns without any of these have no row.
-- """
-- time = "window"
-- brief = ["from", "ended", "began", "unknown_seconds", "reason"]
-- group = "Incident"
-- only = "duckdb"
-- cannot_see = "What happened and was undone between two snapshots."
-- [params.columns]
-- default = 240
-- minimum = 1
-- maximum = 10000
-- help = "How many columns the window is cut into."
-- [columns]
-- cluster = "Cluster."
-- from = "Begin of the column."
-- to = "End of the column."
-- column = "Number of the column, from 0."
-- ended = "Connections that were last seen before and are gone."
-- began = "Connections that were not there before."
-- unknown_seconds = "Seconds of the column that nobody saw."
-- reason = "Why."
-- ///
with
    clock as (
        -- Seconds of the window.
        select
            greatest(1, date_diff('second', $since::timestamp, $until::timestamp)) as seconds,
            $columns::bigint as columns
    ),
    cut as (
        select
            n.at_column,
            $since::timestamp
            + to_seconds(floor(n.at_column * k.seconds / k.columns)::bigint) as starts,
            $since::timestamp
            + to_seconds(floor((n.at_column + 1) * k.seconds / k.columns)::bigint) as ends
        from clock k
        cross join (select unnest(range($columns::bigint)) as at_column) n
    ),
    edges as (
        select cluster, gone_by as instant, 1::bigint as ended, 0::bigint as began
        from spells
        where gone_by >= $since::timestamp and gone_by <= $until::timestamp
        union all
        select cluster, first_seen, 0::bigint, 1::bigint
        from spells
        where
            seen_after is not null
            and first_seen >= $since::timestamp
            and first_seen <= $until::timestamp
    ),
    changes as (
        select
            e.cluster,
            least(
                floor(date_diff('second', $since::timestamp, e.instant) * k.columns / k.seconds),
                k.columns - 1
            )::bigint as at_column,
            e.ended,
            e.began,
            0::bigint as unknown_seconds,
            null::varchar as reason
        from edges e
        cross join clock k
    ),
    gaps as (
        select
            u.cluster,
            c.at_column,
            0::bigint as ended,
            0::bigint as began,
            date_diff(
                'second',
                greatest(c.starts, coalesce(u."after", c.starts)),
                least(c.ends, coalesce(u."by", c.ends))
            )::bigint as unknown_seconds,
            u.reason
        from unknowns u
        join
            cut c
            on c.starts < coalesce(u."by", timestamp '9999-12-31')
            and c.ends > coalesce(u."after", timestamp '0001-01-01')
    ),
    together as (
        select *
        from changes
        union all
        select *
        from gaps
    )
select
    b.cluster,
    c.starts as "from",
    c.ends as "to",
    b.at_column as "column",
    sum(b.ended)::bigint as ended,
    sum(b.began)::bigint as began,
    sum(b.unknown_seconds)::bigint as unknown_seconds,
    min(b.reason) as reason
from together b
join cut c on c.at_column = b.at_column
group by b.cluster, b.at_column, c.starts, c.ends
order by b.cluster, b.at_column
