-- /// query
-- title = "The days that a trend is fitted to"
-- description = "Days of which half is known, since the last step of the level."
-- [params.days]
-- default = 180
-- help = "Days of history to fit, at most."
-- [columns]
-- cluster = "Cluster."
-- node = "Node."
-- day = "Number of the day, from the first of the history."
-- date = "The day."
-- sessions = "Its peak."
-- step_on = "Day of the last step; null without one."
-- history_days = "Days from the first to the last."
-- coverage = "Share of that time that is known, of what could be known."
-- ///
with
    window_of_days as (
        select
            *,
            max(day) over (partition by cluster, node) as last_day,
            min(day) over (partition by cluster, node) as first_day
        from daily_peaks
        where day > $at::date - $days::integer
    ),
    numbered as (
        select
            cluster,
            node,
            day,
            sessions,
            seconds,
            (day - first_day)::bigint as number,
            (last_day - first_day + 1)::bigint as history_days,
            -- A day without a snapshot has no row, but could have been known.
            sum(least(seconds, possible)) over days_of_node / greatest(
                86400.0 * (last_day - first_day + 1) - sum(86400 - possible) over days_of_node, 1
            ) as coverage
        from window_of_days
        window days_of_node as (partition by cluster, node)
    ),
    solid as (
        select d.*
        from numbered d
        cross join thresholds t
        where d.seconds >= 86400 * t.fit_day_share
    ),
    rises as (
        -- Against the same weekday of the week before, so that the week's rhythm cancels out.
        select b.cluster, b.node, b.day, b.number, b.sessions, b.sessions - a.sessions as rise
        from solid a
        join solid b on b.cluster = a.cluster and b.node = a.node and b.number = a.number + 7
    ),
    usual as (
        select cluster, node, median(rise) as rise, mad(rise) as spread from rises group by all
    ),
    weeks as (
        -- A step shows in all seven days from it on, a spike in one.
        select
            *,
            median(rise) over week as rise_of_week,
            avg(rise) over week as mean_of_week,
            count(*) over week as days_of_week
        from rises
        window
            week as (
                partition by cluster, node order by number range between current row and 6 following
            )
    ),
    leaps as (
        select
            w.*,
            -- Medians distinguish a step from spikes, means describe the day.
            abs(w.mean_of_week - u.rise) as edge,
            abs(w.rise_of_week - u.rise)
            > greatest(t.step_spreads * u.spread, t.step_share * w.sessions, t.step_sessions)
            and w.days_of_week >= 4 as far
        from weeks w
        cross join thresholds t
        join usual u on u.cluster = w.cluster and u.node = w.node
    ),
    last_far as (select cluster, node, max(number) as number from leaps where far group by all),
    steps as (
        select
            l.cluster, l.node, max_by(l.number, l.edge) as number, max_by(l.day, l.edge) as step_on
        from leaps l
        join
            last_far f
            on f.cluster = l.cluster
            and f.node = l.node
            and l.number between f.number - 7 and f.number
        where l.far
        group by all
    )
select
    s.cluster,
    s.node,
    s.number as day,
    s.day as date,
    s.sessions,
    p.step_on,
    s.history_days,
    s.coverage
from solid s
left join steps p on p.cluster = s.cluster and p.node = s.node
where p.number is null or s.number >= p.number
