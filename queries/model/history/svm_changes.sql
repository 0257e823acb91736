-- /// query
-- title = "SVMs that were stopped or started, or not listed for a time"
-- description = """
-- An SVM that is not listed any more was deleted, or the account does not see it: what became of
-- its sessions is unknown. Where it is listed for the first time its history begins.
-- """
-- [columns]
-- cluster = "Cluster."
-- svm_id = "SVM."
-- svm = "Its name."
-- change = "svm_stopped, svm_started, svm_not_listed or svm_listed_again."
-- changed_after = "Last listing before."
-- changed_by = "First listing after."
-- detail = "In words."
-- severity = "How much it matters."
-- ///
with
    before as (
        select m.changed_after, m.changed_by, s.cluster, s.uuid, s.name, s.state
        from inventory_moments m
        join
            svms s
            on s.cluster = m.cluster
            and s.first_seen <= m.changed_after
            and coalesce(s.gone_by > m.changed_after, true)
        where m.kind = 'svm'
    ),
    after as (
        select m.changed_after, m.changed_by, s.cluster, s.uuid, s.name, s.state
        from inventory_moments m
        join
            svms s
            on s.cluster = m.cluster
            and s.first_seen <= m.changed_by
            and coalesce(s.gone_by > m.changed_by, true)
        where m.kind = 'svm'
    ),
    first_listed as (
        select cluster, uuid, min(first_seen) as first_seen from svms group by cluster, uuid
    ),
    compared as (
        select
            coalesce(a.cluster, b.cluster) as cluster,
            coalesce(a.uuid, b.uuid) as svm_id,
            coalesce(a.name, b.name) as svm,
            coalesce(a.changed_after, b.changed_after) as changed_after,
            coalesce(a.changed_by, b.changed_by) as changed_by,
            case
                when a.uuid is null
                then 'svm_not_listed'
                when b.uuid is null and f.first_seen <= a.changed_after
                then 'svm_listed_again'
                when a.state = 'running' and b.state <> 'running'
                then 'svm_started'
                when a.state <> 'running' and b.state = 'running'
                then 'svm_stopped'
            end as change,
            b.state || ', now ' || a.state as states
        from before b
        full join
            after a
            on a.cluster = b.cluster
            and a.uuid = b.uuid
            and a.changed_after = b.changed_after
            and a.changed_by = b.changed_by
        left join first_listed f on f.cluster = a.cluster and f.uuid = a.uuid
    ),
    removed as (
        select
            c.cluster,
            c.svm_id,
            c.changed_by,
            count(distinct(s.initiator, s.isid, s.target_portal_group, s.tsih)) as sessions
        from compared c
        join
            spells s
            on s.cluster = c.cluster
            and s.svm_id = c.svm_id
            and s.first_seen <= c.changed_after
            and coalesce(s.gone_by > c.changed_after, true)
        where c.change = 'svm_not_listed'
        group by c.cluster, c.svm_id, c.changed_by
    )
select
    c.cluster,
    c.svm_id,
    c.svm,
    c.change,
    c.changed_after,
    c.changed_by,
    'SVM '
    || c.svm
    || case
        c.change
        when 'svm_listed_again'
        then ' listed again'
        when 'svm_not_listed'
        then
            ' not listed any more: deleted, or not visible to the account' || coalesce(
                '; what became of its '
                || r.sessions
                || case when r.sessions = 1 then ' session' else ' sessions' end
                || ' is unknown',
                ''
            )
        else ' ' || c.states
    end as detail,
    case when c.change = 'svm_stopped' or r.sessions > 0 then 'high' else 'info' end as severity
from compared c
left join removed r on r.cluster = c.cluster and r.svm_id = c.svm_id and r.changed_by = c.changed_by
where c.change is not null
