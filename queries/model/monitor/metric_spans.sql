-- /// query
-- title = "What numbers for monitors count, and from when until when"
-- description = """
-- Sessions by node, hosts by redundancy, open losses by severity, and gaps, each as an interval
-- with a weight: the number at an instant is the sum of those that hold then. A weight of nothing
-- makes it zero where nothing holds.
-- """
-- [columns]
-- family = "Family, as in metric_families."
-- cluster = "Cluster."
-- node = "Node."
-- svm = "SVM."
-- severity = "Severity."
-- state = "State."
-- begins = "First instant at which it counts; null if from the beginning."
-- ends = "First instant at which it does not; null while it does."
-- weight = "How much it counts."
-- ///
with
    names_of_svms as (
        select cluster, svm_id, coalesce(max_by(svm, first_seen), nullif(svm_id, '')) as svm
        from spells
        where first_seen <= $until::timestamp
        group by cluster, svm_id
    )
select
    'analyzer_sessions' as family,
    cluster,
    node,
    null::varchar as svm,
    null::varchar as severity,
    null::varchar as state,
    begins,
    ends,
    share as weight
from session_intervals
where begins <= $until::timestamp and coalesce(ends > $since::timestamp, true)
union all
select 'analyzer_sessions', cluster, node, null, null, null, null, null, 0
from interfaces
where node is not null and first_seen <= $until::timestamp
group by cluster, node
union all
select
    'analyzer_hosts',
    h.cluster,
    null,
    n.svm,
    null,
    -- Whether a path is missing is a matter of the losses.
    case when h.state in ('all_paths', 'some_paths') then 'redundant' else h.state end,
    h.began,
    h.ended,
    1
from host_states h
join names_of_svms n on n.cluster = h.cluster and n.svm_id = h.svm_id
where h.began <= $until::timestamp and coalesce(h.ended > $since::timestamp, true)
union all
select 'analyzer_hosts', n.cluster, null, n.svm, null, s.state, null, null, 0
from names_of_svms n
cross join (values ('redundant'), ('one_subnet'), ('one_node'), ('one_path'), ('none')) s(state)
union all
select 'analyzer_open_losses', cluster, null, null, severity, null, lost_by, ended_by, 1
from losses
where in_window
union all
select 'analyzer_open_losses', c.cluster, null, null, s.severity, null, null, null, 0
from (select distinct cluster from attempts where status = 'complete') c
cross join severities s
union all
select
    'analyzer_coverage_gaps',
    cluster,
    null,
    null,
    null,
    null,
    case when is_gap then starts end,
    ends + to_hours(24),
    case when is_gap then 1 else 0 end
from coverage_spans
