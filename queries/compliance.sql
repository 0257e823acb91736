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
-- percent = "Their share, in %."
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
            and (p.igroup is null or lower(h.igroup) like p.igroup escape '^')
        qualify
            row_number() over (partition by h.cluster, h.svm_id, h.initiator order by p.place) = 1
    ),
    facets as (
        -- What each host needs of them: all three together make it compliant.
        select
            h.cluster,
            h.svm_id,
            h.initiator,
            f.facet,
            case
                f.facet
                when 'node'
                then greatest(coalesce(d.nodes, o.nodes), 1)
                when 'subnet'
                then greatest(coalesce(d.subnets, o.fabrics), 1)
                -- A bonded link brings one address to one subnet.
                else case when coalesce(d.subnets, o.fabrics) > 1 then 2 else 1 end
            end as needed
        from (select distinct cluster, svm_id, initiator from spells) h
        join offered o on o.cluster = h.cluster and o.svm_id = h.svm_id
        left join
            declared d
            on d.cluster = h.cluster
            and d.svm_id = h.svm_id
            and d.initiator = h.initiator
        cross join (values ('node'), ('subnet'), ('address')) f(facet)
    ),
    steps as (
        -- How many of the facets a host meets more (or fewer) than before.
        select
            l.cluster,
            l.svm_id,
            l.initiator,
            l.since,
            sum(case when l.facet = 'any' then l.held - l.held_before else 0 end) as present,
            sum((l.held >= f.needed)::integer - (l.held_before >= f.needed)::integer) as facets
        from host_levels l
        left join
            facets f
            on f.cluster = l.cluster
            and f.svm_id = l.svm_id
            and f.initiator = l.initiator
            and f.facet = l.facet
        group by l.cluster, l.svm_id, l.initiator, l.since
    ),
    states as (
        select
            *,
            sum(facets) over (partition by cluster, svm_id, initiator order by since) as facets_now
        from steps
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
    deltas as (
        select cluster, svm_id, since, sum(present) as present, sum(compliant) as compliant
        from
            (
                select
                    cluster,
                    svm_id,
                    since,
                    present,
                    (facets_now >= 3)::integer - (facets_now - facets >= 3)::integer as compliant
                from states
                union all
                select cluster, svm_id, since, 0, 0
                from marks
            )
        group by all
    ),
    running as (
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
        from deltas c
        left join known_time k on k.cluster = c.cluster and k.taken_at = c.since
        window states_of_svm as (partition by c.cluster, c.svm_id order by c.since)
    ),
    last_known as (
        select cluster, max(before) as known_last
        from known_time
        where taken_at <= $until::timestamp
        group by cluster
    ),
    weighed as (
        select
            t.*,
            least(coalesce(t.known_until, a.known_last), a.known_last) - t.known_before as seconds
        from running t
        join last_known a on a.cluster = t.cluster
        where t.since between $since::timestamp and $until::timestamp
    ),
    svm_names as (
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
join svm_names n on n.cluster = w.cluster and n.svm_id = w.svm_id
left join offered o on o.cluster = w.cluster and o.svm_id = w.svm_id
group by w.cluster, w.svm_id, n.svm, date_trunc('day', w.since)
order by all
