-- /// query
-- title = "How fast the peaks of each node grow"
-- description = """Theil–Sen: the median of the slopes between days of the same weekday, so that
-- the week's rhythm is no growth, and the ranks around it that bound it (Hirsch and Slack)."""
-- [columns]
-- cluster = "Cluster."
-- node = "Node."
-- days = "Days that were fitted."
-- last_date = "The last of them."
-- step_on = "Day of the last step; null without one."
-- history_days = "Days from the first to the last of the history."
-- coverage = "Share of that time that is known, of what could be known."
-- slope = "Sessions a day."
-- slope_low = "Least slope that the days allow."
-- slope_high = "Greatest slope that they allow."
-- centre = "Middle of the days, as days before last_date."
-- level = "Sessions of the trend in the middle of the days."
-- below = "How far days fell below the trend, at most."
-- above = "How far they rose above it, at most."
-- ///
with
    pairs as (
        select a.cluster, a.node, (b.sessions - a.sessions)::double / (b.day - a.day) as slope
        from trend_days a
        join
            trend_days b
            on b.cluster = a.cluster
            and b.node = a.node
            and b.day > a.day
            and b.day % 7 = a.day % 7
    ),
    per_weekday as (
        select cluster, node, day % 7 as weekday, count(*) as n
        from trend_days
        group by cluster, node, day % 7
    ),
    scatter as (
        select
            cluster,
            node,
            sum(n * (n - 1) / 2.0) as slopes,
            sqrt(sum(n * (n - 1) * (2 * n + 5) / 18.0)) as deviation
        from per_weekday
        group by cluster, node
    ),
    ranked as (
        select *, row_number() over (partition by cluster, node order by slope) as place from pairs
    ),
    slopes as (
        select
            r.cluster,
            r.node,
            median(r.slope) as slope,
            -- Ranks 2.6 deviations from the middle: 99 %.
            coalesce(
                max(r.slope) filter (where r.place <= (s.slopes - 2.6 * s.deviation) / 2),
                min(r.slope)
            ) as slope_low,
            coalesce(
                min(r.slope) filter (where r.place >= (s.slopes + 2.6 * s.deviation) / 2 + 1),
                max(r.slope)
            ) as slope_high
        from ranked r
        join scatter s on s.cluster = r.cluster and s.node = r.node
        group by r.cluster, r.node
    ),
    middles as (
        select
            cluster,
            node,
            (min(day) + max(day)) / 2.0 as middle,
            max(day) as last_day,
            max(date) as last_date,
            count(*) as days,
            max(step_on) as step_on,
            max(history_days) as history_days,
            max(coverage) as coverage
        from trend_days
        group by all
    ),
    rests as (
        select d.cluster, d.node, d.sessions - coalesce(s.slope, 0) * (d.day - m.middle) as rest
        from trend_days d
        join middles m on m.cluster = d.cluster and m.node = d.node
        left join slopes s on s.cluster = d.cluster and s.node = d.node
    ),
    levels as (
        select cluster, node, median(rest) as level, min(rest) as least, max(rest) as most
        from rests
        group by all
    )
select
    m.cluster,
    m.node,
    m.days,
    m.last_date,
    m.step_on,
    m.history_days,
    m.coverage,
    s.slope,
    s.slope_low,
    s.slope_high,
    m.last_day - m.middle as centre,
    l.level,
    l.level - l.least as below,
    l.most - l.level as above
from middles m
join levels l on l.cluster = m.cluster and l.node = m.node
left join slopes s on s.cluster = m.cluster and s.node = m.node
