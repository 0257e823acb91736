-- /// query
-- title = "Faults at an instant"
-- description = """Every fault with what its initiator stands on. A finding that was accepted
-- stays, as info."""
-- [columns]
-- cluster = "Cluster."
-- svm = "SVM."
-- initiator = "Initiator; null where the finding is the SVM's."
-- fault = "Name of the fault."
-- severity = "info, low, medium, high or critical."
-- sessions = "Sessions of the initiator, or of the SVM."
-- interfaces = "Interfaces they are on."
-- subnets = "Subnets they are on; null without interface data."
-- nodes = "Nodes they are on; null without interface data."
-- host_addresses = "Addresses of the initiator."
-- missing = "What is missing, by name."
-- expected_from = "Where the expectation comes from."
-- detail = "In words."
-- members = "Every initiator that a finding without an initiator is about; else null."
-- ///
with
    findings as (
        select *
        from fault_path
        union all
        select *
        from fault_node
        union all
        select *
        from fault_subnet
        union all
        select *
        from fault_missing
        union all
        select *
        from fault_count
        union all
        select *
        from fault_identity
        union all
        select *
        from fault_clone
        union all
        select *
        from fault_svm
        union all
        select *
        from fault_state
    ),
    names as (
        select cluster, svm_id, max(svm) as svm
        from
            (
                select cluster, svm_id, svm
                from svm_interfaces
                union all
                select cluster, svm_id, svm
                from members_at
                union all
                select cluster, svm_id, svm
                from hosts_at
            )
        group by all
    ),
    totals as (
        select
            cluster,
            svm_id,
            count(*) as sessions,
            list_sort(list(distinct coalesce(interface, interface_id))) as interfaces,
            case when count(subnet) = count(*) then list_sort(list(distinct subnet)) end as subnets,
            case when count(node) = count(*) then list_sort(list(distinct node)) end as nodes
        from sessions_at
        group by cluster, svm_id
    ),
    acceptances as (
        select
            f.cluster,
            f.svm_id,
            f.initiator,
            f.fault,
            max(a.until) as until,
            max_by(a.reason, a.until) as reason
        from findings f
        join
            accepted a
            on (a.report is null or a.report = 'multipath-imbalance')
            and (a.fault is null or a.fault = f.fault)
            and (a.pattern is null or coalesce(f.initiator, '') like a.pattern escape '^')
            and a.until > $now::timestamp
        group by all
    )
select
    f.cluster,
    coalesce(n.svm, nullif(f.svm_id, '')) as svm,
    nullif(f.initiator, '') as initiator,
    f.fault,
    case when a.until is not null then 'info' else f.severity end as severity,
    case when f.initiator is null then w.sessions else coalesce(h.sessions, 0) end as sessions,
    case
        when f.initiator is null then w.interfaces else coalesce(h.interfaces, [])
    end as interfaces,
    case when f.initiator is null then w.subnets else h.subnets end as subnets,
    case when f.initiator is null then w.nodes else h.nodes end as nodes,
    coalesce(h.host_addresses, []) as host_addresses,
    f.missing,
    f.expected_from,
    f.detail || case
        when a.until is null
        then ''
        else
            '; accepted until '
            || strftime(a.until, '%Y-%m-%dT%H:%M:%SZ')
            || coalesce(': ' || a.reason, '')
    end as detail,
    case when len(f.members) > 0 then f.members end as members
from findings f
left join names n on n.cluster = f.cluster and n.svm_id = f.svm_id
left join hosts_at h on h.cluster = f.cluster and h.svm_id = f.svm_id and h.initiator = f.initiator
left join totals w on w.cluster = f.cluster and w.svm_id = f.svm_id
left join
    acceptances a
    on a.cluster = f.cluster
    and a.svm_id = f.svm_id
    and a.fault = f.fault
    and a.initiator is not distinct from f.initiator
