-- /// query
-- title = "New and returned initiators"
-- description = """
-- Initiators that appeared in an SVM in the window: never seen there before, seen before and away
-- in between, or probably another initiator under a new name. The first snapshot
-- that lists an SVM is its baseline: nobody in it is new.
-- """
-- time = "window"
-- kind = "finding"
-- status = { place = 40, label = "New hosts", none = "none that needs a look" }
-- group = "Who is this"
-- identity = ["cluster", "svm", "initiator", "kind", "seen_by"]
-- began = ["seen_after", "seen_by"]
-- page = 50
-- evidence = true
-- brief = ["initiator", "kind", "seen_after", "severity", "addresses", "detail"]
-- needs = ["interfaces"]
-- cannot_see = """Failed logins; whether a session is a discovery session that will be gone at
-- once."""
-- [columns]
-- cluster = "Cluster."
-- svm = "SVM."
-- initiator = "Initiator."
-- alias = "Its alias."
-- addresses = "Host addresses it came from."
-- interfaces = "Interfaces it logged in to."
-- igroups = "Igroups that hold it, as its sessions or the inventory say."
-- authentication = "chap, none, or both."
-- sessions = "Sessions at that snapshot."
-- kind = "new, returned or renamed."
-- previously = "returned: when it was last seen; renamed: the initiator it probably was."
-- seen_after = "Last complete snapshot without it."
-- seen_by = "First complete snapshot with it."
-- severity = """info; high without an igroup or from an unknown subnet; critical if that without
-- authentication."""
-- detail = "In words."
-- ///
with
    came as (
        select *
        from spells
        where seen_after is not null and first_seen >= $since and seen_after < $until
    ),
    moment as (
        select distinct cluster, svm_id, initiator, seen_after, first_seen as seen_by from came
    ),
    arrival as (
        -- Not there at the snapshot before, whatever path; a snapshot that missed it was wrong
        -- (C17).
        select m.*
        from moment m
        where
            not exists (
                select 1
                from spells s
                where
                    s.cluster = m.cluster
                    and s.svm_id = m.svm_id
                    and s.initiator = m.initiator
                    and s.first_seen <= m.seen_after
                    and s.last_seen >= m.seen_after
            )
            and not exists (
                select 1
                from missed_reads r
                where
                    r.cluster = m.cluster
                    and r.svm_id = m.svm_id
                    and r.initiator = m.initiator
                    and r.absent_at = m.seen_after
            )
    ),
    history as (
        select a.cluster, a.svm_id, a.initiator, a.seen_by, max(s.last_seen) as last_seen
        from arrival a
        left join
            spells s
            on s.cluster = a.cluster
            and s.svm_id = a.svm_id
            and s.initiator = a.initiator
            and s.last_seen < a.seen_by
        group by all
    ),
    there as (
        select
            a.cluster,
            a.svm_id,
            a.initiator,
            a.seen_after,
            a.seen_by,
            max(s.svm) as svm,
            max(s.alias) as alias,
            list_sort(list(distinct s.initiator_address)) as addresses,
            list_sort(list(distinct coalesce(s.interface, s.interface_id))) as interfaces,
            array_to_string(list_sort(list(distinct s.authentication)), ', ') as authentication,
            count(distinct concat_ws(chr(31), s.target_portal_group, s.tsih, s.isid)) as sessions,
            count(distinct s.initiator_address) as address_count,
            bool_or(s.authentication = 'none') as without
        from arrival a
        join
            spells s
            on s.cluster = a.cluster
            and s.svm_id = a.svm_id
            and s.initiator = a.initiator
            and s.first_seen <= a.seen_by
            and s.last_seen >= a.seen_by
        group by all
    ),
    members as (
        select cluster, svm_uuid, uuid, name, first_seen, gone_by, unnest(initiators) as initiator
        from igroups
    ),
    membership as (
        -- What its sessions name, and what the igroups list.
        select cluster, svm_id, initiator, seen_by, igroup.uuid as uuid, igroup.name as name
        from
            (
                select t.cluster, t.svm_id, t.initiator, t.seen_by, unnest(s.igroups) as igroup
                from there t
                join
                    spells s
                    on s.cluster = t.cluster
                    and s.svm_id = t.svm_id
                    and s.initiator = t.initiator
                    and s.first_seen <= t.seen_by
                    and s.last_seen >= t.seen_by
            )
        union
        select t.cluster, t.svm_id, t.initiator, t.seen_by, m.uuid, m.name
        from there t
        join
            members m
            on m.cluster = t.cluster
            and m.svm_uuid = t.svm_id
            and m.initiator = t.initiator
            and m.first_seen <= t.seen_by
            and coalesce(m.gone_by > t.seen_by, true)
    ),
    grouped as (
        select
            cluster,
            svm_id,
            initiator,
            seen_by,
            list_sort(list(distinct coalesce(name, uuid))) as igroups
        from membership
        group by all
    ),
    instants as (select distinct cluster, seen_by from there),
    igroups_known as (
        -- Where no session names an igroup and none were listed, nobody knows who is in one.
        select i.cluster, i.seen_by
        from instants i
        join attempts a on a.cluster = i.cluster and a.taken_at = i.seen_by
        where a.igroups_status = 'complete'
        union
        select i.cluster, i.seen_by
        from instants i
        join
            spells s
            on s.cluster = i.cluster
            and s.first_seen <= i.seen_by
            and s.last_seen >= i.seen_by
        where len(s.igroups) > 0
    ),
    peer as (
        -- Whether the others of its igroups authenticate.
        select
            e.cluster,
            e.svm_id,
            e.initiator,
            e.seen_by,
            count(distinct s.initiator) filter (s.authentication = 'chap') as with_chap
        from membership e
        join
            (select * exclude (igroups), unnest(igroups) as igroup from spells) s
            on s.cluster = e.cluster
            and s.svm_id = e.svm_id
            and s.initiator <> e.initiator
            and coalesce(s.igroup.uuid, s.igroup.name) = coalesce(e.uuid, e.name)
            and s.first_seen <= e.seen_by
            and s.last_seen >= e.seen_by
        group by all
    ),
    moved as (
        -- Mirrored SVMs of a MetroCluster are one on two clusters (C41): known there, new here.
        select
            t.cluster, t.svm_id, t.initiator, t.seen_by, min(s.svm || ' on ' || s.cluster) as was_on
        from there t
        join
            site_sessions s
            on s.initiator = t.initiator
            and s.cluster <> t.cluster
            and s.first_seen <= t.seen_by
            and list_contains(t.addresses, s.initiator_address)
        join mirrored_svms m on m.svm = t.svm and m.partner = s.svm
        group by all
    ),
    judged_arrivals as (
        select
            t.*,
            m.was_on,
            g.igroups,
            h.last_seen,
            r.initiator as was,
            coalesce(p.with_chap, 0) > 0 as peers_chap,
            case
                when h.last_seen is not null
                then 'returned'
                when r.initiator is not null
                then 'renamed'
                else 'new'
            end as kind,
            g.igroups is null and k.cluster is not null as in_no_igroup,
            exists (
                select 1
                from foreign_addresses x
                where
                    x.cluster = t.cluster
                    and x.svm_id = t.svm_id
                    and list_contains(t.addresses, x.initiator_address)
            ) as is_foreign
        from there t
        join
            history h
            on h.cluster = t.cluster
            and h.svm_id = t.svm_id
            and h.initiator = t.initiator
            and h.seen_by = t.seen_by
        left join
            grouped g
            on g.cluster = t.cluster
            and g.svm_id = t.svm_id
            and g.initiator = t.initiator
            and g.seen_by = t.seen_by
        left join
            peer p
            on p.cluster = t.cluster
            and p.svm_id = t.svm_id
            and p.initiator = t.initiator
            and p.seen_by = t.seen_by
        left join
            moved m
            on m.cluster = t.cluster
            and m.svm_id = t.svm_id
            and m.initiator = t.initiator
            and m.seen_by = t.seen_by
        left join
            renamed_initiators r
            on r.cluster = t.cluster
            and r.svm_id = t.svm_id
            and r.renamed_to = t.initiator
            and r.seen_by = t.seen_by
        left join igroups_known k on k.cluster = t.cluster and k.seen_by = t.seen_by
    )
select
    cluster,
    svm,
    nullif(initiator, '') as initiator,
    alias,
    addresses,
    interfaces,
    igroups,
    nullif(authentication, '') as authentication,
    sessions,
    kind,
    case
        kind when 'returned' then strftime(last_seen, '%Y-%m-%dT%H:%M:%SZ') when 'renamed' then was
    end as previously,
    seen_after,
    seen_by,
    case
        when in_no_igroup and is_foreign and coalesce(without, false)
        then 'critical'
        when in_no_igroup or is_foreign
        then 'high'
        when coalesce(without, false) and peers_chap
        then 'medium'
        else 'info'
    end as severity,
    case
        kind
        when 'new'
        then 'never seen in this SVM before'
        when 'returned'
        then 'back after it was last seen at ' || strftime(last_seen, '%Y-%m-%dT%H:%M:%SZ')
        else 'probably ' || was || ' under a new name: same addresses'
    end
    || coalesce('; known from ' || was_on || ', which switched over', '')
    || case when in_no_igroup then '; in no igroup' else '' end
    || case when is_foreign then '; from outside every subnet of the SVM' else '' end
    || case
        when coalesce(without, false) and in_no_igroup
        then '; without authentication'
        when coalesce(without, false) and peers_chap
        then '; without authentication, though others of its igroup use CHAP'
        else ''
    end as detail
from judged_arrivals
order by seen_by, cluster, svm, initiator, seen_after
