-- /// query
-- title = "Who it is: F21, F23, F24"
-- [columns]
-- cluster = "Cluster."
-- svm_id = "SVM."
-- initiator = "Initiator; null where the finding is the SVM's."
-- fault = "Name of the fault."
-- severity = "info, low, medium, high or critical."
-- missing = "What is missing, by name."
-- expected_from = "Where the expectation comes from."
-- detail = "In words."
-- ///
with
    bare as (
        select
            cluster,
            svm_id,
            initiator,
            taken_at,
            previous_at,
            bool_and(authentication = 'none') as open
        from sessions_at
        group by all
        having bool_and(coalesce(len(igroups), 0) = 0)
    ),
    told as (
        -- Where no session at all names an igroup the answer did not carry them.
        select distinct cluster from connections_at where len(igroups) > 0
    ),
    before as (
        select p.cluster, p.svm_id, p.initiator, bool_and(coalesce(len(p.igroups), 0) = 0) as bare
        from spells p
        join snapshot_at s on s.cluster = p.cluster
        where p.first_seen <= s.previous_at and p.last_seen >= s.previous_at
        group by all
    ),
    origin as (
        select
            cluster,
            svm_id,
            initiator,
            min(first_seen) as first_seen,
            count(*) = count(seen_after) as arrived
        from spells
        where first_seen <= $at::timestamp
        group by all
    ),
    outside as (
        select distinct c.cluster, c.svm_id, c.initiator
        from connections_at c
        join
            foreign_addresses s
            on s.cluster = c.cluster
            and s.svm_id = c.svm_id
            and s.initiator_address = c.initiator_address
    ),
    owners as (
        -- Who owned each portal group in the last seven days, one row per change of hands; and the
        -- same for each ISID there.
        select
            p.cluster,
            p.svm_id,
            p.initiator,
            p.target_portal_group,
            case when t.by_isid then p.isid end as isid,
            p.initiator_address,
            p.first_seen
        from spells p
        join snapshot_at s on s.cluster = p.cluster
        cross join thresholds n
        cross join (values (true), (false)) t(by_isid)
        where
            p.first_seen <= s.taken_at
            and p.last_seen > s.taken_at - to_days(n.history_days)
            and p.initiator_address <> ''
            and p.isid <> ''
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
    handed as (
        select
            *,
            lag(initiator_address) over place as was,
            lag(initiator_address, 2) over place as had_been
        from owners
        window
            place as (
                partition by cluster, svm_id, initiator, target_portal_group, isid
                order by first_seen, initiator_address
            )
    ),
    alternating as (
        -- x, y, then x again: on one ISID, or on two portal groups at least, as a failing card
        -- would
        -- not. Two cards of one host may swap ISIDs at a reboot, but then both of them stay (F24).
        select
            h.cluster,
            h.svm_id,
            h.initiator,
            h.isid,
            h.target_portal_group,
            h.was,
            h.initiator_address
        from handed h
        where
            h.had_been = h.initiator_address
            and h.was <> h.initiator_address
            and not exists (
                select 1
                from spells p
                where
                    p.cluster = h.cluster
                    and p.svm_id = h.svm_id
                    and p.initiator = h.initiator
                    and p.target_portal_group = h.target_portal_group
                    and p.initiator_address = h.was
                    and p.first_seen <= h.first_seen
                    and p.last_seen >= h.first_seen
            )
    ),
    doubled as (
        select
            cluster,
            svm_id,
            initiator,
            'two hosts use this name: ' || array_to_string(aliases, ', ') as detail
        from hosts_at
        where len(aliases) > 1
        union all
        select
            cluster,
            svm_id,
            initiator,
            'two hosts use this name and throw each other out: ' || string_agg(
                distinct least(was, initiator_address)
                || ' and '
                || greatest(was, initiator_address),
                '; '
            )
        from alternating
        group by cluster, svm_id, initiator
        having count(isid) > 0 or count(distinct target_portal_group) > 1
    ),
    marks as (
        select cluster, svm_id, initiator, list_sort(list(distinct authentication)) as kinds
        from connections_at
        where authentication is not null
        group by all
    ),
    peers as (
        select m.cluster, m.svm_id, m.initiator, max(m.igroup) as igroup
        from members_at m
        join
            members_at o
            on o.cluster = m.cluster
            and o.svm_id = m.svm_id
            and o.igroup_id = m.igroup_id
            and o.initiator <> m.initiator
        join marks k on k.cluster = o.cluster and k.svm_id = o.svm_id and k.initiator = o.initiator
        where m.live and list_contains(k.kinds, 'chap')
        group by all
    )
select
    b.cluster,
    b.svm_id,
    b.initiator,
    'no_igroup' as fault,
    case
        when b.open and r.initiator is not null
        then 'critical'
        when o.arrived and o.first_seen > b.taken_at - to_days(n.history_days)
        then 'high'
        else 'medium'
    end as severity,
    []::varchar[] as missing,
    null::varchar as expected_from,
    'is logged in and in no igroup' || case
        when o.arrived then '; first seen ' || strftime(o.first_seen, '%Y-%m-%dT%H:%M:%SZ') else ''
    end
    || case
        when b.open and r.initiator is not null
        then '; without authentication, from outside the subnets'
        else ''
    end as detail
from bare b
cross join thresholds n
join told t on t.cluster = b.cluster
join
    before e
    on e.cluster = b.cluster
    and e.svm_id = b.svm_id
    and e.initiator = b.initiator
    and e.bare
left join origin o on o.cluster = b.cluster and o.svm_id = b.svm_id and o.initiator = b.initiator
left join outside r on r.cluster = b.cluster and r.svm_id = b.svm_id and r.initiator = b.initiator
where b.initiator <> ''
union all
select
    k.cluster,
    k.svm_id,
    k.initiator,
    'authentication_mixed',
    'high',
    [],
    null,
    case
        when len(k.kinds) > 1
        then 'some of its sessions use CHAP, others do not'
        else 'does not use CHAP; other hosts of ' || p.igroup || ' do'
    end
from marks k
left join peers p on p.cluster = k.cluster and p.svm_id = k.svm_id and p.initiator = k.initiator
where len(k.kinds) > 1 or (k.kinds[1] = 'none' and p.initiator is not null)
union all
select
    cluster,
    svm_id,
    initiator,
    'cloned_initiator',
    'critical',
    [],
    null,
    string_agg(detail, '; ' order by detail)
from doubled
group by cluster, svm_id, initiator
