-- /// query
-- title = "Which initiator reaches which interface"
-- description = """
-- The matrix of initiators and interfaces as long rows: one for each initiator and each interface
-- of its SVM, with the sessions and the host addresses that they come from. A cell without
-- sessions is a row of 0.
-- """
-- time = "instant"
-- brief = ["initiator", "interface", "sessions", "node", "subnet", "host"]
-- group = "Now and before a change"
-- identity = ["cluster", "svm", "initiator", "interface"]
-- picture = "paths"
-- page = 80
-- evidence = true
-- needs = ["interfaces"]
-- cannot_see = "A session is not a LUN path: it does not say which LUNs a host reaches over it."
-- [columns]
-- cluster = "Cluster."
-- svm = "SVM."
-- initiator = "Initiator, lower-cased."
-- host = "What the policy calls the host, else the alias it sent."
-- interface = "Interface."
-- interface_address = "Its address."
-- node = "Node the interface is on now; null without interface data."
-- subnet = "Its subnet; null without interface data."
-- sessions = "Sessions of the initiator on the interface."
-- host_addresses = "Host addresses that they come from."
-- expected = "Whether it is expected there: by its peers, its own history or what is in use."
-- ///
with
    hosts as (
        select
            s.cluster,
            s.svm_id,
            max(s.svm) as svm,
            s.initiator,
            coalesce(max(n.host), max(s.alias)) as host
        from sessions_at s
        left join host_names n on n.initiator = s.initiator
        group by s.cluster, s.svm_id, s.initiator
    ),
    cells as (
        select
            cluster,
            svm_id,
            initiator,
            interface_id,
            count(*) as sessions,
            list_sort(
                list_distinct(list(initiator_address) filter (where initiator_address <> ''))
            ) as host_addresses
        from sessions_at
        group by all
    )
select
    h.cluster,
    coalesce(h.svm, nullif(h.svm_id, '')) as svm,
    nullif(h.initiator, '') as initiator,
    h.host,
    nullif(i.interface, '') as interface,
    i.interface_address,
    i.node,
    i.subnet,
    coalesce(c.sessions, 0) as sessions,
    coalesce(c.host_addresses, []) as host_addresses,
    e.interface_id is not null as expected
from hosts h
join svm_interfaces i on i.cluster = h.cluster and i.svm_id = h.svm_id
left join
    cells c
    on c.cluster = h.cluster
    and c.svm_id = h.svm_id
    and c.initiator = h.initiator
    and c.interface_id = i.interface_id
left join
    expected e
    on e.cluster = h.cluster
    and e.svm_id = h.svm_id
    and e.initiator = h.initiator
    and e.interface_id = i.interface_id
order by all
