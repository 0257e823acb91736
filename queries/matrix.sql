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
        select
            cluster,
            svm_id,
            initiator,
            interface_id,
            max(svm) as svm,
            max(interface) as interface,
            coalesce(sum(sessions) filter (where change = 'lost'), 0) as lost,
            coalesce(sum(sessions) filter (where change = 'appeared'), 0) as appeared
        from changed
        where
            initiator in (select initiator from wanted)
            and change in ('lost', 'appeared', 'reconnected', 'relogged_in', 'connection_replaced')
        group by cluster, svm_id, initiator, interface_id
    ),
    there as (
        select
            cluster,
            svm_id,
            initiator,
            interface_id,
            max(svm) as svm,
            max(alias) as alias,
            count(*) as sessions
        from sessions_at
        where initiator in (select initiator from wanted)
        group by cluster, svm_id, initiator, interface_id
    ),
    hosts as (
        select
            b.cluster,
            b.svm_id,
            b.initiator,
            max(b.svm) as svm,
            coalesce(max(n.host), max(b.alias)) as host
        from
            (
                select cluster, svm_id, initiator, svm, alias
                from there
                union all
                select cluster, svm_id, initiator, svm, null
                from changes
            ) b
        left join host_names n on n.initiator = b.initiator
        group by b.cluster, b.svm_id, b.initiator
    ),
    places as (
        select cluster, svm_id, interface_id, interface, node
        from svm_interfaces
        union all
        -- Interfaces of the first instant that are no more.
        select c.cluster, c.svm_id, c.interface_id, max(c.interface), null
        from changes c
        where
            not exists (
                select 1
                from svm_interfaces i
                where
                    i.cluster = c.cluster
                    and i.svm_id = c.svm_id
                    and i.interface_id = c.interface_id
            )
        group by c.cluster, c.svm_id, c.interface_id
    ),
    cells as (
        select
            h.cluster,
            h.svm_id,
            h.svm,
            h.initiator,
            h.host,
            coalesce(nullif(p.interface, ''), p.interface_id) as interface,
            p.interface_id,
            p.node,
            (coalesce(s.sessions, 0) + coalesce(c.lost, 0) - coalesce(c.appeared, 0))::bigint
            as sessions_before,
            coalesce(s.sessions, 0) as sessions,
            case
                when v.svm_id is null
                then 'unknown'
                when c.lost > 0
                then 'lost'
                when c.appeared > 0
                then 'new'
                when c.initiator is not null
                then 'reconnected'
                when s.sessions > 0
                then 'unchanged'
                when e.interface_id is not null
                then 'missing'
                else 'none'
            end as change,
            e.interface_id is not null as expected
        from hosts h
        join places p on p.cluster = h.cluster and p.svm_id = h.svm_id
        left join seen v on v.cluster = h.cluster and v.svm_id = h.svm_id
        left join
            there s
            on s.cluster = h.cluster
            and s.svm_id = h.svm_id
            and s.initiator = h.initiator
            and s.interface_id = p.interface_id
        left join
            changes c
            on c.cluster = h.cluster
            and c.svm_id = h.svm_id
            and c.initiator = h.initiator
            and c.interface_id = p.interface_id
        left join
            expected e
            on e.cluster = h.cluster
            and e.svm_id = h.svm_id
            and e.initiator = h.initiator
            and e.interface_id = p.interface_id
        where lower(coalesce(h.svm, h.svm_id)) like $svm escape '^'
    ),
    ranked as (
        select
            cluster,
            svm_id,
            initiator,
            count(*) over () as hosts,
            row_number() over (
                order by
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
                    ),
                    cluster,
                    max(svm),
                    initiator,
                    svm_id
            ) as place
        from cells
        group by cluster, svm_id, initiator
    )
select
    c.cluster,
    coalesce(c.svm, nullif(c.svm_id, '')) as svm,
    nullif(c.initiator, '') as initiator,
    c.host,
    nullif(c.interface, '') as interface,
    c.node,
    c.sessions_before,
    c.sessions,
    c.change,
    c.expected,
    r.place,
    r.hosts
from cells c
join ranked r on r.cluster = c.cluster and r.svm_id = c.svm_id and r.initiator = c.initiator
where r.place <= $rows
order by r.place, c.interface, c.interface_id
