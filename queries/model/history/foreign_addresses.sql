-- /// query
-- title = "Host addresses outside every subnet of their SVM"
-- description = """
-- IPv4 addresses that initiators ever came from and that lie in none of the subnets of the SVM's
-- interfaces. Says nothing about an SVM whose subnets were not collected, nor about IPv6.
-- """
-- [columns]
-- cluster = "Cluster."
-- svm_id = "SVM."
-- initiator_address = "Host address."
-- ///
with
    net as (
        select distinct
            cluster,
            svm_uuid as svm_id,
            split_part(subnet, '/', 1) as base,
            split_part(subnet, '/', 2)::bigint as bits
        from interfaces
        where subnet is not null and subnet not like '%:%'
    ),
    net_number as (
        select
            cluster,
            svm_id,
            (1::bigint << (32 - bits)) as size,
            split_part(base, '.', 1)::bigint * 16777216
            + split_part(base, '.', 2)::bigint * 65536
            + split_part(base, '.', 3)::bigint * 256
            + split_part(base, '.', 4)::bigint as first
        from net
    ),
    host as (
        select
            cluster,
            svm_id,
            initiator_address,
            split_part(initiator_address, '.', 1)::bigint * 16777216
            + split_part(initiator_address, '.', 2)::bigint * 65536
            + split_part(initiator_address, '.', 3)::bigint * 256
            + split_part(initiator_address, '.', 4)::bigint as number
        from (select distinct cluster, svm_id, initiator_address from spells)
        where regexp_matches(initiator_address, '^[0-9]{1,3}([.][0-9]{1,3}){3}$')
    )
select h.cluster, h.svm_id, h.initiator_address
from host h
join net_number n on n.cluster = h.cluster and n.svm_id = h.svm_id
group by h.cluster, h.svm_id, h.initiator_address
having count(*) filter (h.number >= n.first and h.number < n.first + n.size) = 0
