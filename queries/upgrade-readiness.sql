-- /// query
-- title = "Initiators that an upgrade would cut off"
-- description = """
-- Each initiator must stand on both nodes of every HA pair that serves it, or it loses that pair's
-- LUNs while one node is taken over. One row per initiator and missing node, with the interfaces
-- to log in to; no row is a pass. A pair that reports none of its LUNs matters to nobody, and
-- sessions on interfaces that fail over are made again on the partner. A host that was there for
-- most of the last week and has no session now is a row too. Where interfaces or nodes were not
-- collected, or an SVM is not listed any more or has no session any more, a row says so.
-- """
-- time = "instant"
-- kind = "finding"
-- brief = ["initiator", "missing_node", "severity", "detail"]
-- status = { place = 50, label = "Upgrade now", none = "ready", some = "not ready" }
-- group = "Now and before a change"
-- identity = ["cluster", "svm", "initiator", "node", "missing_node"]
-- unjudged_if_null = "initiator"
-- needs = ["interfaces", "nodes", "svms", "lun_maps", "portsets"]
-- cannot_see = """A session is not a LUN path: whether the host's multipathing uses it is seen on
-- the host alone."""
-- [columns]
-- cluster = "Cluster."
-- svm = "SVM."
-- initiator = "Initiator, lower-cased; null where nothing could be judged."
-- node = "Node that it stands on; null if on none."
-- missing_node = "HA partner of that node, where it has no session."
-- sessions = "Sessions on the node it stands on: those that end in its takeover."
-- missing_interfaces = "Interfaces of the missing node that it could log in to."
-- severity = "high."
-- detail = "The finding in words."
-- ///
with
    stands as (
        select
            s.cluster,
            s.svm_id,
            max(s.svm) as svm,
            s.initiator,
            s.node,
            count(*) as sessions,
            bool_and(i.moves) as moves
        from sessions_at s
        join
            svm_interfaces i
            on i.cluster = s.cluster
            and i.svm_id = s.svm_id
            and i.interface_id = s.interface_id
        where s.node is not null
        group by s.cluster, s.svm_id, s.initiator, s.node
    ),
    offered as (
        select
            cluster,
            svm_id,
            coalesce(home_node, node) as node,
            list_sort(list(interface) filter (where up)) as interfaces,
            list_sort(list(interface) filter (where not up)) as down,
            count(*) filter (where up) as usable
        from svm_interfaces
        where enabled
        group by all
    ),
    missing as (
        select s.*, n.partner
        from stands s
        join nodes_at n on n.cluster = s.cluster and n.node = s.node and n.partner is not null
        left join nodes_at p on p.cluster = n.cluster and p.node = n.partner
        left join
            lun_nodes l
            on l.cluster = s.cluster
            and l.svm_id = s.svm_id
            and l.initiator = s.initiator
        where
            not (s.moves and p.node is not null and p.away is null)
            and (
                l.nodes is null
                or list_contains(l.nodes, s.node)
                or list_contains(l.nodes, n.partner)
            )
            and not exists (
                select 1
                from stands p
                where
                    p.cluster = s.cluster
                    and p.svm_id = s.svm_id
                    and p.initiator = s.initiator
                    and p.node = n.partner
            )
    ),
    lately as (
        select
            e.cluster, e.svm_id, max(e.svm) as svm, max(e.last_seen) < max(s.taken_at) as is_empty
        from spells e
        join snapshot_at s on s.cluster = e.cluster and list_contains(s.scope, e.svm_id)
        cross join thresholds t
        where e.first_seen <= s.taken_at and e.last_seen > s.taken_at - to_days(t.history_days)
        group by e.cluster, e.svm_id
    ),
    absent as (
        select p.cluster, l.svm, p.initiator
        from presence p
        join lately l on l.cluster = p.cluster and l.svm_id = p.svm_id and not l.is_empty
        cross join thresholds t
        where
            p.interface_id is null
            and p.initiator <> ''
            and p.share >= t.steady_share
            and p.ticks >= t.history_snapshots
            and p.last_tick < p.ticks
    ),
    unjudged as (
        select
            cluster,
            null::varchar as svm,
            case
                when interfaces_at is null and nodes_at is null
                then 'interfaces and nodes'
                when interfaces_at is null
                then 'interfaces'
                else 'nodes'
            end
            || ' were not collected' as why
        from snapshot_at
        where interfaces_at is null or nodes_at is null
        union all
        select cluster, svm, 'SVM ' || coalesce(svm, svm_id) || ' has no session any more'
        from lately
        where is_empty
        union all
        select cluster, svm, 'SVM ' || svm || ' is not seen any more'
        from unlisted_svms
    )
select
    m.cluster,
    m.svm,
    nullif(m.initiator, '') as initiator,
    m.node,
    m.partner as missing_node,
    m.sessions,
    coalesce(o.interfaces, []) as missing_interfaces,
    'high' as severity,
    'would lose '
    || case when m.sessions = 1 then 'its only session' else 'all ' || m.sessions || ' sessions' end
    || ' on '
    || m.node
    || ' and has none on '
    || m.partner
    || case
        when o.usable > 0
        then ': log in to ' || array_to_string(o.interfaces, ' or ')
        when o.usable = 0
        then ', where ' || array_to_string(o.down, ' and ') || ' must be up first'
        else ', where the SVM has no interface'
    end as detail
from missing m
left join offered o on o.cluster = m.cluster and o.svm_id = m.svm_id and o.node = m.partner
union all
select
    cluster,
    svm,
    initiator,
    null,
    null,
    0,
    [],
    'high',
    'has no session, and had one in most snapshots of the last week: bring it back first'
from absent
union all
select cluster, svm, null, null, null, null, [], 'high', 'cannot be judged: ' || why
from unjudged
order by all
