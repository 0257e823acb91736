-- /// query
-- title = "Initiators at an instant"
-- description = """What each initiator stands on in each SVM, what its policy asks for, and
-- whether it may be judged yet."""
-- [params.settle]
-- default = 10
-- help = "Minutes that an initiator has for its logins before it is judged."
-- [columns]
-- cluster = "Cluster."
-- svm_id = "SVM."
-- svm = "Name of the SVM."
-- initiator = "Initiator."
-- taken_at = "The snapshot."
-- sessions = "Its sessions."
-- interface_ids = "Interfaces it uses, by identity."
-- interfaces = "Interfaces it uses, by name."
-- nodes = "Nodes it stands on; null if the node of an interface is not known."
-- subnets = "Subnets it uses; null if the subnet of an interface is not known."
-- fabrics = "Fabrics it uses; null likewise."
-- host_addresses = "Its own addresses."
-- igroups = "Names of its igroups."
-- want_paths = "Interfaces that policy asks for."
-- want_nodes = "Nodes that policy asks for."
-- want_subnets = "Subnets that policy asks for."
-- want_per_path = "Sessions per path that policy asks for."
-- settling = "Whether it logged in so lately that its other logins may be on their way."
-- single_by_design = "Whether its kind of initiator logs in only once."
-- ///
with
    positions as (
        select
            cluster,
            svm_id,
            max(svm) as svm,
            initiator,
            taken_at,
            count(*) as sessions,
            list_sort(list_distinct(list(interface_id))) as interface_ids,
            coalesce(
                list_sort(
                    list_distinct(list(initiator_address) filter (where initiator_address <> ''))
                ),
                []
            ) as host_addresses,
            -- Random ISIDs (type 80h) are those of libiscsi: one session to one portal, by design.
            bool_and(isid like '80:%') as libiscsi
        from sessions_at
        group by cluster, svm_id, initiator, taken_at
    ),
    places as (
        select
            cluster,
            svm_id,
            interface_id,
            coalesce(max(interface), interface_id) as interface,
            max(node) as node,
            max(subnet) as subnet,
            max(fabric) as fabric
        from svm_interfaces
        group by cluster, svm_id, interface_id
    ),
    stands as (
        -- Many hosts stand on the same interfaces.
        select
            s.cluster,
            s.svm_id,
            s.interface_ids,
            list_sort(list(distinct p.interface)) as interfaces,
            case when count(p.node) = count(*) then list_sort(list(distinct p.node)) end as nodes,
            case
                when count(p.subnet) = count(*) then list_sort(list(distinct p.subnet))
            end as subnets,
            case
                when count(p.fabric) = count(*) then list_sort(list(distinct p.fabric))
            end as fabrics
        from
            (
                select *, unnest(interface_ids) as interface_id
                from (select distinct cluster, svm_id, interface_ids from positions)
            ) s
        join
            places p
            on p.cluster = s.cluster
            and p.svm_id = s.svm_id
            and p.interface_id = s.interface_id
        group by s.cluster, s.svm_id, s.interface_ids
    ),
    grouped as (
        select
            cluster,
            svm_id,
            initiator,
            list_sort(list(distinct igroup)) as igroups,
            bool_or(os_type = 'aix') as aix
        from members_at
        group by all
    ),
    logins as (
        -- The initiator was away in the snapshot before one of its logins of the settle window.
        select c.cluster, c.svm_id, c.initiator
        from connections_at c
        where
            c.seen_after is not null
            and c.first_seen > c.taken_at - to_minutes($settle::bigint)
            and not exists (
                select 1
                from spells e
                where
                    e.cluster = c.cluster
                    and e.svm_id = c.svm_id
                    and e.initiator = c.initiator
                    and e.first_seen <= c.seen_after
                    and e.last_seen >= c.seen_after
            )
        group by all
    )
select
    s.cluster,
    s.svm_id,
    s.svm,
    s.initiator,
    s.taken_at,
    s.sessions,
    s.interface_ids,
    coalesce(i.interfaces, []) as interfaces,
    i.nodes,
    i.subnets,
    i.fabrics,
    s.host_addresses,
    coalesce(g.igroups, []) as igroups,
    p.paths as want_paths,
    p.nodes as want_nodes,
    p.subnets as want_subnets,
    p.sessions_per_path as want_per_path,
    l.initiator is not null as settling,
    coalesce(s.libiscsi, false) or coalesce(g.aix, false) as single_by_design
from positions s
left join
    stands i on i.cluster = s.cluster and i.svm_id = s.svm_id and i.interface_ids = s.interface_ids
left join grouped g on g.cluster = s.cluster and g.svm_id = s.svm_id and g.initiator = s.initiator
left join policy_at p on p.cluster = s.cluster and p.svm_id = s.svm_id and p.initiator = s.initiator
left join logins l on l.cluster = s.cluster and l.svm_id = s.svm_id and l.initiator = s.initiator
