-- /// query
-- title = "SVMs that were stopped or started"
-- [columns]
-- cluster = "Cluster."
-- svm_id = "SVM."
-- svm = "Its name."
-- change = "svm_stopped or svm_started."
-- changed_after = "Last listing before."
-- changed_by = "First listing after."
-- detail = "In words."
-- severity = "How much it matters."
-- ///
select
    m.cluster,
    a.uuid as svm_id,
    a.name as svm,
    case when a.state = 'running' then 'svm_started' else 'svm_stopped' end as change,
    m.changed_after,
    m.changed_by,
    'SVM ' || a.name || ' ' || b.state || ', now ' || a.state as detail,
    case when a.state = 'running' then 'info' else 'high' end as severity
from inventory_moments m
join
    svms b
    on b.cluster = m.cluster
    and b.first_seen <= m.changed_after
    and coalesce(b.gone_by > m.changed_after, true)
join
    svms a
    on a.cluster = m.cluster
    and a.uuid = b.uuid
    and a.first_seen <= m.changed_by
    and coalesce(a.gone_by > m.changed_by, true)
where m.kind = 'svm' and (a.state = 'running') <> (b.state = 'running')
