-- /// query
-- title = "What would be left if a node, an interface or a subnet failed"
-- description = """
-- One row per initiator that has sessions on the object, and one row per node (no initiator) for
-- what it would carry afterwards. Sessions on interfaces that move to the HA partner are made
-- again there; all others end. Who moves is what the SVM's multipathing says (9.19), else the
-- interface's own policy. Without --name every object of the kind is tried, one by one. The worst
-- come first.
-- """
-- time = "instant"
-- kind = "finding"
-- brief = ["kind", "object", "initiator", "severity", "left", "limit", "detail"]
-- group = "Now and before a change"
-- identity = ["cluster", "kind", "object", "svm", "initiator", "node"]
-- check = false
-- needs = ["interfaces", "nodes", "svms", "lun_maps", "portsets"]
-- cannot_see = """Whether the hosts' multipathing takes over in time, and the load that follows
-- the sessions."""
-- [params.kind]
-- choices = ["node", "interface", "subnet"]
-- default = "node"
-- help = "What fails: node, interface or subnet."
-- [params.name]
-- kind = "pattern"
-- names = "object_names"
-- default = "*"
-- help = "Its name; * matches."
-- [columns]
-- cluster = "Cluster."
-- kind = "What fails."
-- object = "Its name."
-- svm = "SVM; null for a node's row."
-- initiator = "Initiator, lower-cased; null for a node's row."
-- node = "Node that carries on; null for an initiator's row."
-- sessions = "Sessions before."
-- ended = "Sessions that end."
-- moved = "Sessions that are made again on the HA partner."
-- left = "Sessions afterwards, those that moved included."
-- nodes_left = "Nodes that the initiator then stands on."
-- limit = "Sessions that policy allows the node; null where it does not say."
-- severity = """critical with no session left that reaches a LUN, high with one, medium on one
-- node, else info; of a node by its limit."""
-- detail = "In words."
-- ///
with
    placed as (
        select
            s.*,
            -- Equal subnets in two IPspaces are two networks.
            s.subnet || coalesce(' in ' || nullif(i.ipspace, 'Default'), '') as network,
            -- A partner that is away itself takes nothing over.
            i.moves and p.node is not null and p.away is null as moves,
            n.partner,
            x.interface_id is null as serves
        from sessions_at s
        left join
            svm_interfaces i
            on i.cluster = s.cluster
            and i.svm_id = s.svm_id
            and i.interface_id = s.interface_id
        left join nodes_at n on n.cluster = s.cluster and n.node = s.node
        left join nodes_at p on p.cluster = n.cluster and p.node = n.partner
        left join
            unmapped_interfaces x
            on x.cluster = s.cluster
            and x.svm_id = s.svm_id
            and x.initiator = s.initiator
            and x.interface_id = s.interface_id
    ),
    targets as (
        select
            *,
            case
                $kind
                when 'node'
                then node
                when 'interface'
                then interface
                when 'subnet'
                then network
            end as object
        from placed
    ),
    affected as (
        -- Only who stands on an object, and not every host for every object.
        select distinct cluster, svm_id, initiator, object
        from targets
        where object is not null and lower(object) like $name escape '^'
    ),
    hit as (
        select
            t.cluster,
            t.svm_id,
            t.svm,
            t.initiator,
            t.node,
            t.partner,
            t.moves,
            t.serves,
            a.object,
            coalesce(t.object = a.object, false) as fails
        from affected a
        join
            targets t on t.cluster = a.cluster and t.svm_id = a.svm_id and t.initiator = a.initiator
    ),
    after_it as (
        -- A subnet that fails has nowhere to move to.
        select
            *,
            fails and moves and $kind = 'node' as moved,
            case
                when not fails then node when moves and $kind = 'node' then partner
            end as node_after
        from hit
    ),
    hosts as (
        select
            cluster,
            object,
            svm_id,
            max(svm) as svm,
            initiator,
            count(*) as sessions,
            count(*) filter (where fails and not moved) as ended,
            count(*) filter (where moved) as moved,
            count(*) filter (where not fails or moved) as left_over,
            count(*) filter (where serves) as serving,
            count(*) filter (where serves and (not fails or moved)) as serving_left,
            count(distinct node_after) filter (where serves) as serving_nodes,
            coalesce(
                list_sort(list(distinct node_after) filter (where node_after is not null)), []
            ) as nodes_left
        from after_it
        group by cluster, object, svm_id, initiator
        having bool_or(fails)
    ),
    failing as (
        -- Sessions that leave each node with the object, and where they go.
        select cluster, object, node, case when moves and $kind = 'node' then partner end as heir
        from targets
        where object is not null and node is not null and lower(object) like $name escape '^'
    ),
    shifts as (
        select o.cluster, o.object, t.node, t.sessions as stay, 0 as moved
        from (select distinct cluster, object from failing) o
        join
            (
                select cluster, node, count(*) as sessions
                from targets
                where node is not null
                group by cluster, node
            ) t
            on t.cluster = o.cluster
        union all
        select cluster, object, node, -1, 0
        from failing
        union all
        select cluster, object, heir, 0, 1
        from failing
        where heir is not null
    ),
    carriers as (
        select
            s.cluster,
            s.object,
            s.node,
            sum(s.moved)::bigint as moved,
            sum(s.stay + s.moved)::bigint as left_over,
            sum(s.stay)::bigint as sessions,
            max(l.most) as most
        from shifts s
        left join node_limits l on l.cluster = s.cluster and l.node = s.node
        group by s.cluster, s.object, s.node
        having sum(s.stay + s.moved) > 0
    ),
    answers as (
        select
            cluster,
            $kind as kind,
            object,
            svm,
            nullif(initiator, '') as initiator,
            null::varchar as node,
            sessions,
            ended,
            moved,
            left_over as "left",
            nodes_left,
            null::bigint as "limit",
            case
                when left_over = 0 or (serving > 0 and serving_left = 0)
                then 'critical'
                when left_over = 1 or (serving > 0 and serving_left = 1)
                then 'high'
                when serving_nodes = 1 and $kind <> 'node'
                then 'medium'
                else 'info'
            end as severity,
            'keeps '
            || left_over
            || ' of '
            || sessions
            || ' sessions'
            || case
                when serving_left < left_over
                then
                    ', '
                    || serving_left
                    || ' of which reach'
                    || case when serving_left = 1 then 'es' else '' end
                    || ' its LUNs'
                else ''
            end
            || case
                when moved > 0 then ', ' || moved || ' of them made again on the HA partner' else ''
            end as detail
        from hosts
        union all
        select
            cluster,
            $kind,
            object,
            null,
            null,
            node,
            sessions,
            0,
            moved,
            left_over,
            [node],
            most,
            case
                when left_over >= t.limit_critical * most
                then 'critical'
                when left_over >= t.limit_high * most
                then 'high'
                when left_over >= t.limit_medium * most
                then 'medium'
                else 'info'
            end,
            node
            || ' would carry '
            || left_over
            || ' sessions'
            || case when moved > 0 then ', ' || moved || ' of them taken over' else '' end
            || case
                when most is null then '; no limit configured' else ' of ' || most || ' allowed'
            end
        from carriers
        cross join thresholds t
    )
select a.*
from answers a
join severities s on s.severity = a.severity
order by s.rank, a.cluster, a.object, a.svm, a.initiator, a.node
