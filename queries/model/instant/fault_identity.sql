-- /// query
-- title = "Who it is"
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
    without_igroup as (
        select
            s.cluster,
            s.svm_id,
            s.initiator,
            s.taken_at,
            s.previous_at,
            bool_and(s.authentication = 'none') as open
        from sessions_at s
        where
            not exists (
                select 1
                from connections_at g
                where
                    g.cluster = s.cluster
                    and g.svm_id = s.svm_id
                    and g.initiator = s.initiator
                    and len(g.igroups) > 0
            )
        group by all
    ),
    judgeable as (
        -- Where no session names an igroup and none were listed nobody knows who is in one.
        select cluster
        from connections_at
        where len(igroups) > 0
        union
        select cluster
        from snapshot_at
        where igroups_at is not null
    ),
    before as (
        select
            p.cluster,
            p.svm_id,
            p.initiator,
            bool_and(coalesce(len(p.igroups), 0) = 0) as without_igroup
        from spells p
        join snapshot_at s on s.cluster = p.cluster
        where
            p.first_seen <= s.previous_at
            and p.last_seen >= s.previous_at
            and exists (
                select 1
                from without_igroup b
                where b.cluster = p.cluster and b.svm_id = p.svm_id and b.initiator = p.initiator
            )
        group by all
    ),
    origin as (
        select
            p.cluster,
            p.svm_id,
            p.initiator,
            min(p.first_seen) as first_seen,
            count(*) = count(p.seen_after) as arrived
        from spells p
        where
            p.first_seen <= $at::timestamp
            and exists (
                select 1
                from without_igroup b
                where b.cluster = p.cluster and b.svm_id = p.svm_id and b.initiator = p.initiator
            )
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
    mixed_svms as (
        select cluster, svm_id
        from connections_at
        group by cluster, svm_id
        having min(authentication) < max(authentication)
    ),
    methods as (
        select
            c.cluster,
            c.svm_id,
            c.initiator,
            min(c.authentication) < max(c.authentication) as mixed,
            bool_or(c.authentication = 'chap') as chap,
            bool_and(c.authentication = 'none') as open
        from connections_at c
        join mixed_svms x on x.cluster = c.cluster and x.svm_id = c.svm_id
        where c.authentication is not null
        group by c.cluster, c.svm_id, c.initiator
    ),
    chap_igroups as (
        select distinct m.cluster, m.svm_id, m.igroup_id
        from members_at m
        join
            methods k on k.cluster = m.cluster and k.svm_id = m.svm_id and k.initiator = m.initiator
        where k.chap
    ),
    peers as (
        -- Of one that uses no CHAP itself: somebody else in its igroup does.
        select m.cluster, m.svm_id, m.initiator, max(m.igroup) as igroup
        from members_at m
        join
            chap_igroups g
            on g.cluster = m.cluster
            and g.svm_id = m.svm_id
            and g.igroup_id = m.igroup_id
        where m.live
        group by m.cluster, m.svm_id, m.initiator
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
    end as detail,
    []::varchar[] as members
from without_igroup b
cross join thresholds n
join judgeable j on j.cluster = b.cluster
join
    before e
    on e.cluster = b.cluster
    and e.svm_id = b.svm_id
    and e.initiator = b.initiator
    and e.without_igroup
left join origin o on o.cluster = b.cluster and o.svm_id = b.svm_id and o.initiator = b.initiator
left join outside r on r.cluster = b.cluster and r.svm_id = b.svm_id and r.initiator = b.initiator
where
    b.initiator <> ''
    and not exists (
        select 1
        from members_at m
        where m.cluster = b.cluster and m.svm_id = b.svm_id and m.initiator = b.initiator
    )
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
        when k.mixed
        then 'some of its sessions use CHAP, others do not'
        else 'does not use CHAP; other hosts of ' || p.igroup || ' do'
    end,
    []
from methods k
left join peers p on p.cluster = k.cluster and p.svm_id = k.svm_id and p.initiator = k.initiator
where k.mixed or (k.open and p.initiator is not null)
