-- /// query
-- title = "What would be left if a node, an interface or a subnet failed"
-- description = """
-- One row per initiator that has sessions on the object, and one row per node (no initiator) for
-- what it would carry afterwards. Sessions on interfaces that move to the HA partner are made
-- again there; all others end. Without --name every object of the kind is tried, one by one.
-- """
-- time = "instant"
-- kind = "finding"
-- brief = ["kind", "object", "initiator", "severity", "left", "limit", "detail"]
-- group = "Now and before a change"
-- identity = ["cluster", "kind", "object", "svm", "initiator", "node"]
-- check = false
-- needs = ["interfaces", "nodes"]
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
-- severity = """critical with no session left, high with one, medium on one node, else info; of a
-- node by its limit."""
-- detail = "In words."
-- ///
with
    placed as (
        select s.*, i.moves and n.partner is not null as moves, n.partner
        from sessions_at s
        left join
            svm_interfaces i
            on i.cluster = s.cluster
            and i.svm_id = s.svm_id
            and i.interface_id = s.interface_id
        left join nodes_at n on n.cluster = s.cluster and n.node = s.node
    ),
    objects as (
        select distinct
            cluster,
            case
                $kind
                when 'node'
                then node
                when 'interface'
                then interface
                when 'subnet'
                then subnet
            end as object
        from placed
    ),
    hit as (
        select
            p.*,
            o.object,
            coalesce(
                case
                    $kind
                    when 'node'
                    then p.node
                    when 'interface'
                    then p.interface
                    when 'subnet'
                    then p.subnet
                end
                = o.object,
                false
            ) as fails
        from objects o
        join placed p on p.cluster = o.cluster
        where o.object is not null and lower(o.object) like $name escape '^'
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
            coalesce(
                list_sort(list(distinct node_after) filter (where node_after is not null)), []
            ) as nodes_left
        from after_it
        group by cluster, object, svm_id, initiator
        having bool_or(fails)
    ),
    carriers as (
        select
            a.cluster,
            a.object,
            a.node_after as node,
            count(*) filter (where not a.fails) as sessions,
            count(*) filter (where a.moved) as moved,
            count(*) as left_over,
            max(l.most) as most
        from after_it a
        left join node_limits l on l.cluster = a.cluster and l.node = a.node_after
        where a.node_after is not null
        group by a.cluster, a.object, a.node_after
    )
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
        when left_over = 0
        then 'critical'
        when left_over = 1
        then 'high'
        when len(nodes_left) = 1 and $kind <> 'node'
        then 'medium'
        else 'info'
    end as severity,
    'keeps '
    || left_over
    || ' of '
    || sessions
    || ' sessions'
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
    || case when most is null then '; no limit configured' else ' of ' || most || ' allowed' end
from carriers
cross join thresholds t
order by all
