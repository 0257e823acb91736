-- /// query
-- title = "Uneven or surplus sessions"
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
    counted as (
        -- Of one session on each of a few interfaces there is nothing to count.
        select cluster, svm_id, initiator
        from judged_hosts h
        cross join thresholds t
        where
            h.sessions > len(h.interface_ids)
            or h.sessions > t.crowded_sessions
            or h.want_per_path < 1
        union
        select h.cluster, h.svm_id, h.initiator
        from judged_hosts h
        join
            doubled_addresses d
            on d.cluster = h.cluster
            and d.svm_id = h.svm_id
            and d.initiator = h.initiator
    ),
    cells as (
        select
            s.cluster,
            s.svm_id,
            s.initiator,
            s.initiator_address,
            s.interface_id,
            s.interface,
            s.node,
            s.fabric,
            count(*) as sessions
        from sessions_at s
        where
            exists (
                select 1
                from counted c
                where c.cluster = s.cluster and c.svm_id = s.svm_id and c.initiator = s.initiator
            )
        group by all
    ),
    per_interface as (
        select
            cluster,
            svm_id,
            initiator,
            interface_id,
            max(interface) as interface,
            sum(sessions)::bigint as sessions
        from cells
        group by cluster, svm_id, initiator, interface_id
    ),
    uneven_hosts as (
        select cluster, svm_id, initiator, max(sessions) as most, min(sessions) as least
        from per_interface
        group by cluster, svm_id, initiator
        having max(sessions) > min(sessions)
    ),
    uneven as (
        select
            u.cluster,
            u.svm_id,
            u.initiator,
            u.most,
            u.least,
            list_sort(list(p.interface) filter (where p.sessions < u.most)) as fewer,
            list_sort(list(p.interface_id) filter (where p.sessions < u.most)) as fewer_ids,
            string_agg(p.interface || ' ' || p.sessions, ', ' order by p.interface) as counts
        from uneven_hosts u
        join
            per_interface p
            on p.cluster = u.cluster
            and p.svm_id = u.svm_id
            and p.initiator = u.initiator
        group by u.cluster, u.svm_id, u.initiator, u.most, u.least
    ),
    even as (
        -- The same count on every path is a setting (nr_sessions), not an accident.
        select
            cluster,
            svm_id,
            initiator,
            min(sessions) = max(sessions) as same,
            max(sessions) as most,
            count(*) as paths
        from cells
        group by all
    ),
    earlier as (
        -- Sessions to a path as they were at the begin of the history that counts.
        select
            p.cluster,
            p.svm_id,
            p.initiator,
            sum(1.0::double / greatest(coalesce(p.connections, 1), 1))
            / count(distinct p.initiator_address || ' ' || p.interface_id) as per_path
        from
            (
                select
                    s.cluster,
                    coalesce(
                        max(a.taken_at) filter (
                            where a.taken_at <= s.taken_at - to_days(t.history_days)
                        ),
                        min(a.taken_at)
                    ) as taken_at
                from snapshot_at s
                cross join thresholds t
                join
                    attempts a
                    on a.cluster = s.cluster
                    and a.status = 'complete'
                    and a.taken_at <= s.taken_at
                group by s.cluster
            ) s
        join
            spells p
            on p.cluster = s.cluster
            and p.first_seen <= s.taken_at
            and p.last_seen >= s.taken_at
        where
            exists (
                select 1
                from even e
                where
                    e.cluster = p.cluster
                    and e.svm_id = p.svm_id
                    and e.initiator = p.initiator
                    and e.same
                    and e.most > 1
            )
        group by p.cluster, p.svm_id, p.initiator
    ),
    meshed as (
        -- Addresses that reach every interface of the subnet, and some that do not (F12).
        select
            c.cluster,
            c.svm_id,
            c.initiator,
            c.fabric,
            c.initiator_address,
            count(distinct c.interface_id) as reached
        from cells c
        join
            doubled_addresses s
            on s.cluster = c.cluster
            and s.svm_id = c.svm_id
            and s.initiator = c.initiator
            and s.fabric = c.fabric
        where c.initiator_address <> ''
        group by c.cluster, c.svm_id, c.initiator, c.fabric, c.initiator_address
    ),
    crowded as (
        select
            c.cluster,
            c.svm_id,
            c.initiator,
            c.node,
            sum(c.sessions)::bigint as sessions,
            t.crowded_sessions::bigint as most
        from cells c
        join even e on e.cluster = c.cluster and e.svm_id = c.svm_id and e.initiator = c.initiator
        cross join thresholds t
        where c.node is not null
        group by c.cluster, c.svm_id, c.initiator, c.node, e.same, e.most, t.crowded_sessions
        -- Eight paths of several sessions each are still eight paths.
        having
            sum(c.sessions) > t.crowded_sessions
            and not (
                e.same
                and e.most > 1
                and e.most <= t.crowded_sessions
                and count(*) <= t.crowded_sessions
            )
    ),
    shrunk as (
        select
            s.cluster,
            s.svm_id,
            s.initiator,
            s.interface,
            max(p.connections) as before,
            s.connections as now
        from sessions_at s
        join
            spells p
            on p.cluster = s.cluster
            and p.svm_id = s.svm_id
            and p.initiator = s.initiator
            and p.isid = s.isid
            and p.tsih = s.tsih
            and p.target_portal_group = s.target_portal_group
        where p.first_seen <= s.taken_at and p.connections > s.connections and p.connections > 1
        group by s.cluster, s.svm_id, s.initiator, s.interface, s.isid, s.tsih, s.connections
    )
select
    u.cluster,
    u.svm_id,
    u.initiator,
    'uneven_interfaces' as fault,
    case
        when
            u.most >= t.uneven_ratio * u.least
            and exists (
                select 1
                from spells p
                join snapshot_at s on s.cluster = p.cluster
                where
                    p.cluster = u.cluster
                    and p.svm_id = u.svm_id
                    and p.initiator = u.initiator
                    and list_contains(u.fewer_ids, p.interface_id)
                    and p.gone_by > s.taken_at - to_hours(t.recent_hours)
                    and p.gone_by <= s.taken_at
            )
        then 'medium'
        else 'low'
    end as severity,
    u.fewer as missing,
    null::varchar as expected_from,
    u.counts as detail,
    []::varchar[] as members
from uneven u
cross join thresholds t
union all
select
    cluster,
    svm_id,
    initiator,
    'uneven_host_addresses',
    'low',
    [],
    null,
    'in '
    || fabric
    || ': '
    || string_agg(initiator_address || ' reaches ' || reached, ', ' order by initiator_address),
    []
from meshed
group by cluster, svm_id, initiator, fabric
having min(reached) < max(reached)
union all
select
    c.cluster,
    c.svm_id,
    c.initiator,
    'duplicate_sessions',
    'medium',
    [],
    case when max(h.want_per_path) is not null then 'policy' end,
    string_agg(
        c.sessions || ' sessions from ' || c.initiator_address || ' to ' || c.interface,
        ', '
        order by c.initiator_address, c.interface
    ),
    []
from cells c
join even e on e.cluster = c.cluster and e.svm_id = c.svm_id and e.initiator = c.initiator
join judged_hosts h on h.cluster = c.cluster and h.svm_id = c.svm_id and h.initiator = c.initiator
where c.sessions > coalesce(h.want_per_path, 1) and (h.want_per_path is not null or not e.same)
group by c.cluster, c.svm_id, c.initiator
union all
select
    e.cluster,
    e.svm_id,
    e.initiator,
    'duplicate_sessions',
    'info',
    [],
    'own history',
    e.most
    || ' sessions on each of '
    || e.paths
    || ' paths; before: '
    || round(b.per_path)::bigint
    || ' on each',
    []
from even e
join earlier b on b.cluster = e.cluster and b.svm_id = e.svm_id and b.initiator = e.initiator
join judged_hosts h on h.cluster = e.cluster and h.svm_id = e.svm_id and h.initiator = e.initiator
where e.most <> b.per_path and h.want_per_path is null
union all
select
    cluster,
    svm_id,
    initiator,
    'too_many_sessions',
    'medium',
    [],
    null,
    string_agg(sessions || ' sessions on ' || node, ', ' order by node)
    || '; '
    || most
    || ' to a node are enough',
    []
from crowded
group by cluster, svm_id, initiator, most
union all
select
    cluster,
    svm_id,
    initiator,
    'short_session',
    'medium',
    [],
    'own history',
    string_agg(
        'a session on ' || interface || ' has ' || now || ' of ' || before || ' connections',
        ', '
        order by interface, before, now
    ),
    []
from shrunk
group by cluster, svm_id, initiator
