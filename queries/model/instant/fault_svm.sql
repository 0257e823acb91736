-- /// query
-- title = "Of the SVM as a whole"
-- [columns]
-- cluster = "Cluster."
-- svm_id = "SVM."
-- initiator = "Initiator; null where the finding is the SVM's."
-- fault = "Name of the fault."
-- severity = "info, low, medium, high or critical."
-- missing = "What is missing, by name."
-- expected_from = "Where the expectation comes from."
-- detail = "In words."
-- members = "Every initiator that a finding without an initiator is about."
-- ///
with
    hosts as (
        select cluster, svm_id, count(distinct initiator) as hosts from connections_at group by all
    ),
    loads as (
        select
            i.*,
            h.hosts,
            avg(i.sessions) over (partition by i.cluster, i.svm_id) as mean,
            i.since is null or i.since <= s.taken_at - to_hours(t.recent_hours) as is_settled,
            h.hosts >= t.skew_hosts as is_judged,
            s.interfaces_at,
            s.interfaces_at < s.taken_at as listed_before,
            t.skew_ratio
        from svm_interfaces i
        cross join thresholds t
        join hosts h on h.cluster = i.cluster and h.svm_id = i.svm_id
        join snapshot_at s on s.cluster = i.cluster
        where
            i.up
            and not exists (
                select 1
                from unavailable_nodes a
                where a.cluster = i.cluster and a.svm_id = i.svm_id and a.node = i.home_node
            )
    ),
    nodes as (
        select
            cluster,
            svm_id,
            node,
            bool_or(is_judged) as is_judged,
            max(skew_ratio) as skew_ratio,
            sum(sessions)::bigint as sessions,
            avg(sum(sessions)) over (partition by cluster, svm_id) as mean
        from loads
        where node is not null
        group by cluster, svm_id, node
    )
select
    cluster,
    svm_id,
    null::varchar as initiator,
    'interface_skew' as fault,
    'medium' as severity,
    [interface] as missing,
    null::varchar as expected_from,
    interface || case
        when listed_before
        then ' was up when last listed, ' || strftime(interfaces_at, '%Y-%m-%dT%H:%M:%SZ') || ','
        else ' is up'
    end
    || ' and has no session; its siblings have '
    || round(mean, 1)
    || ' on average' as detail,
    []::varchar[] as members
from loads
-- A day's grace for an interface that is new.
where sessions = 0 and mean > 0 and is_settled
union all
-- It takes eight hosts for a mean to mean anything.
select
    cluster,
    svm_id,
    null,
    'interface_skew',
    'low',
    [],
    null,
    string_agg(interface || ' has ' || sessions, ', ' order by interface)
    || ' sessions; the mean is '
    || round(max(mean), 1),
    []
from loads
where is_judged and sessions > skew_ratio * mean
group by cluster, svm_id
union all
select
    cluster,
    svm_id,
    null,
    'node_skew',
    'info',
    [],
    null,
    string_agg(node || ' has ' || sessions, ', ' order by node)
    || ' sessions; the mean is '
    || round(max(mean), 1),
    []
from nodes
where is_judged and sessions > skew_ratio * mean
group by cluster, svm_id
