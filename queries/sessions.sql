-- /// query
-- title = "The sessions of one instant"
-- description = """
-- What the array listed at the last complete snapshot at or before the instant, one row per
-- session, with the node and subnet that it stood on and since when it has been as it is.
-- """
-- time = "instant"
-- brief = ["initiator", "interface", "node", "initiator_address", "tsih", "isid"]
-- group = "Who is this"
-- identity = ["cluster", "svm", "initiator", "isid", "interface"]
-- needs = ["interfaces"]
-- cannot_see = "What happened between that snapshot and the requested instant."
-- [columns]
-- cluster = "Cluster."
-- taken_at = "The snapshot that shows it."
-- svm = "SVM."
-- initiator = "Initiator, lower-cased."
-- alias = "Alias it sent."
-- initiator_address = "Host address; the least one if its connections differ."
-- interface = "Interface."
-- interface_address = "Its address."
-- node = "Node the interface was on; null without interface data."
-- subnet = "Its subnet; null without interface data."
-- isid = "ISID."
-- tsih = "TSIH."
-- connections = "Connections of the session."
-- authentication = "chap or none; the weaker if its connections differ."
-- igroups = "Igroups it belongs to."
-- first_seen = "First snapshot that shows it like this."
-- ///
with
    session_igroups as (
        select
            cluster,
            svm_id,
            initiator,
            isid,
            tsih,
            target_portal_group,
            interface_id,
            unnest(igroups) as igroup
        from connections_at
    ),
    grouped as (
        select
            cluster,
            svm_id,
            initiator,
            isid,
            tsih,
            target_portal_group,
            interface_id,
            list_sort(list(distinct coalesce(igroup.name, igroup.uuid))) as igroups
        from session_igroups
        group by all
    )
select
    s.cluster,
    s.taken_at,
    coalesce(s.svm, nullif(s.svm_id, '')) as svm,
    nullif(s.initiator, '') as initiator,
    nullif(s.alias, '') as alias,
    nullif(s.initiator_address, '') as initiator_address,
    coalesce(s.interface, nullif(s.interface_id, '')) as interface,
    s.interface_address,
    s.node,
    s.subnet,
    nullif(s.isid, '') as isid,
    s.tsih,
    s.connections,
    s.authentication,
    g.igroups,
    s.first_seen
from sessions_at s
left join
    grouped g
    on g.cluster = s.cluster
    and g.svm_id = s.svm_id
    and g.initiator = s.initiator
    and g.isid = s.isid
    and g.tsih is not distinct from s.tsih
    and g.target_portal_group is not distinct from s.target_portal_group
    and g.interface_id = s.interface_id
order by cluster, svm, initiator, interface, initiator_address, isid, tsih
