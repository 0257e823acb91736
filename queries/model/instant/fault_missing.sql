-- /// query
-- title = "Missing though expected"
-- [params.settle]
-- default = 10
-- help = "Minutes that an initiator has for its logins before it is judged."
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
    gone as (
        -- Seen in most of the last week's snapshots, and not now (F01).
        select p.cluster, p.svm_id, p.initiator, 'own history' as expected_from, p.share
        from presence p
        cross join thresholds t
        where
            p.interface_id is null
            and p.share >= t.steady_share
            and p.ticks >= t.history_snapshots
            and p.initiator <> ''
            and not exists (
                select 1
                from hosts_at h
                where h.cluster = p.cluster and h.svm_id = p.svm_id and h.initiator = p.initiator
            )
    ),
    listed as (
        select
            m.cluster,
            m.svm_id,
            m.initiator,
            list_sort(list(distinct m.igroup)) as igroups,
            bool_or(o.live) as others,
            -- One igroup per Kubernetes worker: it logs out with its last volume.
            bool_and(
                regexp_matches(m.igroup, '-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$')
            ) as worker
        from members_at m
        join
            (
                select cluster, svm_id, igroup_id, bool_or(live) as live
                from members_at
                group by all
            ) o
            on o.cluster = m.cluster
            and o.svm_id = m.svm_id
            and o.igroup_id = m.igroup_id
        where not m.live and m.initiator <> ''
        group by all
    ),
    absent as (
        select
            coalesce(l.cluster, g.cluster) as cluster,
            coalesce(l.svm_id, g.svm_id) as svm_id,
            coalesce(l.initiator, g.initiator) as initiator,
            l.igroups,
            coalesce(l.others, false) as others,
            g.share,
            case
                when l.initiator is not null then 'igroup' else g.expected_from
            end as expected_from
        from listed l
        full join
            gone g on g.cluster = l.cluster and g.svm_id = l.svm_id and g.initiator = l.initiator
        where not coalesce(l.worker, false)
    ),
    seen as (
        select p.cluster, p.svm_id, p.initiator, max(p.last_seen) as last_seen
        from spells p
        where
            p.first_seen <= $at::timestamp
            and exists (
                select 1
                from absent a
                where a.cluster = p.cluster and a.svm_id = p.svm_id and a.initiator = p.initiator
            )
        group by all
    ),
    without_luns as (
        -- Hosts of igroups that map nothing: whether they are connected matters to nobody.
        select m.cluster, m.svm_id, m.initiator
        from members_at m
        left join
            mapped_igroups g
            on g.cluster = m.cluster
            and g.svm_id = m.svm_id
            and g.igroup_id = m.igroup_id
        where not m.live
        group by m.cluster, m.svm_id, m.initiator
        having count(*) = count(*) filter (where g.luns = 0)
    ),
    lost as (
        select
            a.*,
            s.taken_at,
            e.last_seen,
            -- A member that a whole week of history never showed is a spare, not an outage.
            e.last_seen is null and b.begun <= s.taken_at - to_days(t.history_days) as idle,
            n.initiator is not null as unmapped
        from absent a
        join snapshot_at s on s.cluster = a.cluster and list_contains(s.scope, a.svm_id)
        cross join thresholds t
        join
            (
                select cluster, min(taken_at) as begun
                from attempts
                where status = 'complete'
                group by all
            ) b
            on b.cluster = a.cluster
        left join
            seen e on e.cluster = a.cluster and e.svm_id = a.svm_id and e.initiator = a.initiator
        left join
            without_luns n
            on n.cluster = a.cluster
            and n.svm_id = a.svm_id
            and n.initiator = a.initiator
    ),
    wanted as (
        select cluster, svm_id, initiator, interface_id, expected_from
        from expected
        where not is_used
        union all
        -- Where all peers lost it, none of them expects it: it is who stood on it that misses it.
        select u.cluster, u.svm_id, u.initiator, u.interface_id, 'own history'
        from down_interface_users u
        where
            not exists (
                select 1
                from expected e
                where
                    e.cluster = u.cluster
                    and e.svm_id = u.svm_id
                    and e.initiator = u.initiator
                    and e.interface_id = u.interface_id
            )
            and not exists (
                select 1
                from unmapped_interfaces x
                where
                    x.cluster = u.cluster
                    and x.svm_id = u.svm_id
                    and x.initiator = u.initiator
                    and x.interface_id = u.interface_id
            )
    ),
    of_nodes as (
        -- Who stands on one node alone, or on its HA partner, is a finding of the node (F04, F05).
        select h.cluster, h.svm_id, h.initiator, a.node
        from judged_hosts h
        join unavailable_nodes a on a.cluster = h.cluster and a.svm_id = h.svm_id
        left join nodes_at n on n.cluster = a.cluster and n.node = a.node
        where a.back or len(h.nodes) = 1 or list_contains(h.nodes, n.partner)
    ),
    missed as (
        select
            h.cluster,
            h.svm_id,
            h.initiator,
            e.interface_id,
            i.interface,
            e.expected_from,
            i.up,
            i.sessions,
            i.home_node,
            i.port_trouble,
            count(*) over (partition by h.cluster, h.svm_id, e.interface_id) as missers
        from judged_hosts h
        join wanted e on e.cluster = h.cluster and e.svm_id = h.svm_id and e.initiator = h.initiator
        join
            svm_interfaces i
            on i.cluster = e.cluster
            and i.svm_id = e.svm_id
            and i.interface_id = e.interface_id
        where
            not list_contains(h.interface_ids, e.interface_id)
            and h.want_paths is null
            -- What a single interface lacks is a finding of its own.
            and (e.expected_from <> 'interfaces in use' or len(h.interface_ids) > 1)
            -- Its last session there must be gone for a settle window (F09).
            and (
                e.expected_from <> 'own history'
                or not i.up
                or not exists (
                    select 1
                    from spells p
                    where
                        p.cluster = h.cluster
                        and p.svm_id = h.svm_id
                        and p.initiator = h.initiator
                        and p.interface_id = e.interface_id
                        and p.first_seen <= h.taken_at
                        and p.last_seen > h.taken_at - to_minutes($settle::bigint)
                )
            )
            and not exists (
                select 1
                from of_nodes o
                where
                    o.cluster = h.cluster
                    and o.svm_id = h.svm_id
                    and o.initiator = h.initiator
                    and o.node = i.home_node
            )
    ),
    weighed as (select *, not up or (sessions = 0 and missers > 1) as shared from missed)
select
    cluster,
    svm_id,
    initiator,
    'no_sessions' as fault,
    case when idle or unmapped then 'low' when others then 'high' else 'critical' end as severity,
    []::varchar[] as missing,
    expected_from,
    case
        when last_seen is not null
        then 'no sessions; last seen ' || strftime(last_seen, '%Y-%m-%dT%H:%M:%SZ')
        else 'no sessions, and none in the history'
    end || case
        when igroups is not null then '; member of ' || array_to_string(igroups, ', ') else ''
    end
    || case when others then ', whose other hosts are connected' else '' end
    || case when unmapped then '; no LUN is mapped to it' else '' end as detail,
    []::varchar[] as members
from lost
union all
select
    cluster,
    svm_id,
    initiator,
    'interface_missing',
    case when max(expected_from) = 'interfaces in use' then 'low' else 'medium' end,
    list_sort(list(distinct interface)),
    max(expected_from),
    'no session on ' || string_agg(interface, ', ' order by interface),
    []
from weighed
where not shared
group by cluster, svm_id, initiator
union all
-- Nobody is on it: one finding for the interface, not one for each initiator.
select
    cluster,
    svm_id,
    null,
    'interface_missing',
    'high',
    [max(interface)],
    max(expected_from),
    max(interface)
    || case when bool_and(up) then ' has no session at all' else ' is down' end
    || coalesce(' (' || max(port_trouble) || ')', '')
    || ': '
    || count(*)
    || case when count(*) = 1 then ' initiator misses it' else ' initiators miss it' end,
    list_sort(list(distinct initiator))
from weighed
where shared
group by cluster, svm_id, interface_id
union all
select
    h.cluster,
    h.svm_id,
    h.initiator,
    'interface_missing',
    'medium',
    coalesce(
        list_sort(
            list(i.interface) filter (where i.interface is not null and x.interface_id is null)
        ),
        []
    ),
    'policy',
    'uses ' || h.used || ' interfaces; policy asks for ' || h.want_paths,
    []
from
    (select *, len(interface_ids) as used from judged_hosts where len(interface_ids) < want_paths) h
left join
    svm_interfaces i
    on i.cluster = h.cluster
    and i.svm_id = h.svm_id
    and i.enabled
    and not list_contains(h.interface_ids, i.interface_id)
left join
    unmapped_interfaces x
    on x.cluster = h.cluster
    and x.svm_id = h.svm_id
    and x.initiator = h.initiator
    and x.interface_id = i.interface_id
group by h.cluster, h.svm_id, h.initiator, h.used, h.want_paths
