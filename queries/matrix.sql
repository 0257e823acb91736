-- /// query
-- title = "Which initiator reaches which interface, and what became of it since"
-- description = """
-- The matrix of paths at the second of two instants, each cell with what changed since the first:
-- one row for each initiator and each interface of its SVM. Hosts that lost something come first.
-- """
-- time = "pair"
-- brief = ["initiator", "interface", "change", "sessions_before", "sessions", "expected"]
-- group = "Incident"
-- needs = ["interfaces"]
-- cannot_see = "What happened between the two snapshots; whether a LUN was reachable."
-- [params.rows]
-- default = 100
-- minimum = 1
-- help = "How many hosts."
-- [params.svm]
-- kind = "pattern"
-- default = "*"
-- names = "svm_names"
-- help = "Of which SVM; * matches."
-- [params.initiator]
-- kind = "pattern"
-- names = "initiator_names"
-- default = "*"
-- help = "Whose: by its name or a part of it, alias, host name or address; * matches."
-- [columns]
-- cluster = "Cluster."
-- svm = "SVM."
-- initiator = "Initiator, lower-cased."
-- host = "What the policy calls the host, else the alias it sent."
-- interface = "Interface."
-- node = "Node the interface is on at the second instant; null without interface data."
-- sessions_before = "Sessions at the first instant; those of the second where the SVM is unknown."
-- sessions = "Sessions at the second."
-- change = """lost, new, reconnected or unchanged; missing: no session where one is expected;
-- none: none is expected; unknown: the SVM was not seen at one of the two."""
-- expected = "Whether it is expected there: by its peers, its own history or what is in use."
-- place = "Number of the host."
-- hosts = "How many hosts there are in all."
-- ///
with
    wanted as (
        select distinct initiator from initiator_names where name like $initiator escape '^'
    ),
    scopes as (select cluster, which, unnest(scope) as svm_id from compared_snapshots),
    seen as (
        -- SVMs that both snapshots can speak for.
        select cluster, svm_id from scopes group by cluster, svm_id having count(distinct which) = 2
    ),
    changes as (
        -- Sessions that went on are at both instants, on the interface that they are on now.
        select *
        from changed
        where
            initiator is not null
            and change in ('lost', 'appeared', 'reconnected', 'relogged_in', 'connection_replaced')
    ),
    paths as (
        -- What there is to say of a host and an interface, in one place: joins would cost more.
        select
            cluster,
            svm_id,
            initiator,
            interface_id,
            max(svm) as svm,
            max(alias) as alias,
            sum(sessions) as sessions,
            sum(lost) as lost,
            sum(appeared) as appeared,
            bool_or(is_changed) as is_changed,
            bool_or(is_expected) as is_expected
        from
            (
                select
                    cluster,
                    svm_id,
                    initiator,
                    interface_id,
                    svm,
                    alias,
                    1 as sessions,
                    0 as lost,
                    0 as appeared,
                    false as is_changed,
                    false as is_expected
                from sessions_at
                union all
                select
                    cluster,
                    svm_id,
                    initiator,
                    interface_id,
                    svm,
                    null,
                    0,
                    case when change = 'lost' then sessions else 0 end,
                    case when change = 'appeared' then sessions else 0 end,
                    true,
                    false
                from changes
                union all
                select cluster, svm_id, initiator, interface_id, null, null, 0, 0, 0, false, true
                from expected
            )
        group by cluster, svm_id, initiator, interface_id
    ),
    judged as (
        select
            b.*,
            case
                when v.svm_id is null
                then 'unknown'
                when b.lost > 0
                then 'lost'
                when b.appeared > 0
                then 'new'
                when b.is_changed
                then 'reconnected'
                when b.sessions > 0
                then 'unchanged'
                else 'missing'
            end as change
        from paths b
        left join seen v on v.cluster = b.cluster and v.svm_id = b.svm_id
        where b.initiator in (select initiator from wanted)
    ),
    hosts as (
        -- Nobody is here who is expected only.
        select
            cluster,
            svm_id,
            initiator,
            max(svm) as svm,
            max(alias) as alias,
            coalesce(
                min(
                    case
                        change
                        when 'lost'
                        then 1
                        when 'missing'
                        then 2
                        when 'new'
                        then 3
                        when 'unknown'
                        then 4
                        when 'reconnected'
                        then 5
                        else 6
                    end
                ) filter (where interface_id is not null or change = 'unknown'),
                6
            ) as worst
        from judged
        group by cluster, svm_id, initiator
        having bool_or(sessions > 0 or is_changed)
    ),
    ranked as (
        select
            *,
            count(*) over () as hosts,
            row_number() over (order by worst, cluster, svm, initiator, svm_id) as place
        from hosts
        where lower(coalesce(svm, svm_id)) like $svm escape '^'
    ),
    named as (
        select r.*, coalesce(n.host, r.alias) as host
        from ranked r
        left join
            (select initiator, max(host) as host from host_names group by initiator) n
            on n.initiator = r.initiator
        where r.place <= $rows
    ),
    places as (
        select cluster, svm_id, interface_id, interface, node
        from svm_interfaces
        union all
        -- Interfaces of the first instant that are no more.
        select c.cluster, c.svm_id, c.interface_id, max(c.interface), null
        from changes c
        where
            c.initiator in (select initiator from wanted)
            and not exists (
                select 1
                from svm_interfaces i
                where
                    i.cluster = c.cluster
                    and i.svm_id = c.svm_id
                    and i.interface_id = c.interface_id
            )
        group by c.cluster, c.svm_id, c.interface_id
    )
select
    h.cluster,
    coalesce(h.svm, nullif(h.svm_id, '')) as svm,
    nullif(h.initiator, '') as initiator,
    h.host,
    nullif(coalesce(nullif(p.interface, ''), p.interface_id), '') as interface,
    p.node,
    (coalesce(b.sessions, 0) + coalesce(b.lost, 0) - coalesce(b.appeared, 0))::bigint
    as sessions_before,
    coalesce(b.sessions, 0)::bigint as sessions,
    case when v.svm_id is null then 'unknown' else coalesce(b.change, 'none') end as change,
    coalesce(b.is_expected, false) as expected,
    h.place,
    h.hosts
from named h
join places p on p.cluster = h.cluster and p.svm_id = h.svm_id
left join seen v on v.cluster = h.cluster and v.svm_id = h.svm_id
left join
    judged b
    on b.cluster = h.cluster
    and b.svm_id = h.svm_id
    and b.initiator = h.initiator
    and b.interface_id = p.interface_id
order by h.place, interface, p.interface_id
