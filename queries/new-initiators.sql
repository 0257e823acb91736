-- /// query
-- title = "New and returned initiators"
-- description = """
-- Initiators that appeared in an SVM in the window: never seen there before, seen before and away
-- in between, or probably another initiator under a new name (C12, C13, C18). The first snapshot
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
-- igroups = "Igroups that hold it."
-- authentication = "chap, none, or both."
-- sessions = "Sessions at that snapshot."
-- kind = "new, returned or renamed."
-- previously = "returned: when it was last seen; renamed: the initiator it probably was."
-- seen_after = "Last comparable snapshot without it."
-- seen_by = "First comparable snapshot with it."
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
    membership as (
        select distinct t.cluster, t.svm_id, t.initiator, t.seen_by, s.igroups
        from there t
        join
            spells s
            on s.cluster = t.cluster
            and s.svm_id = t.svm_id
            and s.initiator = t.initiator
            and s.first_seen <= t.seen_by
            and s.last_seen >= t.seen_by
    ),
    each_igroup as (
        select cluster, svm_id, initiator, seen_by, unnest(igroups) as igroup from membership
    ),
    grouped as (
        select
            cluster,
            svm_id,
            initiator,
            seen_by,
            list_sort(list(distinct coalesce(igroup.name, igroup.uuid))) as igroups
        from each_igroup
        group by all
    ),
    peer as (
        -- Whether the others of its igroups authenticate.
        select
            e.cluster,
            e.svm_id,
            e.initiator,
            e.seen_by,
            count(distinct s.initiator) filter (s.authentication = 'chap') as with_chap
        from each_igroup e
        join
            (select * exclude (igroups), unnest(igroups) as igroup from spells) s
            on s.cluster = e.cluster
            and s.svm_id = e.svm_id
            and s.initiator <> e.initiator
            and coalesce(s.igroup.uuid, s.igroup.name) = coalesce(e.igroup.uuid, e.igroup.name)
            and s.first_seen <= e.seen_by
            and s.last_seen >= e.seen_by
        group by all
    ),
    leaver as (
        -- Initiators with nothing left at that snapshot: one of them may be this one by another
        -- name.
        select
            t.cluster,
            t.svm_id,
            t.initiator,
            t.seen_by,
            s.initiator as was,
            count(distinct s.initiator_address) filter (
                list_contains(t.addresses, s.initiator_address)
            ) as shared,
            count(distinct s.initiator_address) as its,
            max(t.address_count) as ours
        from there t
        join
            spells s
            on s.cluster = t.cluster
            and s.svm_id = t.svm_id
            and s.initiator <> t.initiator
            and s.first_seen <= t.seen_after
            and s.last_seen >= t.seen_after
        where
            not exists (
                select 1
                from spells o
                where
                    o.cluster = s.cluster
                    and o.svm_id = s.svm_id
                    and o.initiator = s.initiator
                    and o.first_seen <= t.seen_by
                    and o.last_seen >= t.seen_by
            )
        group by t.cluster, t.svm_id, t.initiator, t.seen_by, s.initiator
        having shared * 2 >= least(its, ours) and shared > 0
        qualify
            row_number() over (
                partition by t.cluster, t.svm_id, t.initiator, t.seen_by order by shared desc, was
            )
            = 1
    ),
    moved as (
        -- X and X-mc are one SVM on two clusters of a MetroCluster (C41): known there, new here.
        select
            t.cluster, t.svm_id, t.initiator, t.seen_by, min(s.svm || ' on ' || s.cluster) as was_on
        from there t
        join
            spells s
            on s.initiator = t.initiator
            and s.cluster <> t.cluster
            and s.first_seen <= t.seen_by
            and list_contains(t.addresses, s.initiator_address)
        where s.svm = t.svm || '-mc' or t.svm = s.svm || '-mc'
        group by all
    ),
    told as (
        select
            t.*,
            m.was_on,
            g.igroups,
            h.last_seen,
            l.was,
            coalesce(p.with_chap, 0) > 0 as peers_chap,
            case
                when h.last_seen is not null
                then 'returned'
                when l.was is not null
                then 'renamed'
                else 'new'
            end as kind,
            g.igroups is null as homeless,
            exists (
                select 1
                from foreign_addresses x
                where
                    x.cluster = t.cluster
                    and x.svm_id = t.svm_id
                    and list_contains(t.addresses, x.initiator_address)
            ) as stranger
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
            leaver l
            on l.cluster = t.cluster
            and l.svm_id = t.svm_id
            and l.initiator = t.initiator
            and l.seen_by = t.seen_by
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
        when homeless and stranger and coalesce(without, false)
        then 'critical'
        when homeless or stranger
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
    || case when homeless then '; in no igroup' else '' end
    || case when stranger then '; from outside every subnet of the SVM' else '' end
    || case
        when coalesce(without, false) and homeless
        then '; without authentication'
        when coalesce(without, false) and peers_chap
        then '; without authentication, though others of its igroup use CHAP'
        else ''
    end as detail
from told
order by seen_by, cluster, svm, initiator, seen_after
