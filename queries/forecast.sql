-- /// query
-- title = "When each node reaches its limit"
-- description = """
-- A robust slope through the daily peaks, since the last step of the level, carried on until 80, 90
-- and 100 of a hundred of the limit that policy gives. The range is from the day that the steepest
-- slope and the highest days allow to the day that the flattest and the lowest do; no latest
-- day means that growth may stop before. Fewer than fourteen days since the last step, or less
-- than 80 of a hundred of the time known, is not forecastable; a level that does not grow reaches
-- nothing; without a limit there is a slope and no date.
-- """
-- time = "instant"
-- brief = ["node", "sessions", "limit", "percent", "sessions_per_week", "reached_on", "status",
-- "severity", "detail"]
-- group = "Capacity"
-- picture = "forecast"
-- page = 110
-- needs = ["interfaces"]
-- cannot_see = "What has not begun yet: a new host cluster or a retired one is not in the past."
-- [params.days]
-- default = 180
-- help = "Days of history to fit, at most."
-- [columns]
-- cluster = "Cluster."
-- node = "Node."
-- status = "forecast, reached, not growing, no limit or not forecastable."
-- sessions = "Sessions of the trend on the last day."
-- sessions_per_week = "Slope."
-- slowest = "Least slope that the days allow, a week."
-- fastest = "Greatest slope that they allow, a week."
-- limit = "Sessions that policy allows; null where it does not say."
-- percent = "The share of the limit that the dates are of: 80, 90 or 100."
-- reached_on = "Day on which the trend comes there."
-- earliest = "Earliest day of the range."
-- latest = "Latest day of the range; null if it may never come there."
-- days_left = "Days from the last day until reached_on."
-- days = "Days that were fitted."
-- coverage = "Share of the time that is known."
-- step_on = "Day of the last step of the level; the fit begins there."
-- severity = "high if the earliest day is within 30 days, medium within 90, else info."
-- detail = "In words."
-- ///
with
    judged_trends as (
        select
            t.*,
            l.most,
            t.level + coalesce(t.slope, 0) * t.centre as latest_level,
            case
                when
                    t.days < n.fit_days
                    or t.history_days < n.fit_days
                    or t.coverage < n.fit_coverage
                    or t.slope is null
                then 'not forecastable'
                when l.most is null
                then 'no limit'
                when t.slope <= 0
                then 'not growing'
                else 'forecast'
            end as status
        from trends t
        cross join thresholds n
        left join node_limits l on l.cluster = t.cluster and l.node = t.node
    ),
    aims as (
        select t.*, p.percent, p.percent * t.most / 100.0 as aim
        from judged_trends t
        left join (values (80), (90), (100)) p(percent) on t.status = 'forecast'
    ),
    reckoned as (
        select
            *,
            -- Days after the last one; a century is as good as never.
            case
                when status = 'forecast' then ceil((aim - level) / slope - centre)
            end as after_days,
            case
                when status = 'forecast' then floor((aim - level - above) / slope_high - centre)
            end as after_earliest,
            case
                when status = 'forecast' and slope_low > 0
                then ceil((aim - level + below) / slope_low - centre)
            end as after_latest
        from aims
    ),
    dated as (
        select
            *,
            last_date + least(after_days, 36500)::integer as reached_on,
            last_date + greatest(least(after_earliest, 36500), 0)::integer as earliest,
            case
                when after_latest < 36500 then last_date + greatest(after_latest, 0)::integer
            end as latest
        from reckoned
    )
select
    cluster,
    node,
    case when after_days <= 0 then 'reached' else status end as status,
    round(latest_level, 1) as sessions,
    case when status <> 'not forecastable' then round(7 * slope, 2) end as sessions_per_week,
    case when status <> 'not forecastable' then round(7 * slope_low, 2) end as slowest,
    case when status <> 'not forecastable' then round(7 * slope_high, 2) end as fastest,
    most as "limit",
    percent,
    case when after_days > 0 then reached_on end as reached_on,
    case when after_days > 0 then earliest end as earliest,
    case when after_days > 0 then latest end as latest,
    case when after_days > 0 then after_days::bigint end as days_left,
    days,
    round(coverage, 3) as coverage,
    step_on,
    case
        when status <> 'forecast'
        then 'info'
        when percent < 100
        then 'info'
        when after_earliest <= n.forecast_high_days
        then 'high'
        when after_earliest <= n.forecast_medium_days
        then 'medium'
        else 'info'
    end as severity,
    case
        when
            status = 'not forecastable'
            and d.history_days >= n.fit_days
            and coverage < n.fit_coverage
        then 'only ' || round(100 * coverage)::bigint || ' % of the time is known'
        when status = 'not forecastable' and step_on is not null
        then 'the level stepped on ' || step_on || ', ' || days || ' days ago'
        when status = 'not forecastable'
        then 'only ' || days || ' days of history'
        when status = 'no limit'
        then 'no limit configured: no date'
        when status = 'not growing'
        then 'the daily peaks do not grow'
        when after_days <= 0
        then 'the trend is past ' || percent || ' % of the limit'
        else
            percent
            || ' % of the limit about '
            || reached_on
            || ', between '
            || earliest
            || ' and '
            || coalesce(latest::varchar, 'never')
    end as detail
from dated d
cross join thresholds n
order by cluster, node, percent
