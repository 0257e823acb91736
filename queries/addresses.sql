-- /// query
-- title = "Who used which address, and when"
-- description = """
-- Every host address of the window with the initiators that logged in from it: read down an
-- address to see who used it over time, or filter by initiator to see where it has been. An
-- address that two initiators use in the same snapshots is shared: a gateway, a container host,
-- or a mistake.
-- """
-- time = "window"
-- brief = ["initiator_address", "initiator", "there_now", "first_seen", "last_seen", "aliases"]
-- group = "Who is this"
-- cannot_see = "Addresses that never got as far as a session."
-- [params.address]
-- kind = "pattern"
-- names = "address_names"
-- default = "*"
-- help = "Which address; * matches."
-- [columns]
-- cluster = "Cluster."
-- initiator_address = "Host address."
-- initiator = "Initiator, lower-cased."
-- aliases = "Aliases it sent from there."
-- svms = "SVMs it was logged in to."
-- first_seen = "First snapshot of the whole history that shows the two together."
-- last_seen = "Last one, in the window."
-- there_now = "Whether they still were together at the end of the window."
-- shared_with = "Other initiators that the same snapshots show at this address."
-- ///
with
    used as (
        select
            cluster,
            svm_id,
            svm,
            initiator,
            alias,
            initiator_address,
            first_seen,
            case when last_seen < $until then last_seen else $until end as last_seen,
            gone_by is null or gone_by > $until as there_now
        from spells
        where
            first_seen <= $until
            and initiator_address <> ''
            and initiator_address like $address escape '^'
    ),
    together as (
        select
            cluster,
            initiator_address,
            initiator,
            list_sort(list(distinct alias) filter (where alias <> '')) as aliases,
            list_sort(list(distinct coalesce(svm, svm_id))) as svms,
            min(first_seen) as first_seen,
            max(last_seen) as last_seen,
            bool_or(there_now) as there_now
        from used
        group by all
        having max(last_seen) >= $since
    ),
    crowd as (select cluster, initiator_address from together group by all having count(*) > 1),
    shared as (
        select
            a.cluster,
            a.initiator_address,
            a.initiator,
            list_sort(list(distinct b.initiator)) as shared_with
        from used a
        join crowd c on c.cluster = a.cluster and c.initiator_address = a.initiator_address
        join
            used b
            on b.cluster = a.cluster
            and b.initiator_address = a.initiator_address
            and b.initiator <> a.initiator
            and b.first_seen <= a.last_seen
            and b.last_seen >= a.first_seen
        where a.last_seen >= $since and b.last_seen >= $since
        group by all
    )
select
    t.cluster,
    t.initiator_address,
    nullif(t.initiator, '') as initiator,
    t.aliases,
    t.svms,
    t.first_seen,
    t.last_seen,
    t.there_now,
    s.shared_with
from together t
left join
    shared s
    on s.cluster = t.cluster
    and s.initiator_address = t.initiator_address
    and s.initiator = t.initiator
order by cluster, initiator_address, first_seen, initiator
