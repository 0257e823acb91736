-- /// query
-- title = "Thresholds"
-- description = """Every number that a verdict turns on, once: one row with a column for each. A
-- table [thresholds] in the policy file overrides them by name."""
-- [columns]
-- history_days = "Days that count as an initiator's own history."
-- history_snapshots = "Fewest complete snapshots that can be called a history."
-- steady_share = "Share of those snapshots from which on something is steady, and expected."
-- peer_hosts = "Fewest hosts that can be peers of each other."
-- peer_share = "Share of the peers from which on what they do is the rule."
-- crowded_sessions = "Sessions to a node that are still enough."
-- skew_hosts = "Fewest hosts of an SVM for a mean to mean anything."
-- skew_ratio = "Times the mean from which on an interface or a node is skewed."
-- uneven_ratio = "Times the least from which on falling session counts are more than low."
-- recent_hours = "Hours that something counts as new."
-- inventory_hours = "Hours that a listing of interfaces, nodes or igroups stays valid."
-- astray_minutes = "Minutes away from home after which an interface is more than info."
-- ghost_minutes = "Minutes after a restart in which an older session may be a ghost."
-- clone_growth = "Share by which sessions grow when a second host takes the name."
-- limit_medium = "Share of a limit from which on it is medium."
-- limit_high = "Share of a limit from which on it is high."
-- limit_critical = "Share of a limit from which on it is critical."
-- cause_purity = "Share of an object's sessions that it must have lost to be a cause."
-- cause_members = "Fewest losses, and above a host fewest initiators, of one cause."
-- flapping_transitions = "Transitions of a path from which on it flaps."
-- flapping_high = "Transitions from which on that is high."
-- abandon_days = "Days after which a loss that is still open is given up."
-- missed_intervals = "Intervals without a complete snapshot that make a gap."
-- blind_intervals = "Intervals without a complete snapshot that make a cluster blind."
-- blind_interval_seconds = "Interval of a cluster for which none is configured."
-- blind_critical_hours = "Hours without a complete snapshot that are critical."
-- least_skew_seconds = "Seconds from which on two clocks differ, and not only their readings."
-- implied_seconds = "Seconds around an event of a node or a port in which its interfaces follow."
-- fit_days = "Fewest days that a trend is fitted to."
-- fit_coverage = "Fewest share of their time that must be known."
-- fit_day_share = "Fewest share of a day that must be known for its peak to count."
-- step_spreads = "Median deviations from the usual rise that make a step."
-- step_share = "Share of the sessions that a step has at least."
-- step_sessions = "Sessions that a step has at least."
-- forecast_high_days = "Days to the limit within which it is high."
-- forecast_medium_days = "Days to the limit within which it is medium."
-- ///
select
    coalesce(overrides['history_days'], 7)::integer as history_days,
    coalesce(overrides['history_snapshots'], 10) as history_snapshots,
    coalesce(overrides['steady_share'], 0.8) as steady_share,
    coalesce(overrides['peer_hosts'], 3) as peer_hosts,
    coalesce(overrides['peer_share'], 0.6) as peer_share,
    coalesce(overrides['crowded_sessions'], 8) as crowded_sessions,
    coalesce(overrides['skew_hosts'], 8) as skew_hosts,
    coalesce(overrides['skew_ratio'], 1.5) as skew_ratio,
    coalesce(overrides['uneven_ratio'], 2) as uneven_ratio,
    coalesce(overrides['recent_hours'], 24)::integer as recent_hours,
    coalesce(overrides['inventory_hours'], 24)::integer as inventory_hours,
    coalesce(overrides['astray_minutes'], 60)::integer as astray_minutes,
    coalesce(overrides['ghost_minutes'], 60)::integer as ghost_minutes,
    coalesce(overrides['clone_growth'], 0.5) as clone_growth,
    coalesce(overrides['limit_medium'], 0.8) as limit_medium,
    coalesce(overrides['limit_high'], 0.9) as limit_high,
    coalesce(overrides['limit_critical'], 1) as limit_critical,
    coalesce(overrides['cause_purity'], 0.9) as cause_purity,
    coalesce(overrides['cause_members'], 2) as cause_members,
    coalesce(overrides['flapping_transitions'], 3) as flapping_transitions,
    coalesce(overrides['flapping_high'], 10) as flapping_high,
    coalesce(overrides['abandon_days'], 30)::integer as abandon_days,
    coalesce(overrides['missed_intervals'], 1.5) as missed_intervals,
    coalesce(overrides['blind_intervals'], 3) as blind_intervals,
    coalesce(overrides['blind_interval_seconds'], 3600) as blind_interval_seconds,
    coalesce(overrides['blind_critical_hours'], 24)::integer as blind_critical_hours,
    coalesce(overrides['least_skew_seconds'], 2) as least_skew_seconds,
    coalesce(overrides['implied_seconds'], 120) as implied_seconds,
    coalesce(overrides['fit_days'], 14) as fit_days,
    coalesce(overrides['fit_coverage'], 0.8) as fit_coverage,
    coalesce(overrides['fit_day_share'], 0.5) as fit_day_share,
    coalesce(overrides['step_spreads'], 3.5) as step_spreads,
    coalesce(overrides['step_share'], 0.05) as step_share,
    coalesce(overrides['step_sessions'], 2) as step_sessions,
    coalesce(overrides['forecast_high_days'], 30) as forecast_high_days,
    coalesce(overrides['forecast_medium_days'], 90) as forecast_medium_days
from (select map(list(name), list(value)) as overrides from threshold_overrides)
