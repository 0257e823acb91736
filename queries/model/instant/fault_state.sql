-- /// query
-- title = "What is out of the ordinary"
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
    strayed as (
        -- Sessions on an interface that is not at home (F17). Of a takeover the node is the
        -- finding.
        select
            i.cluster,
            i.svm_id,
            i.interface,
            i.node,
            i.home_node,
            i.sessions,
            u.members,
            e.seen_after,
            e.first_seen,
            e.first_seen <= s.taken_at - to_minutes(t.astray_minutes) as stays
        from svm_interfaces i
        join snapshot_at s on s.cluster = i.cluster
        cross join thresholds t
        join
            (
                select
                    n.cluster,
                    n.svm_id,
                    n.interface_id,
                    list_sort(list(distinct n.initiator)) as members
                from sessions_at n
                where
                    n.initiator <> ''
                    and exists (
                        select 1
                        from svm_interfaces a
                        where
                            a.cluster = n.cluster
                            and a.svm_id = n.svm_id
                            and a.interface_id = n.interface_id
                            and not a.at_home
                    )
                group by n.cluster, n.svm_id, n.interface_id
            ) u
            on u.cluster = i.cluster
            and u.svm_id = i.svm_id
            and u.interface_id = i.interface_id
        join
            interfaces e
            on e.cluster = i.cluster
            and e.uuid = i.interface_id
            and e.first_seen <= s.interfaces_at
            and e.last_seen >= s.interfaces_at
        where
            not i.at_home
            and i.sessions > 0
            and not exists (
                select 1
                from unavailable_nodes a
                where a.cluster = i.cluster and a.svm_id = i.svm_id and a.node = i.home_node
            )
    ),
    departed as (
        -- Members that were there in the last week and are not.
        select m.*
        from members_at m
        where
            not m.live
            and exists (
                select 1
                from spells p
                join snapshot_at s on s.cluster = p.cluster
                cross join thresholds t
                where
                    p.cluster = m.cluster
                    and p.svm_id = m.svm_id
                    and p.initiator = m.initiator
                    and p.first_seen <= s.taken_at
                    and p.last_seen > s.taken_at - to_days(t.history_days)
            )
    ),
    partly_alive as (
        -- Beside others that are there (F22).
        select
            cluster,
            svm_id,
            igroup_id,
            max(igroup) as igroup,
            count(*) filter (where live) as living,
            list_sort(list(initiator) filter (where not live)) as absent
        from
            (
                select *
                from members_at
                where live
                union all
                select *
                from departed
            )
        group by cluster, svm_id, igroup_id
        having count(*) filter (where live) > 0 and count(*) filter (where not live) > 0
    ),
    shared_addresses as (
        select cluster, svm_id, initiator_address
        from connections_at
        where initiator_address <> '' and initiator <> ''
        group by cluster, svm_id, initiator_address
        having min(initiator) < max(initiator)
    ),
    sharers as (
        select distinct c.cluster, c.svm_id, c.initiator, c.initiator_address
        from connections_at c
        where
            c.initiator <> ''
            and exists (
                select 1
                from shared_addresses a
                where
                    a.cluster = c.cluster
                    and a.svm_id = c.svm_id
                    and a.initiator_address = c.initiator_address
            )
    ),
    crowded as (
        -- One address, several names (F25); new if one of them came within a day.
        select
            c.cluster,
            c.svm_id,
            c.initiator_address,
            list_sort(list(c.initiator)) as initiators,
            max(c.first_seen) as latest,
            bool_or(c.arrived) as arrived,
            max(s.taken_at) - to_hours(max(t.recent_hours)) as recent_since
        from
            (
                select
                    p.cluster,
                    p.svm_id,
                    p.initiator,
                    p.initiator_address,
                    min(p.first_seen) as first_seen,
                    count(*) = count(p.seen_after) as arrived
                from spells p
                where
                    p.first_seen <= $at::timestamp
                    and exists (
                        select 1
                        from sharers c
                        where
                            c.cluster = p.cluster
                            and c.svm_id = p.svm_id
                            and c.initiator = p.initiator
                            and c.initiator_address = p.initiator_address
                    )
                group by all
            ) c
        join snapshot_at s on s.cluster = c.cluster
        cross join thresholds t
        group by c.cluster, c.svm_id, c.initiator_address
    ),
    unconnected as (
        -- Two snapshots running, so that it is not just being torn down (F26).
        select cluster, svm_id, initiator, count(*) as sessions
        from connections_at
        where connections = 0 and first_seen <= previous_at
        group by all
    ),
    newcomers as (
        -- Later than the first of their cluster, so that something may be older.
        select distinct c.cluster, c.svm_id, c.initiator, c.initiator_address, c.interface_id
        from connections_at c
        join
            (select cluster, min(first_seen) as first_seen from connections_at group by cluster) b
            on b.cluster = c.cluster
            and b.first_seen < c.first_seen
        cross join thresholds t
        where c.isid <> '' and c.first_seen > c.taken_at - to_minutes(t.ghost_minutes)
    ),
    doubled as (
        select
            c.cluster,
            c.svm_id,
            c.initiator,
            c.isid,
            c.tsih,
            c.initiator_address,
            c.interface_id,
            max(c.interface) as interface,
            min(c.first_seen) as first_seen,
            max(c.taken_at) as taken_at
        from connections_at c
        where
            c.isid <> ''
            and exists (
                select 1
                from newcomers n
                where
                    n.cluster = c.cluster
                    and n.svm_id = c.svm_id
                    and n.initiator = c.initiator
                    and n.initiator_address = c.initiator_address
                    and n.interface_id = c.interface_id
            )
        group by all
    ),
    fresh as (
        -- One that takes the place of another with its ISID reconnected.
        select d.*
        from doubled d
        cross join thresholds t
        where
            d.first_seen > d.taken_at - to_minutes(t.ghost_minutes)
            and not exists (
                select 1
                from spells p
                where
                    p.cluster = d.cluster
                    and p.svm_id = d.svm_id
                    and p.initiator = d.initiator
                    and p.initiator_address = d.initiator_address
                    and p.interface_id = d.interface_id
                    and p.isid = d.isid
                    and p.gone_by = d.first_seen
            )
    ),
    ghost as (
        -- Its ISIDs began again and an older session still stands beside a new one (F28). More
        -- sessions on purpose count on instead.
        select distinct o.cluster, o.svm_id, o.initiator, o.interface
        from doubled o
        join
            fresh n
            on n.cluster = o.cluster
            and n.svm_id = o.svm_id
            and n.initiator = o.initiator
            and n.initiator_address = o.initiator_address
            and n.interface_id = o.interface_id
            and n.first_seen > o.first_seen
            and n.isid < o.isid
            and n.tsih <> o.tsih
    ),
    moved as (
        -- Interfaces that changed their node within a week, and from which to which (F30).
        select
            i.cluster,
            i.svm_id,
            i.interface_id,
            i.interface,
            f.node as was,
            e.node as node,
            e.first_seen
        from svm_interfaces i
        join snapshot_at s on s.cluster = i.cluster
        join
            interfaces e
            on e.cluster = i.cluster
            and e.uuid = i.interface_id
            and e.first_seen <= s.interfaces_at
            and e.last_seen >= s.interfaces_at
        join interfaces f on f.cluster = e.cluster and f.uuid = e.uuid and f.gone_by = e.first_seen
        cross join thresholds t
        left join renamed_nodes r on r.cluster = e.cluster and r.was = f.node and r.name = e.node
        where
            f.node <> e.node
            and r.name is null
            and e.first_seen > s.taken_at - to_days(t.history_days)
    ),
    gathered as (
        select
            h.cluster,
            h.svm_id,
            h.initiator,
            h.nodes[1] as node,
            list_sort(list(distinct m.was)) as missing,
            string_agg(distinct m.interface, ', ' order by m.interface) as interfaces
        from judged_hosts h
        join
            moved m
            on m.cluster = h.cluster
            and m.svm_id = h.svm_id
            and list_contains(h.interface_ids, m.interface_id)
        where
            len(h.nodes) = 1
            and m.node = h.nodes[1]
            and not exists (
                select 1
                from unavailable_nodes a
                where a.cluster = m.cluster and a.svm_id = m.svm_id and a.node = m.was
            )
        group by h.cluster, h.svm_id, h.initiator, h.nodes
    )
select
    cluster,
    svm_id,
    null::varchar as initiator,
    'interface_not_home' as fault,
    case when stays then 'medium' else 'info' end as severity,
    []::varchar[] as missing,
    null::varchar as expected_from,
    interface
    || ' is on '
    || coalesce(node, 'another port')
    || ', its home is '
    || coalesce(home_node, 'elsewhere')
    || '; '
    || sessions
    || ' sessions are on it'
    || case
        when seen_after is null
        then ''
        else '; since ' || strftime(first_seen, '%Y-%m-%dT%H:%M:%SZ')
    end as detail,
    members
from strayed
union all
select
    cluster,
    svm_id,
    null,
    'igroup_partly_alive',
    'medium',
    absent,
    'igroup',
    igroup
    || ': '
    || living
    || ' members are connected, and not '
    || array_to_string(absent, ', ')
    || ', which the last days have seen',
    absent
from partly_alive
union all
select
    cluster,
    svm_id,
    null,
    'shared_address',
    case when arrived and latest > recent_since then 'medium' else 'info' end,
    [],
    null,
    initiator_address
    || ' is used by '
    || array_to_string(initiators, ', ')
    || case
        when arrived and latest > recent_since
        then '; new since ' || strftime(latest, '%Y-%m-%dT%H:%M:%SZ')
        else ''
    end,
    initiators
from crowded
union all
select
    cluster,
    svm_id,
    initiator,
    'session_without_connection',
    'low',
    [],
    null,
    sessions
    || case when sessions = 1 then ' session has' else ' sessions have' end
    || ' had no connection in two snapshots running',
    []
from unconnected
union all
select
    cluster,
    svm_id,
    initiator,
    'ghost_session',
    'info',
    [],
    null,
    'an older session still stands beside a new one on '
    || string_agg(interface, ', ' order by interface)
    || ': the array has not noticed yet that the host restarted',
    []
from ghost
group by cluster, svm_id, initiator
union all
select
    cluster,
    svm_id,
    initiator,
    'odd_name',
    'low',
    [],
    null,
    case
        when initiator like '%localhost%' or initiator like '%:default%'
        then 'the name that an image came with: a clone of it would have it too'
        else 'is no iqn., eui. or naa. name'
    end,
    []
from hosts_at
-- Letter case means nothing: names are compared without it.
where
    initiator <> ''
    and (
        not regexp_matches(
            initiator,
            '^(iqn\.\d{4}-\d{2}\.[^:]+(:.+)?|eui\.[0-9a-f]{16}|naa\.([0-9a-f]{16}|[0-9a-f]{32}))$'
        )
        or initiator like '%localhost%'
        or initiator like '%:default%'
    )
union all
select
    cluster,
    svm_id,
    initiator,
    'single_node_after_migration',
    'high',
    missing,
    'own history',
    interfaces
    || ' moved to '
    || node
    || '; since then it has no session on '
    || array_to_string(missing, ', '),
    []
from gathered
