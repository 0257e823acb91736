-- /// query
-- title = "Numbers for monitors at each of those instants"
-- description = """A sweep line over metric_spans in steps, and what the snapshots say of
-- themselves.
-- Labels are few and bounded: no name of a host is among them."""
-- [columns]
-- family = "Family, as in metric_families."
-- cluster = "Cluster."
-- node = "Node; null where the family has none."
-- svm = "SVM; likewise."
-- severity = "Severity; likewise."
-- state = "State; likewise."
-- instant = "The instant."
-- value = "The number."
-- ///
with
    events as (
        select
            s.family,
            s.cluster,
            s.node,
            s.svm,
            s.severity,
            s.state,
            greatest(
                coalesce(ceil(date_diff('second', g.first_at, s.begins) / nullif(g.step, 0)), 0), 0
            )::bigint as n,
            s.weight
        from metric_spans s
        cross join metric_grid g
        union all
        select
            s.family,
            s.cluster,
            s.node,
            s.svm,
            s.severity,
            s.state,
            greatest(ceil(date_diff('second', g.first_at, s.ends) / nullif(g.step, 0)), 0)::bigint,
            - s.weight
        from metric_spans s
        cross join metric_grid g
        where s.ends is not null
        union all
        select
            'analyzer_attempts',
            a.cluster,
            null,
            null,
            null,
            a.status,
            greatest(
                ceil(date_diff('second', g.first_at, a.taken_at) / nullif(g.step, 0)), 0
            )::bigint,
            1
        from attempts a
        cross join metric_grid g
        where a.taken_at <= $until::timestamp
    ),
    deltas as (
        select family, cluster, node, svm, severity, state, n, sum(weight) as delta
        from events
        group by all
    ),
    running as (
        select
            d.family,
            d.cluster,
            d.node,
            d.svm,
            d.severity,
            d.state,
            d.n,
            least(coalesce(lead(d.n) over in_time - 1, g.last), g.last) as through,
            round(
                sum(d.delta) over (in_time rows between unbounded preceding and current row)
            )::double as value
        from deltas d
        cross join metric_grid g
        window
            in_time as (
                partition by d.family, d.cluster, d.node, d.svm, d.severity, d.state order by d.n
            )
    ),
    counted as (
        select
            family,
            cluster,
            node,
            svm,
            severity,
            state,
            unnest(generate_series(n, through)) as n,
            value
        from running
        where n <= through
    ),
    numbers as (
        select *
        from counted
        where node is not null or family <> 'analyzer_sessions' or value > 0
        union all
        select 'analyzer_sessions_limit', m.cluster, l.node, null, null, null, m.n, l.most
        from metric_instants m
        join node_limits l on l.cluster = m.cluster
        union all
        select
            'analyzer_snapshot_timestamp_seconds',
            cluster,
            null,
            null,
            null,
            null,
            n,
            date_diff('second', timestamp '1970-01-01', taken_at)
        from metric_instants
        union all
        select
            'analyzer_snapshot_age_seconds',
            cluster,
            null,
            null,
            null,
            null,
            n,
            date_diff('second', taken_at, instant)
        from metric_instants
        union all
        select 'analyzer_snapshot_duration_seconds', cluster, null, null, null, null, n, seconds
        from metric_instants
        where seconds is not null
    )
select
    v.family,
    v.cluster,
    v.node,
    v.svm,
    v.severity,
    v.state,
    g.first_at + to_seconds(v.n * g.step) as instant,
    v.value::double as value
from numbers v
cross join metric_grid g
join metric_families f on f.family = v.family
left join metric_instants m on m.cluster = v.cluster and m.n = v.n
where not f.silent or (m.taken_at is not null and not m.stale)
