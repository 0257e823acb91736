-- /// query
-- title = "Too few nodes"
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
    svm_nodes as (
        -- Home and current nodes: interfaces gathered on one node still belong to two.
        select distinct cluster, svm_id, node
        from
            (
                select cluster, svm_id, home_node as node
                from svm_interfaces
                where enabled
                union all
                select cluster, svm_id, node
                from svm_interfaces
                where enabled
            )
        where node is not null
    ),
    stood_on as (
        -- Nodes whose interfaces the initiator used in the last seven days, or until they failed.
        select cluster, svm_id, initiator, node, max(ticks) as ticks
        from
            (
                select p.cluster, p.svm_id, p.initiator, i.home_node as node, p.ticks
                from presence p
                join
                    svm_interfaces i
                    on i.cluster = p.cluster
                    and i.svm_id = p.svm_id
                    and i.interface_id = p.interface_id
                where
                    exists (
                        select 1
                        from unavailable_nodes a
                        where a.cluster = p.cluster and a.svm_id = p.svm_id
                    )
                union all
                select cluster, svm_id, initiator, home_node, null
                from down_interface_users
            )
        group by cluster, svm_id, initiator, node
    ),
    excused as (
        -- It stood on the node that is away now: one finding for the node, not one for each
        -- initiator.
        select h.cluster, h.svm_id, h.initiator, a.node, a.why, a.back
        from judged_hosts h
        join unavailable_nodes a on a.cluster = h.cluster and a.svm_id = h.svm_id
        left join
            stood_on k
            on k.cluster = h.cluster
            and k.svm_id = h.svm_id
            and k.initiator = h.initiator
            and k.node = a.node
        left join
            (select cluster, svm_id, initiator, max(ticks) as ticks from stood_on group by all) t
            on t.cluster = h.cluster
            and t.svm_id = h.svm_id
            and t.initiator = h.initiator
        where
            not list_contains(h.nodes, a.node) and (k.node is not null or coalesce(t.ticks, 1) = 1)
    ),
    served as (
        -- Nodes of the SVM that an initiator may stand on: where its LUN maps are known, those
        -- that report its LUNs, and where it is.
        select h.cluster, h.svm_id, h.initiator, list_sort(list(n.node)) as nodes
        from judged_hosts h
        join svm_nodes n on n.cluster = h.cluster and n.svm_id = h.svm_id
        left join
            lun_nodes l
            on l.cluster = h.cluster
            and l.svm_id = h.svm_id
            and l.initiator = h.initiator
        where
            l.nodes is null
            or list_contains(l.nodes, n.node)
            or list_contains(coalesce(h.nodes, []), n.node)
        group by h.cluster, h.svm_id, h.initiator
    ),
    single as (
        select h.*, s.nodes as all_nodes
        from judged_hosts h
        join served s on s.cluster = h.cluster and s.svm_id = h.svm_id and s.initiator = h.initiator
        where len(h.nodes) = 1 and len(s.nodes) > 1 and coalesce(h.want_nodes, 2) > 1
    ),
    pairs as (
        select h.cluster, h.svm_id, h.initiator, h.nodes, n.node, n.partner
        from (select *, unnest(nodes) as node from judged_hosts) h
        join nodes_at n on n.cluster = h.cluster and n.node = h.node
        join
            served s
            on s.cluster = h.cluster
            and s.svm_id = h.svm_id
            and s.initiator = h.initiator
            and list_contains(s.nodes, n.partner)
    ),
    counted as (
        select cluster, svm_id, initiator, node, count(*) as sessions
        from sessions_at
        where node is not null
        group by all
    ),
    interfaces_per_node as (
        select cluster, svm_id, node, count(*) as interfaces
        from svm_interfaces
        where up and node is not null
        group by all
    )
select
    h.cluster,
    h.svm_id,
    h.initiator,
    'single_node' as fault,
    'high' as severity,
    list_filter(h.all_nodes, lambda n:n <> h.nodes[1]) as missing,
    null::varchar as expected_from,
    'stands on '
    || h.nodes[1]
    || case
        when l.nodes is null
        then ' alone; the SVM has interfaces on ' || array_to_string(h.all_nodes, ', ')
        else ' alone; its LUNs are reported by ' || array_to_string(l.nodes, ', ')
    end as detail,
    []::varchar[] as members
from single h
left join lun_nodes l on l.cluster = h.cluster and l.svm_id = h.svm_id and l.initiator = h.initiator
where
    not exists (
        select 1
        from excused e
        where e.cluster = h.cluster and e.svm_id = h.svm_id and e.initiator = h.initiator
    )
union all
select
    h.cluster,
    h.svm_id,
    null,
    'single_node',
    case when bool_or(e.back) then 'low' else 'high' end,
    [e.node],
    null,
    'node '
    || e.node
    || ' '
    || max(e.why)
    || ': '
    || count(*)
    || case when count(*) = 1 then ' initiator stands' else ' initiators stand' end
    || ' on one node alone',
    list_sort(list(h.initiator))
from single h
join excused e on e.cluster = h.cluster and e.svm_id = h.svm_id and e.initiator = h.initiator
group by h.cluster, h.svm_id, e.node
union all
select
    e.cluster,
    e.svm_id,
    null,
    'partner_node_missing',
    case when bool_or(e.back) then 'low' else 'high' end,
    [e.node],
    null,
    'node '
    || e.node
    || ' '
    || max(e.why)
    || ': '
    || count(*)
    || case when count(*) = 1 then ' initiator is' else ' initiators are' end
    || ' on its HA partner alone of the two',
    list_sort(list(e.initiator))
from excused e
join
    (select distinct cluster, svm_id, initiator, partner from pairs where len(nodes) > 1) p
    on p.cluster = e.cluster
    and p.svm_id = e.svm_id
    and p.initiator = e.initiator
    and p.partner = e.node
group by e.cluster, e.svm_id, e.node
union all
-- With one node in all it is single_node and nothing more (F05).
select
    p.cluster,
    p.svm_id,
    p.initiator,
    'partner_node_missing',
    'high',
    list_sort(list(distinct p.partner)),
    null,
    'is on '
    || string_agg(p.node, ', ' order by p.node)
    || ' but not on the HA partner '
    || string_agg(p.partner, ', ' order by p.node),
    []
from pairs p
where
    not list_contains(p.nodes, p.partner)
    and len(p.nodes) > 1
    and not exists (
        select 1
        from excused e
        where
            e.cluster = p.cluster
            and e.svm_id = p.svm_id
            and e.initiator = p.initiator
            and e.node = p.partner
    )
group by p.cluster, p.svm_id, p.initiator
union all
-- Within an HA pair whose nodes have equally many interfaces (F11).
select
    a.cluster,
    a.svm_id,
    a.initiator,
    'uneven_nodes',
    'low',
    [],
    null,
    string_agg(
        a.node || ' ' || a.sessions || ', ' || b.node || ' ' || b.sessions, '; ' order by a.node
    ),
    []
from counted a
join judged_hosts h on h.cluster = a.cluster and h.svm_id = a.svm_id and h.initiator = a.initiator
join nodes_at n on n.cluster = a.cluster and n.node = a.node and n.partner > n.node
join
    counted b
    on b.cluster = a.cluster
    and b.svm_id = a.svm_id
    and b.initiator = a.initiator
    and b.node = n.partner
join interfaces_per_node x on x.cluster = a.cluster and x.svm_id = a.svm_id and x.node = a.node
join interfaces_per_node y on y.cluster = b.cluster and y.svm_id = b.svm_id and y.node = b.node
where
    a.sessions <> b.sessions
    and x.interfaces = y.interfaces
    -- An interface that is missing is a finding of its own.
    and not exists (
        select 1
        from expected e
        where
            e.cluster = h.cluster
            and e.svm_id = h.svm_id
            and e.initiator = h.initiator
            and not e.is_used
    )
    and not exists (
        select 1
        from unavailable_nodes w
        where w.cluster = h.cluster and w.svm_id = h.svm_id and w.node in (a.node, b.node)
    )
group by a.cluster, a.svm_id, a.initiator
union all
select
    h.cluster,
    h.svm_id,
    h.initiator,
    'required_node_missing',
    'high',
    list_sort(list(distinct r.node)),
    max(r.asked_by),
    case when max(r.asked_by) = 'LUN maps' then 'LUN maps report ' else 'ONTAP requires ' end
    || string_agg(distinct r.node, ', ' order by r.node)
    || ' for its LUNs, and it has no session there',
    []
from judged_hosts h
join
    (
        select
            cluster, svm_id, initiator, unnest(required_nodes) as node, 'required nodes' as asked_by
        from members_at
        where live
        union all
        -- The missing half of a pair that it stands on is a finding above.
        select l.cluster, l.svm_id, l.initiator, l.node, 'LUN maps'
        from (select *, unnest(nodes) as node from lun_nodes) l
        left join nodes_at n on n.cluster = l.cluster and n.node = l.node
        where
            not exists (
                select 1
                from hosts_at p
                where
                    p.cluster = l.cluster
                    and p.svm_id = l.svm_id
                    and p.initiator = l.initiator
                    and list_contains(p.nodes, n.partner)
            )
            and not exists (
                select 1
                from members_at m
                where
                    m.cluster = l.cluster
                    and m.svm_id = l.svm_id
                    and m.initiator = l.initiator
                    and m.required_nodes is not null
            )
    ) r
    on r.cluster = h.cluster
    and r.svm_id = h.svm_id
    and r.initiator = h.initiator
where
    not list_contains(h.nodes, r.node)
    and not exists (
        select 1
        from unavailable_nodes a
        where a.cluster = h.cluster and a.svm_id = h.svm_id and a.node = r.node
    )
group by h.cluster, h.svm_id, h.initiator
