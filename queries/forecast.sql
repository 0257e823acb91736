-- /// query
-- title = "When each node reaches its limit"
-- description = """
-- One row a node: a robust slope through its daily peaks since the last step of the level, how
-- much of the limit that policy gives is in use, what the trend comes to on a day, and the days on
-- which it comes to 80, 90 and 100 % of the limit. The range is from the day that the steepest
-- slope and the highest days allow to the day that the flattest and the lowest do; no latest day
-- means that growth may stop before. Fewer than fourteen days since the last step, or less than 80
-- % of the time known, is not forecastable; a level that does not grow reaches nothing; without a
-- limit there is a slope and no date.
-- """
-- time = "instant"
-- group = "Capacity"
-- identity = ["cluster", "node"]
-- picture = "forecast"
-- page = 110
-- brief = [
-- "node", "sessions", "limit", "used", "sessions_per_week", "sessions_on", "reached_on",
-- "earliest", "latest", "status",
-- ]
-- needs = ["interfaces"]
-- cannot_see = "What has not begun yet: a new host cluster or a retired one is not in the past."
-- [params.days]
-- default = 180
-- minimum = 1
-- maximum = 36500
-- help = "Days of history to fit, at most."
-- [params.on]
-- default = ""
-- help = "Day that the trend is carried on to, such as 2027-03-31; 90 days on, if empty."
-- [columns]
-- cluster = "Cluster."
-- node = "Node."
-- status = "forecast, reached, not growing, no limit or not forecastable."
-- sessions = "Sessions of the trend on the last day."
-- limit = "Sessions that policy allows; null where it does not say."
-- used = "Share of the limit that they are, in %; null without a limit."
-- sessions_per_week = "Slope."
-- slowest = "Least slope that the days allow, a week."
-- fastest = "Greatest slope that they allow, a week."
-- on = "Day that the trend is carried on to."
-- sessions_on = "Sessions of the trend on that day."
-- sessions_on_low = "Least that the slowest slope and the lowest days allow then."
-- sessions_on_high = "Most that the fastest slope and the highest days allow then."
-- medium_on = "Day on which the trend comes to 80 % of the limit; null if that is past or never."
-- high_on = "Day on which it comes to 90 %."
-- reached_on = "Day on which it comes to the limit."
-- earliest = "Earliest day of the range of reached_on."
-- latest = "Latest day of that range; null if it may never come there."
-- days_left = "Days from the last day until reached_on."
-- days = "Days that were fitted."
-- coverage = "Share of the time that is known, of what could be known."
-- step_on = "Day of the last step of the level; the fit begins there."
-- severity = "high if the earliest day is within 30 days, medium within 90, else info."
-- detail = "In words."
-- ///
with
    classified as (
        select
            t.*,
            l.most,
            n.limit_medium,
            n.limit_high,
            t.level + coalesce(t.slope, 0) * t.centre as latest_level,
            coalesce(cast(nullif($on, '') as date), $at::date + 90) as target_date,
            t.days < n.fit_days
            or t.history_days < n.fit_days
            or t.coverage < n.fit_coverage
            or t.slope is null as is_short,
            t.history_days >= n.fit_days and t.coverage < n.fit_coverage as is_patchy
        from trends t
        cross join thresholds n
        left join node_limits l on l.cluster = t.cluster and l.node = t.node
    ),
    states as (
        select
            *,
            -- Days from the middle of the fitted ones to the target.
            date_diff('second', last_date::timestamp, target_date::timestamp) / 86400
            + centre as ahead,
            case
                when is_short
                then 'not forecastable'
                when most is null
                then 'no limit'
                when slope <= 0
                then 'not growing'
                else 'forecast'
            end as status
        from classified
    ),
    reckoned as (
        -- Days after the last one on which the trend comes to a share of the limit.
        select
            *,
            case
                when status = 'forecast' then ceil((limit_medium * most - level) / slope - centre)
            end as medium_after,
            case
                when status = 'forecast' then ceil((limit_high * most - level) / slope - centre)
            end as high_after,
            case when status = 'forecast' then ceil((most - level) / slope - centre) end as after,
            case
                when status = 'forecast' then floor((most - level - above) / slope_high - centre)
            end as earliest_after,
            case
                when status = 'forecast' and slope_low > 0
                then ceil((most - level + below) / slope_low - centre)
            end as latest_after
        from states
    ),
    dated as (
        -- A century is as good as never.
        select
            *,
            case
                when medium_after > 0 then last_date + least(medium_after, 36500)::integer
            end as medium_on,
            case
                when high_after > 0 then last_date + least(high_after, 36500)::integer
            end as high_on,
            case when after > 0 then last_date + least(after, 36500)::integer end as reached_on,
            case
                when after > 0 then last_date + greatest(least(earliest_after, 36500), 0)::integer
            end as earliest,
            case
                when after > 0 and latest_after < 36500
                then last_date + greatest(latest_after, 0)::integer
            end as latest
        from reckoned
    )
select
    d.cluster,
    d.node,
    case when d.after <= 0 then 'reached' else d.status end as status,
    round(d.latest_level, 1) as sessions,
    d.most as "limit",
    round(100 * d.latest_level / nullif(d.most, 0), 1) as used,
    case when not d.is_short then round(7 * d.slope, 2) end as sessions_per_week,
    case when not d.is_short then round(7 * d.slope_low, 2) end as slowest,
    case when not d.is_short then round(7 * d.slope_high, 2) end as fastest,
    d.target_date as "on",
    case when not d.is_short then round(d.level + d.slope * d.ahead)::bigint end as sessions_on,
    case
        when not d.is_short
        then greatest(floor(d.level - d.below + d.slope_low * d.ahead), 0)::bigint
    end as sessions_on_low,
    case
        when not d.is_short then ceil(d.level + d.above + d.slope_high * d.ahead)::bigint
    end as sessions_on_high,
    d.medium_on,
    d.high_on,
    d.reached_on,
    d.earliest,
    d.latest,
    case when d.after > 0 then d.after::bigint end as days_left,
    d.days,
    round(d.coverage, 3) as coverage,
    d.step_on,
    case
        when d.status <> 'forecast'
        then 'info'
        when d.earliest_after <= n.forecast_high_days
        then 'high'
        when d.earliest_after <= n.forecast_medium_days
        then 'medium'
        else 'info'
    end as severity,
    case
        when d.is_short and d.is_patchy
        then 'only ' || round(100 * d.coverage)::bigint || ' % of the time is known'
        when d.is_short and d.step_on is not null
        then
            'the level stepped on '
            || d.step_on
            || ', '
            || d.days
            || case when d.days = 1 then ' day ago' else ' days ago' end
        when d.is_short
        then 'only ' || d.days || case when d.days = 1 then ' day' else ' days' end || ' of history'
        when d.status = 'no limit'
        then 'no limit configured: no date'
        when d.status = 'not growing'
        then 'the daily peaks do not grow'
        when d.after <= 0
        then 'the trend is past the limit'
        else
            'the limit is reached about '
            || d.reached_on
            || ', between '
            || d.earliest
            || ' and '
            || coalesce(d.latest::varchar, 'never')
    end as detail
from dated d
cross join thresholds n
order by d.cluster, d.node
