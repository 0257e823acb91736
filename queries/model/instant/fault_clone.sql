-- /// query
-- title = "One name on two hosts"
-- description = """Critical where two hosts show themselves: aliases of their own, or logins that
-- throw each other out again and again. Medium where a second one seems to have come beside the
-- first: more addresses in a subnet, and half as many sessions again, than before and than others
-- have. Not for an address that changed and came back, nor for an alias that was edited."""
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
    ended as (
        -- Portal groups that a host left: without one nobody was thrown out.
        select distinct p.cluster, p.svm_id, p.initiator, p.target_portal_group
        from spells p
        join snapshot_at s on s.cluster = p.cluster
        cross join thresholds n
        where
            p.last_seen < s.taken_at
            and p.last_seen > s.taken_at - to_days(n.history_days)
            and p.initiator_address <> ''
            and p.isid <> ''
    ),
    recent as (
        select
            p.cluster,
            p.svm_id,
            p.initiator,
            p.target_portal_group,
            p.isid,
            p.initiator_address,
            p.first_seen
        from spells p
        join
            ended e
            on e.cluster = p.cluster
            and e.svm_id = p.svm_id
            and e.initiator = p.initiator
            and e.target_portal_group = p.target_portal_group
        join snapshot_at s on s.cluster = p.cluster
        cross join thresholds n
        where
            p.first_seen <= s.taken_at
            and p.last_seen > s.taken_at - to_days(n.history_days)
            and p.initiator_address <> ''
            and p.isid <> ''
    ),
    contested as (
        -- What is below needs four logins by two addresses: few portal groups have seen that.
        select cluster, svm_id, initiator, target_portal_group
        from recent
        group by cluster, svm_id, initiator, target_portal_group
        having count(*) > 3 and min(initiator_address) < max(initiator_address)
    ),
    owners as (
        -- Who owned each portal group in the last days, one row per change of hands; and the same
        -- for each ISID there.
        select
            p.cluster,
            p.svm_id,
            p.initiator,
            p.target_portal_group,
            case when t.by_isid then p.isid end as isid,
            p.initiator_address,
            p.first_seen
        from recent p
        join
            contested c
            on c.cluster = p.cluster
            and c.svm_id = p.svm_id
            and c.initiator = p.initiator
            and c.target_portal_group = p.target_portal_group
        cross join (values (true), (false)) t(by_isid)
        qualify
            p.initiator_address is distinct from lag(p.initiator_address) over (
                partition by
                    p.cluster,
                    p.svm_id,
                    p.initiator,
                    p.target_portal_group,
                    t.by_isid,
                    case when t.by_isid then p.isid end
                order by p.first_seen, p.initiator_address
            )
    ),
    previous_owners as (
        select
            *,
            lag(initiator_address) over hands as previous,
            lag(initiator_address, 2) over hands as second_last,
            lag(initiator_address, 3) over hands as third_last
        from owners
        window
            hands as (
                partition by cluster, svm_id, initiator, target_portal_group, isid
                order by first_seen, initiator_address
            )
    ),
    alternating as (
        -- x, y, x, then y again: on one ISID, or on two portal groups at least, as a failing card
        -- would not. Once there and back is a change that was undone. Two cards of one host may
        -- swap ISIDs at a reboot, but then both of them stay.
        select
            h.cluster,
            h.svm_id,
            h.initiator,
            h.isid,
            h.target_portal_group,
            h.previous,
            h.initiator_address
        from previous_owners h
        where
            h.second_last = h.initiator_address
            and h.third_last = h.previous
            and h.previous <> h.initiator_address
            and not exists (
                select 1
                from spells p
                where
                    p.cluster = h.cluster
                    and p.svm_id = h.svm_id
                    and p.initiator = h.initiator
                    and p.target_portal_group = h.target_portal_group
                    and p.initiator_address = h.previous
                    and p.first_seen <= h.first_seen
                    and p.last_seen >= h.first_seen
            )
    ),
    doubtful as (
        select cluster, svm_id, initiator
        from connections_at
        where coalesce(alias, '') <> ''
        group by cluster, svm_id, initiator
        having min(lower(alias)) < max(lower(alias))
    ),
    edited as (
        -- Addresses whose alias changed while they stayed: their host was renamed.
        select cluster, svm_id, initiator, initiator_address
        from
            (
                select
                    p.cluster,
                    p.svm_id,
                    p.initiator,
                    p.initiator_address,
                    lower(p.alias) as alias,
                    min(p.first_seen) as first_seen
                from spells p
                join
                    doubtful d
                    on d.cluster = p.cluster
                    and d.svm_id = p.svm_id
                    and d.initiator = p.initiator
                where coalesce(p.alias, '') <> '' and p.first_seen <= $at::timestamp
                group by p.cluster, p.svm_id, p.initiator, p.initiator_address, lower(p.alias)
            )
        group by cluster, svm_id, initiator, initiator_address
        having count(*) > 1 and min(first_seen) < max(first_seen)
    ),
    several_aliases as (
        select c.cluster, c.svm_id, c.initiator, list_sort(list(distinct c.alias)) as aliases
        from connections_at c
        join
            doubtful d
            on d.cluster = c.cluster
            and d.svm_id = c.svm_id
            and d.initiator = c.initiator
        left join
            edited e
            on e.cluster = c.cluster
            and e.svm_id = c.svm_id
            and e.initiator = c.initiator
            and e.initiator_address = c.initiator_address
        where coalesce(c.alias, '') <> '' and e.initiator is null
        group by c.cluster, c.svm_id, c.initiator
        having count(distinct lower(c.alias)) > 1
    ),
    addresses as (
        -- Each address in each subnet: since when, and whether it is there now.
        select
            p.cluster,
            p.svm_id,
            p.initiator,
            i.fabric,
            p.initiator_address,
            min(p.first_seen) as first_seen,
            case when count(*) = count(p.seen_after) then min(p.seen_after) end as seen_after,
            bool_or(p.last_seen >= s.taken_at) as is_there,
            max(s.taken_at) as taken_at
        from spells p
        join
            (select distinct cluster, svm_id from doubled_addresses) d
            on d.cluster = p.cluster
            and d.svm_id = p.svm_id
        join snapshot_at s on s.cluster = p.cluster
        join
            svm_interfaces i
            on i.cluster = p.cluster
            and i.svm_id = p.svm_id
            and i.interface_id = p.interface_id
        where
            p.first_seen <= s.taken_at
            and i.fabric is not null
            and p.initiator <> ''
            and p.initiator_address <> ''
        group by p.cluster, p.svm_id, p.initiator, i.fabric, p.initiator_address
    ),
    grown as (
        -- Subnets that an address came to in the last days, and the snapshot before the first.
        select
            a.cluster,
            a.svm_id,
            a.initiator,
            a.fabric,
            min(a.seen_after) as before_at,
            list_sort(list(a.initiator_address)) as fresh
        from addresses a
        cross join thresholds t
        where
            a.is_there
            and a.seen_after is not null
            and a.first_seen > a.taken_at - to_days(t.history_days)
        group by a.cluster, a.svm_id, a.initiator, a.fabric
    ),
    compared as (
        select
            g.cluster,
            g.svm_id,
            g.initiator,
            g.fabric,
            g.fresh,
            count(distinct p.initiator_address) filter (
                where p.first_seen <= g.before_at and p.last_seen >= g.before_at
            ) as addresses_before,
            count(distinct p.initiator_address) filter (
                where p.first_seen <= g.before_at and p.last_seen >= g.before_at and a.is_there
            ) as addresses_left,
            sum(1.0::double / greatest(coalesce(p.connections, 1), 1)) filter (
                where p.first_seen <= g.before_at and p.last_seen >= g.before_at
            ) as sessions_before,
            sum(1.0::double / greatest(coalesce(p.connections, 1), 1)) filter (
                where p.first_seen <= a.taken_at and p.last_seen >= a.taken_at
            ) as sessions_now
        from grown g
        join spells p on p.cluster = g.cluster and p.svm_id = g.svm_id and p.initiator = g.initiator
        join
            svm_interfaces i
            on i.cluster = p.cluster
            and i.svm_id = p.svm_id
            and i.interface_id = p.interface_id
            and i.fabric = g.fabric
        join
            addresses a
            on a.cluster = g.cluster
            and a.svm_id = g.svm_id
            and a.initiator = g.initiator
            and a.fabric = g.fabric
            and a.initiator_address = p.initiator_address
        group by g.cluster, g.svm_id, g.initiator, g.fabric, g.fresh
    ),
    per_host as (
        select cluster, svm_id, initiator, fabric, count(*) as addresses
        from addresses
        where is_there
        group by cluster, svm_id, initiator, fabric
    ),
    candidates as (
        select c.*
        from compared c
        cross join thresholds t
        where
            c.addresses_before > 0
            and c.addresses_left = c.addresses_before
            and c.sessions_now >= (1 + t.clone_growth) * c.sessions_before
    ),
    second_host as (
        select
            c.cluster, c.svm_id, c.initiator, c.fabric, c.fresh, c.sessions_before, c.sessions_now
        from candidates c
        join
            per_host h
            on h.cluster = c.cluster
            and h.svm_id = c.svm_id
            and h.initiator = c.initiator
            and h.fabric = c.fabric
        join
            per_host o
            on o.cluster = c.cluster
            and o.svm_id = c.svm_id
            and o.fabric = c.fabric
            and o.initiator <> c.initiator
        group by
            c.cluster, c.svm_id, c.initiator, c.fabric, c.fresh, c.sessions_before, c.sessions_now
        having max(h.addresses) > max(o.addresses)
    ),
    certain as (
        select
            cluster,
            svm_id,
            initiator,
            'two hosts use this name: ' || array_to_string(aliases, ', ') as detail
        from several_aliases
        union all
        select
            cluster,
            svm_id,
            initiator,
            'two hosts use this name and throw each other out: ' || string_agg(
                distinct least(previous, initiator_address)
                || ' and '
                || greatest(previous, initiator_address),
                '; '
            )
        from alternating
        group by cluster, svm_id, initiator
        having count(isid) > 0 or count(distinct target_portal_group) > 1
    )
select
    cluster,
    svm_id,
    initiator,
    'cloned_initiator' as fault,
    'critical' as severity,
    []::varchar[] as missing,
    null::varchar as expected_from,
    string_agg(detail, '; ' order by detail) as detail,
    []::varchar[] as members
from certain
group by cluster, svm_id, initiator
union all
select
    s.cluster,
    s.svm_id,
    s.initiator,
    'cloned_initiator',
    'medium',
    [],
    'own history',
    'a second host may use this name: ' || string_agg(
        array_to_string(s.fresh, ', ')
        || ' came beside the addresses that it had in '
        || s.fabric
        || ', and its sessions there went from '
        || round(s.sessions_before)::bigint
        || ' to '
        || round(s.sessions_now)::bigint,
        '; '
        order by s.fabric
    ),
    []
from second_host s
where
    not exists (
        select 1
        from certain c
        where c.cluster = s.cluster and c.svm_id = s.svm_id and c.initiator = s.initiator
    )
group by s.cluster, s.svm_id, s.initiator
