-- /// query
-- title = "Too few subnets, or the wrong one"
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
    svm as (
        select
            cluster,
            svm_id,
            list_sort(list(distinct fabric)) as fabrics,
            -- A subnet whose interfaces are all down is the network's fault, not each initiator's.
            list_sort(list(distinct fabric) filter (where up)) as up
        from svm_interfaces
        where enabled and fabric is not null
        group by all
    ),
    single as (
        select h.*, s.fabrics as all_fabrics, len(s.up) > 1 as its_own
        from judged_hosts h
        join svm s on s.cluster = h.cluster and s.svm_id = h.svm_id
        where len(h.fabrics) = 1 and len(s.fabrics) > 1 and coalesce(h.want_subnets, 2) > 1
    ),
    nets as (
        -- IPv4 networks as numbers; IPv6 is not judged.
        select
            subnet,
            bits,
            try_cast(split_part(net, '.', 1) as bigint) * 16777216
            + try_cast(split_part(net, '.', 2) as bigint) * 65536
            + try_cast(split_part(net, '.', 3) as bigint) * 256
            + try_cast(split_part(net, '.', 4) as bigint) as first,
            case
                when bits <= 24
                then
                    split_part(net, '.', 1)
                    || '.'
                    || split_part(net, '.', 2)
                    || '.'
                    || split_part(net, '.', 3)
                    || '.'
            end as stem
        from
            (
                select
                    subnet,
                    split_part(subnet, '/', 1) as net,
                    try_cast(split_part(subnet, '/', 2) as bigint) as bits
                from (select distinct subnet from svm_interfaces)
                where subnet is not null and subnet not like '%:%'
            )
    ),
    numbers as (
        -- What begins like the network is in it.
        select
            s.cluster,
            s.svm_id,
            s.initiator,
            s.initiator_address,
            s.interface,
            s.subnet,
            n.first,
            n.bits,
            case
                when s.interface_address like '%:%' or s.initiator_address like '%:%'
                then null
                else
                    try_cast(split_part(s.initiator_address, '.', 1) as bigint) * 16777216
                    + try_cast(split_part(s.initiator_address, '.', 2) as bigint) * 65536
                    + try_cast(split_part(s.initiator_address, '.', 3) as bigint) * 256
                    + try_cast(split_part(s.initiator_address, '.', 4) as bigint)
            end as host
        from sessions_at s
        join nets n on n.subnet = s.subnet
        where
            s.initiator_address <> ''
            and (n.stem is null or substring(s.initiator_address, 1, length(n.stem)) <> n.stem)
    ),
    routed as (
        select cluster, svm_id, initiator, initiator_address, interface, subnet
        from numbers
        where host - first not between 0 and (1::bigint << (32 - bits)) - 1
    ),
    routers as (
        select
            r.cluster,
            r.svm_id,
            r.initiator,
            list_sort(list(distinct r.interface)) as interfaces,
            string_agg(distinct r.initiator_address, ', ' order by r.initiator_address) as addresses
        from routed r
        join
            judged_hosts h
            on h.cluster = r.cluster
            and h.svm_id = r.svm_id
            and h.initiator = r.initiator
        group by r.cluster, r.svm_id, r.initiator
    ),
    design as (
        -- Where most hosts are routed it is how the network was built.
        select
            h.cluster,
            h.svm_id,
            count(*) as hosts,
            count(r.initiator) as routed,
            list_sort(list(r.initiator) filter (where r.initiator is not null)) as members,
            count(*) >= max(t.peer_hosts)
            and count(r.initiator) >= max(t.peer_share) * count(*) as is_rule
        from hosts_at h
        cross join thresholds t
        left join
            routers r on r.cluster = h.cluster and r.svm_id = h.svm_id and r.initiator = h.initiator
        group by all
    )
select
    h.cluster,
    h.svm_id,
    h.initiator,
    'single_subnet' as fault,
    'high' as severity,
    list_filter(h.all_fabrics, lambda f:f <> h.fabrics[1]) as missing,
    null::varchar as expected_from,
    'is on '
    || h.fabrics[1]
    || ' alone; the SVM has interfaces on '
    || array_to_string(h.all_fabrics, ', ') as detail,
    []::varchar[] as members
from single h
where h.its_own
union all
select
    h.cluster,
    h.svm_id,
    null,
    'single_subnet',
    'high',
    list_filter(h.all_fabrics, lambda f:f <> h.fabrics[1]),
    null,
    'the interfaces of all other subnets are down: '
    || count(*)
    || case when count(*) = 1 then ' initiator is' else ' initiators are' end
    || ' on '
    || h.fabrics[1]
    || ' alone',
    list_sort(list(h.initiator))
from single h
where not h.its_own
group by h.cluster, h.svm_id, h.all_fabrics, h.fabrics
union all
select
    r.cluster,
    r.svm_id,
    r.initiator,
    'routed_session',
    'medium',
    [],
    null,
    r.addresses || ' is outside the subnet of ' || array_to_string(r.interfaces, ', '),
    []
from routers r
join design d on d.cluster = r.cluster and d.svm_id = r.svm_id
where not d.is_rule
union all
select
    cluster,
    svm_id,
    null,
    'routed_session',
    'info',
    [],
    null,
    routed || ' of ' || hosts || ' initiators reach the SVM across a router',
    members
from design
where is_rule
