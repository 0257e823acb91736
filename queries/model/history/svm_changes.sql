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
    listed as (
        -- Every SVM that was ever listed by then, and whether before and after it is.
        select
            m.cluster,
            m.changed_after,
            m.changed_by,
            s.uuid as svm_id,
            s.name,
            s.state,
            s.first_seen,
            s.first_seen <= m.changed_after
            and coalesce(s.gone_by > m.changed_after, true) as is_before,
            coalesce(s.gone_by > m.changed_by, true) as is_after
        from inventory_moments m
        join svms s on s.cluster = m.cluster and s.first_seen <= m.changed_by
        where m.kind = 'svm'
    ),
    sides as (
        select
            cluster,
            changed_after,
            changed_by,
            svm_id,
            max_by(name, first_seen) as svm,
            min(first_seen) <= changed_after as is_known,
            bool_or(is_before) as was_listed,
            bool_or(is_after) as is_listed,
            max(state) filter (where is_before) as state_before,
            max(state) filter (where is_after) as state_after
        from listed
        group by cluster, changed_after, changed_by, svm_id
    ),
    compared as (
        select
            *,
            case
                when was_listed and not is_listed
                then 'svm_not_listed'
                when is_known and is_listed and not was_listed
                then 'svm_listed_again'
                when state_after = 'running' and state_before <> 'running'
                then 'svm_started'
                when state_after <> 'running' and state_before = 'running'
                then 'svm_stopped'
            end as change,
            state_before || ', now ' || state_after as states
        from sides
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
