-- /// query
-- title = "Share of hosts that meet their policy, day by day"
-- description = """
-- At the end of each day: initiators with sessions, and how many of them stood on two nodes, two
-- subnets and two addresses of their own, or on what the policy asks for instead. Where the SVM
-- has one node or one subnet, one is enough. host_minutes_short counts, over the known time of
-- the day, the minutes of hosts that did not.
-- """
-- time = "window"
-- group = "Now and before a change"
-- needs = ["interfaces"]
-- cannot_see = "What happened between two snapshots."
-- [columns]
-- cluster = "Cluster."
-- svm = "SVM."
-- day = "Day, UTC."
-- hosts = "Initiators with sessions at its end."
-- compliant = "How many of them met the policy; null without interface data."
-- percent = "The share, of a hundred."
-- host_minutes_short = "Minutes of hosts that did not meet it."
-- ///
with
    offered as (
        select
            cluster,
            svm_id,
            max(svm) as svm,
            least(count(distinct node), 2) as nodes,
            least(count(distinct fabric), 2) as fabrics
        from
            (
                select p.cluster, s.svm_id, s.svm, p.node, p.fabric
                from (select distinct cluster, svm_id, svm, interface_uuid from spells) s
                join interface_locations p on p.cluster = s.cluster and p.uuid = s.interface_uuid
                union
                select p.cluster, i.svm_uuid, i.svm, p.node, p.fabric
                from interfaces i
                join interface_locations p on p.cluster = i.cluster and p.uuid = i.uuid
                where list_contains(i.services, 'data_iscsi')
            )
        group by cluster, svm_id
    ),
    igroup_of as (
        select distinct cluster, svm_id, initiator, igroup.name as igroup
        from (select cluster, svm_id, initiator, unnest(igroups) as igroup from spells)
    ),
    declared as (
        select h.cluster, h.svm_id, h.initiator, p.nodes, p.subnets
        from
            (
                select cluster, svm_id, initiator, igroup
                from igroup_of
                union
                select cluster, svm_id, initiator, null
                from spells
            ) h
        join
            policy p
            on (p.pattern is null or h.initiator like p.pattern escape '^')
            and (p.igroup is null or h.igroup like p.igroup escape '^')
        qualify
            row_number() over (partition by h.cluster, h.svm_id, h.initiator order by p.place) = 1
    ),
    needed as (
        select
            h.cluster,
            h.svm_id,
            h.initiator,
            greatest(coalesce(d.nodes, o.nodes), 1) as nodes,
            greatest(coalesce(d.subnets, o.fabrics), 1) as subnets,
            -- A bonded link brings one address to one subnet.
            case when coalesce(d.subnets, o.fabrics) > 1 then 2 else 1 end as addresses
        from (select distinct cluster, svm_id, initiator from spells) h
        join offered o on o.cluster = h.cluster and o.svm_id = h.svm_id
        left join
            declared d
            on d.cluster = h.cluster
            and d.svm_id = h.svm_id
            and d.initiator = h.initiator
    ),
    facets as (
        select cluster, svm_id, initiator, 'any' as facet, '' as value, begins, ends
        from session_pieces
        union all
        select cluster, svm_id, initiator, 'node', node, begins, ends
        from session_pieces
        where node is not null
        union all
        select cluster, svm_id, initiator, 'subnet', fabric, begins, ends
        from session_pieces
        where fabric is not null
        union all
        select cluster, svm_id, initiator, 'address', initiator_address, begins, ends
        from session_pieces
        where initiator_address <> ''
    ),
    steps as (
        select cluster, svm_id, initiator, facet, value, since, sum(step) as step
        from
            (
                select cluster, svm_id, initiator, facet, value, begins as since, 1 as step
                from facets
                union all
                select cluster, svm_id, initiator, facet, value, ends, -1
                from facets
                where ends is not null
            )
        group by all
        having sum(step) <> 0
    ),
    levels as (
        select
            cluster,
            svm_id,
            initiator,
            facet,
            value,
            since,
            step,
            sum(step) over (
                partition by cluster, svm_id, initiator, facet, value
                order by since
                rows between unbounded preceding and current row
            ) as held
        from steps
    ),
    turns as (
        -- A node (a subnet, an address) is gained with its first session and lost with its last.
        select
            cluster,
            svm_id,
            initiator,
            facet,
            since,
            sum(case when held - step = 0 then 1 when held = 0 then -1 else 0 end) as turn
        from levels
        where held - step = 0 or held = 0
        group by all
        having sum(case when held - step = 0 then 1 when held = 0 then -1 else 0 end) <> 0
    ),
    counts as (
        select
            cluster,
            svm_id,
            initiator,
            facet,
            since,
            turn,
            sum(turn) over (
                partition by cluster, svm_id, initiator, facet
                order by since
                rows between unbounded preceding and current row
            ) as held
        from turns
    ),
    met as (
        -- Each facet is met or not; all of them together make a host compliant.
        select
            c.cluster,
            c.svm_id,
            c.initiator,
            c.since,
            sum(
                case
                    when c.facet = 'any'
                    then (c.held > 0)::integer - (c.held - c.turn > 0)::integer
                    else 0
                end
            ) as present,
            sum(
                case
                    c.facet
                    when 'node'
                    then (c.held >= n.nodes)::integer - (c.held - c.turn >= n.nodes)::integer
                    when 'subnet'
                    then (c.held >= n.subnets)::integer - (c.held - c.turn >= n.subnets)::integer
                    when 'address'
                    then
                        (c.held >= n.addresses)::integer - (c.held - c.turn >= n.addresses)::integer
                    else 0
                end
            ) as facets
        from counts c
        left join
            needed n on n.cluster = c.cluster and n.svm_id = c.svm_id and n.initiator = c.initiator
        group by c.cluster, c.svm_id, c.initiator, c.since
    ),
    states as (
        select
            cluster,
            svm_id,
            initiator,
            since,
            present,
            sum(facets) over (
                partition by cluster, svm_id, initiator
                order by since
                rows between unbounded preceding and current row
            ) as facets,
            coalesce(
                sum(facets) over (
                    partition by cluster, svm_id, initiator
                    order by since
                    rows between unbounded preceding and 1 preceding
                ),
                0
            ) as facets_before
        from met
    ),
    marks as (
        select cluster, svm_id, min(taken_at) as since, date_trunc('day', taken_at) as day
        from
            (
                select k.cluster, k.taken_at, s.svm_id
                from known_time k
                join (select distinct cluster, svm_id from spells) s on s.cluster = k.cluster
                where k.taken_at between $since::timestamp and $until::timestamp
            )
        group by cluster, svm_id, date_trunc('day', taken_at)
    ),
    changes_of_state as (
        select cluster, svm_id, since, sum(present) as present, sum(compliant) as compliant
        from
            (
                select
                    cluster,
                    svm_id,
                    since,
                    present,
                    (facets >= 3)::integer - (facets_before >= 3)::integer as compliant
                from states
                union all
                select cluster, svm_id, since, 0, 0
                from marks
            )
        group by all
    ),
    totals as (
        select
            c.cluster,
            c.svm_id,
            c.since,
            k.before as known_before,
            lead(k.before) over states_of_svm as known_until,
            sum(c.present) over (
                states_of_svm rows between unbounded preceding and current row
            ) as hosts,
            sum(c.compliant) over (
                states_of_svm rows between unbounded preceding and current row
            ) as compliant
        from changes_of_state c
        left join known_time k on k.cluster = c.cluster and k.taken_at = c.since
        window states_of_svm as (partition by c.cluster, c.svm_id order by c.since)
    ),
    asked as (
        select cluster, max(before) as known_last
        from known_time
        where taken_at <= $until::timestamp
        group by cluster
    ),
    weighed as (
        select
            t.*,
            least(coalesce(t.known_until, a.known_last), a.known_last) - t.known_before as seconds
        from totals t
        join asked a on a.cluster = t.cluster
        where t.since between $since::timestamp and $until::timestamp
    ),
    named as (
        select cluster, svm_id, coalesce(max_by(svm, first_seen), nullif(svm_id, '')) as svm
        from spells
        group by cluster, svm_id
    )
select
    w.cluster,
    n.svm,
    date_trunc('day', w.since)::date as day,
    max_by(w.hosts, w.since)::bigint as hosts,
    case when count(o.svm_id) > 0 then max_by(w.compliant, w.since)::bigint end as compliant,
    case
        when count(o.svm_id) > 0
        then round(100.0 * max_by(w.compliant, w.since) / nullif(max_by(w.hosts, w.since), 0), 1)
    end as percent,
    case
        when count(o.svm_id) > 0 then round(sum((w.hosts - w.compliant) * w.seconds) / 60)::bigint
    end as host_minutes_short
from weighed w
join named n on n.cluster = w.cluster and n.svm_id = w.svm_id
left join offered o on o.cluster = w.cluster and o.svm_id = w.svm_id
group by w.cluster, w.svm_id, n.svm, date_trunc('day', w.since)
order by all
