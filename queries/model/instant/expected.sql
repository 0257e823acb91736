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
-- is_used = "Whether it has a session there."
-- ///
with
    -- Hosts, interfaces and igroups by number: their names are long, and met again and again.
    hosts as (
        select
            cluster,
            svm_id,
            initiator,
            row_number() over (order by cluster, svm_id, initiator) as host
        from presence
        where interface_id is null
    ),
    doors as (
        select *, row_number() over (order by cluster, svm_id, interface_id) as door
        from
            (
                select distinct
                    cluster,
                    svm_id,
                    interface_id,
                    interface,
                    fabric,
                    home_node,
                    enabled,
                    since,
                    sessions
                from svm_interfaces
            )
    ),
    settled as (
        -- What is switched off on purpose is expected of nobody. Hosts find a new interface when
        -- they next look: only peers and history may ask for it yet.
        select d.*
        from doors d
        cross join thresholds t
        where
            d.enabled
            and d.sessions > 0
            and (d.since is null or d.since <= $at::timestamp - to_days(t.history_days))
    ),
    living as (
        select
            cluster,
            svm_id,
            igroup_id,
            count(*) as members,
            row_number() over (order by cluster, svm_id, igroup_id) as igroup
        from members_at
        where live
        group by cluster, svm_id, igroup_id
    ),
    members as (
        select h.host, l.igroup, l.members
        from members_at m
        join living l on l.cluster = m.cluster and l.svm_id = m.svm_id and l.igroup_id = m.igroup_id
        join hosts h on h.cluster = m.cluster and h.svm_id = m.svm_id and h.initiator = m.initiator
        where m.live
    ),
    used as (
        select distinct h.host, d.door, s.node
        from sessions_at s
        join hosts h on h.cluster = s.cluster and h.svm_id = s.svm_id and h.initiator = s.initiator
        join
            doors d
            on d.cluster = s.cluster
            and d.svm_id = s.svm_id
            and d.interface_id = s.interface_id
    ),
    mapped as (
        select l.igroup, u.door, u.fabric, g.asked_by
        from living l
        join
            igroup_interfaces g
            on g.cluster = l.cluster
            and g.svm_id = l.svm_id
            and g.igroup_id = l.igroup_id
        join
            settled u
            on u.cluster = g.cluster
            and u.svm_id = g.svm_id
            and u.interface_id = g.interface_id
        where g.asked_by is not null
    ),
    peers as (
        -- Enough live members, and most of them on the interface.
        select m.igroup, s.door
        from members m
        join used s on s.host = m.host
        cross join thresholds t
        where m.members >= t.peer_hosts
        group by m.igroup, s.door, m.members
        having count(*) >= max(t.peer_share) * m.members
    ),
    own as (
        -- An interface that is no more counts as history, and is expected of nobody.
        select h.host, d.door
        from presence p
        cross join thresholds t
        join hosts h on h.cluster = p.cluster and h.svm_id = p.svm_id and h.initiator = p.initiator
        left join
            doors d
            on d.cluster = p.cluster
            and d.svm_id = p.svm_id
            and d.interface_id = p.interface_id
        where
            p.interface_id is not null
            and p.share >= t.steady_share
            and p.ticks >= t.history_snapshots
    ),
    networks as (
        -- Networks that a member of the igroup is in, or lately was: its hosts can reach them.
        select distinct m.igroup, d.fabric
        from members m
        join
            (
                select host, door
                from used
                union
                select host, door
                from own
            ) s
            on s.host = m.host
        join doors d on d.door = s.door and d.enabled
    ),
    unmapped as (
        select h.host, d.door
        from unmapped_interfaces x
        join hosts h on h.cluster = x.cluster and h.svm_id = x.svm_id and h.initiator = x.initiator
        join
            doors d
            on d.cluster = x.cluster
            and d.svm_id = x.svm_id
            and d.interface_id = x.interface_id
    ),
    sources as (
        select 1 as place, m.host, g.door
        from members m
        join mapped g on g.igroup = m.igroup
        where g.asked_by = 'required nodes'
        union all
        select 2, m.host, g.door
        from members m
        join mapped g on g.igroup = m.igroup
        join networks n on n.igroup = g.igroup and n.fabric is not distinct from g.fabric
        where g.asked_by = 'LUN maps'
        union all
        select 3, m.host, p.door
        from members m
        join peers p on p.igroup = m.igroup
        union all
        select 4, host, door
        from own
    ),
    reached as (
        select s.place, s.host, s.door
        from sources s
        where not exists (select 1 from unmapped x where x.host = s.host and x.door = s.door)
    ),
    others as (
        -- Hosts of which nothing better is known than what is in use.
        select u.host, count(*) = count(u.node) as is_placed
        from used u
        where not exists (select 1 from reached r where r.host = u.host)
        group by u.host
    ),
    stood_on as (
        select distinct h.cluster, h.svm_id, u.host, u.node
        from used u
        join others o on o.host = u.host and o.is_placed
        join hosts h on h.host = u.host
    ),
    in_use as (
        -- With selective LUN maps a host needs no more than the HA pairs that it stands on.
        select p.host, u.door
        from
            (
                select cluster, svm_id, host, node
                from stood_on
                union
                select h.cluster, h.svm_id, h.host, n.partner
                from stood_on h
                join nodes_at n on n.cluster = h.cluster and n.node = h.node
            ) p
        join settled u on u.cluster = p.cluster and u.svm_id = p.svm_id and u.home_node = p.node
        union all
        select h.host, u.door
        from others o
        join hosts h on h.host = o.host
        join settled u on u.cluster = h.cluster and u.svm_id = h.svm_id
        where not o.is_placed
    ),
    cells as (
        select host, door, min(place) as place, bool_or(is_used) as is_used
        from
            (
                select place, host, door, false as is_used
                from reached
                union all
                select 5, s.host, s.door, false
                from in_use s
                where
                    not exists (select 1 from unmapped x where x.host = s.host and x.door = s.door)
                union all
                select null, host, door, true
                from used
            )
        group by host, door
    ),
    best as (select host, min(place) as place from cells group by host)
select
    h.cluster,
    h.svm_id,
    h.initiator,
    d.interface_id,
    d.interface,
    case
        c.place
        when 1
        then 'required nodes'
        when 2
        then 'LUN maps'
        when 3
        then 'igroup peers'
        when 4
        then 'own history'
        else 'interfaces in use'
    end as expected_from,
    c.is_used
from cells c
join best b on b.host = c.host and b.place = c.place
join doors d on d.door = c.door and d.enabled
join hosts h on h.host = c.host
