-- /// query
-- title = "Interfaces that each initiator is expected to use"
-- description = """From the first source there is: what ONTAP requires, what LUN maps report,
-- peers of the igroup, own history, all interfaces in use; never an interface through which it
-- reaches none of its LUNs. What a policy declares is a number of paths and is judged apart."""
-- [columns]
-- cluster = "Cluster."
-- svm_id = "SVM."
-- initiator = "Initiator."
-- interface_id = "Interface."
-- interface = "Its name."
-- expected_from = "Where the expectation comes from."
-- ///
with
    usable as (
        -- What is switched off on purpose is expected of nobody.
        select * from svm_interfaces where enabled
    ),
    settled as (
        -- Hosts find a new interface when they next look: only peers and history may ask for it
        -- yet.
        select u.*
        from usable u
        cross join thresholds t
        where
            u.sessions > 0
            and (u.since is null or u.since <= $at::timestamp - to_days(t.history_days))
    ),
    members as (
        select m.*, count(*) over (partition by m.cluster, m.svm_id, m.igroup_id) as living
        from members_at m
        where m.live
    ),
    used as (select distinct cluster, svm_id, initiator, interface_id, node from sessions_at),
    mapped as (
        select m.cluster, m.svm_id, m.initiator, m.igroup_id, u.interface_id, u.fabric, g.asked_by
        from members m
        join
            igroup_interfaces g
            on g.cluster = m.cluster
            and g.svm_id = m.svm_id
            and g.igroup_id = m.igroup_id
        join
            settled u
            on u.cluster = g.cluster
            and u.svm_id = g.svm_id
            and u.interface_id = g.interface_id
        where g.asked_by is not null
    ),
    peers as (
        -- Enough live members, and most of them on the interface.
        select m.cluster, m.svm_id, m.igroup_id, s.interface_id
        from members m
        join used s on s.cluster = m.cluster and s.svm_id = m.svm_id and s.initiator = m.initiator
        cross join thresholds t
        where m.living >= t.peer_hosts
        group by m.cluster, m.svm_id, m.igroup_id, s.interface_id, m.living
        having count(*) >= max(t.peer_share) * m.living
    ),
    own as (
        select p.cluster, p.svm_id, p.initiator, p.interface_id
        from presence p
        cross join thresholds t
        where
            p.interface_id is not null
            and p.share >= t.steady_share
            and p.ticks >= t.history_snapshots
    ),
    networks as (
        -- Networks that a member of the igroup is in, or lately was: its hosts can reach them.
        select distinct m.cluster, m.svm_id, m.igroup_id, u.fabric
        from members m
        join
            (
                select cluster, svm_id, initiator, interface_id
                from used
                union
                select *
                from own
            ) s
            on s.cluster = m.cluster
            and s.svm_id = m.svm_id
            and s.initiator = m.initiator
        join
            usable u
            on u.cluster = s.cluster
            and u.svm_id = s.svm_id
            and u.interface_id = s.interface_id
    ),
    hosts as (
        select cluster, svm_id, initiator, count(*) = count(node) as is_placed
        from used
        group by all
    ),
    stood_on as (
        select distinct u.cluster, u.svm_id, u.initiator, u.node
        from used u
        join hosts h on h.cluster = u.cluster and h.svm_id = u.svm_id and h.initiator = u.initiator
        where h.is_placed
    ),
    in_use as (
        -- With selective LUN maps a host needs no more than the HA pairs that it stands on.
        select p.cluster, p.svm_id, p.initiator, u.interface_id
        from
            (
                select cluster, svm_id, initiator, node
                from stood_on
                union
                select h.cluster, h.svm_id, h.initiator, n.partner
                from stood_on h
                join nodes_at n on n.cluster = h.cluster and n.node = h.node
            ) p
        join settled u on u.cluster = p.cluster and u.svm_id = p.svm_id and u.home_node = p.node
        union all
        select h.cluster, h.svm_id, h.initiator, u.interface_id
        from hosts h
        join settled u on u.cluster = h.cluster and u.svm_id = h.svm_id
        where not h.is_placed
    ),
    sources as (
        select
            1 as place, 'required nodes' as expected_from, cluster, svm_id, initiator, interface_id
        from mapped
        where asked_by = 'required nodes'
        union all
        select 2, 'LUN maps', m.cluster, m.svm_id, m.initiator, m.interface_id
        from mapped m
        join
            networks n
            on n.cluster = m.cluster
            and n.svm_id = m.svm_id
            and n.igroup_id = m.igroup_id
            and n.fabric is not distinct from m.fabric
        where m.asked_by = 'LUN maps'
        union all
        select 3, 'igroup peers', m.cluster, m.svm_id, m.initiator, p.interface_id
        from members m
        join peers p on p.cluster = m.cluster and p.svm_id = m.svm_id and p.igroup_id = m.igroup_id
        union all
        select 4, 'own history', *
        from own
        union all
        select 5, 'interfaces in use', *
        from in_use
    ),
    reached as (
        select s.*
        from sources s
        where
            not exists (
                select 1
                from unmapped_interfaces x
                where
                    x.cluster = s.cluster
                    and x.svm_id = s.svm_id
                    and x.initiator = s.initiator
                    and x.interface_id = s.interface_id
            )
    ),
    best as (
        select cluster, svm_id, initiator, min(place) as place
        from reached
        group by cluster, svm_id, initiator
    )
select distinct r.cluster, r.svm_id, r.initiator, r.interface_id, u.interface, r.expected_from
from reached r
join
    best b
    on b.cluster = r.cluster
    and b.svm_id = r.svm_id
    and b.initiator = r.initiator
    and b.place = r.place
join usable u on u.cluster = r.cluster and u.svm_id = r.svm_id and u.interface_id = r.interface_id
