-- /// query
-- title = "Too few paths"
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
    svm as (
        select cluster, svm_id, count(distinct fabric) as fabrics from svm_interfaces group by all
    ),
    peers as (
        -- Igroups where most hosts bring two addresses or more.
        select m.cluster, m.svm_id, m.igroup
        from members_at m
        join
            hosts_at h
            on h.cluster = m.cluster
            and h.svm_id = m.svm_id
            and h.initiator = m.initiator
        cross join thresholds t
        group by m.cluster, m.svm_id, m.igroup
        having
            count(*) >= max(t.peer_hosts)
            and count(*) filter (where len(h.host_addresses) > 1) >= max(t.peer_share) * count(*)
    )
select
    h.cluster,
    h.svm_id,
    h.initiator,
    'single_path' as fault,
    'high' as severity,
    []::varchar[] as missing,
    null::varchar as expected_from,
    'its only session is on ' || h.interfaces[1] as detail,
    []::varchar[] as members
from judged_hosts h
where h.sessions = 1 and coalesce(h.want_paths, 2) > 1
union all
-- Count interfaces, never sessions: several sessions on one interface end together (F03).
select
    h.cluster,
    h.svm_id,
    h.initiator,
    'single_interface',
    'high',
    [],
    null,
    'all ' || h.sessions || ' sessions are on ' || h.interfaces[1],
    []
from judged_hosts h
where h.sessions > 1 and len(h.interface_ids) = 1 and coalesce(h.want_paths, 2) > 1
union all
-- One address is right on a bonded link; not where the SVM has two subnets, or peers bring two.
select
    h.cluster,
    h.svm_id,
    h.initiator,
    'single_host_address',
    case when len(h.fabrics) > 1 then 'high' else 'medium' end,
    [],
    null,
    'reaches '
    || len(h.interface_ids)
    || ' interfaces from '
    || h.host_addresses[1]
    || ' alone'
    || case when len(h.fabrics) > 1 then ', across subnets: it is routed' else '' end,
    []
from judged_hosts h
join svm s on s.cluster = h.cluster and s.svm_id = h.svm_id
where
    len(h.host_addresses) = 1
    and len(h.interface_ids) >= 2
    and coalesce(h.want_subnets, 2) > 1
    and (
        h.fabrics is null
        or s.fabrics > 1
        or exists (
            select 1
            from peers p
            where
                p.cluster = h.cluster and p.svm_id = h.svm_id and list_contains(h.igroups, p.igroup)
        )
    )
