-- /// query
-- title = "Paths that lost sessions, and what was left"
-- description = """
-- Lost sessions by path and transition, with the sessions that the path and the initiator still
-- had at the first complete snapshot without them. A connection that this snapshot merely
-- missed counts as there.
-- """
-- [columns]
-- loss = "Its number, in the order of clusters, SVMs and time."
-- cluster = "Cluster."
-- svm_id = "SVM."
-- svm = "Name of the SVM."
-- initiator = "Initiator."
-- initiator_address = "Host address."
-- interface_id = "Interface."
-- interface = "Name of the interface."
-- interface_address = "Address of the interface."
-- lost_after = "Last complete snapshot that saw them."
-- lost_by = "First complete snapshot that did not."
-- sessions_lost = "Sessions lost on the path."
-- path_sessions_left = "Sessions left on the path."
-- initiator_sessions_left = "Sessions left to the initiator in the SVM."
-- interfaces_left = "Interfaces left to the initiator in the SVM."
-- left_on = "Names of these interfaces."
-- nodes_left = "Nodes left to it; null without interface data."
-- subnets_left = "Subnets left to it; null without interface data."
-- nodes_of_svm = "Nodes that the SVM's interfaces stand on; null without interface data."
-- subnets_of_svm = "Subnets of the SVM's interfaces; null without interface data."
-- replaced_by = "The path that is linked to it: of the same initiator."
-- taken_over = "Whether that path took over: the initiator never used both side by side."
-- switched_to = "The SVM of another cluster that took over with the same addresses."
-- renamed_to = "The name under which the initiator goes on at this path."
-- severity = "critical, high, medium or low."
-- ///
with
    lost as (
        select
            c.gone,
            c.came,
            t.cluster,
            t.svm_id,
            t.svm,
            t.initiator,
            t.initiator_address,
            t.interface_id,
            t.interface,
            t.interface_address,
            t.changed_after as lost_after,
            t.changed_by as lost_by,
            b.initiator_address as other_address,
            b.interface_id as other_id,
            b.interface as other
        from cascade c
        join changed_sessions t on t.session = c.gone
        left join changed_sessions b on b.session = c.came
        where c.round >= 4
    ),
    own as (
        select l.gone, s.first_seen, s.last_seen
        from lost l
        join
            spells s
            on s.cluster = l.cluster
            and s.svm_id = l.svm_id
            and s.initiator = l.initiator
            and s.initiator_address = l.initiator_address
            and s.interface_id = l.interface_id
            and s.first_seen <= l.lost_after
        where l.came is not null
        group by all
    ),
    other as (
        select l.gone, s.first_seen, s.last_seen
        from lost l
        join
            spells s
            on s.cluster = l.cluster
            and s.svm_id = l.svm_id
            and s.initiator = l.initiator
            and s.initiator_address = l.other_address
            and s.interface_id = l.other_id
        group by all
    ),
    sibling as (
        -- A path that was used beside the lost one before does not take over when it is back (C14).
        select distinct o.gone
        from own o
        join other b on b.gone = o.gone
        where b.first_seen <= o.last_seen and b.last_seen >= o.first_seen
    ),
    path as (
        select
            row_number() over (
                order by
                    l.cluster,
                    l.svm_id,
                    l.lost_by,
                    l.lost_after,
                    l.initiator,
                    l.initiator_address,
                    l.interface_id
            ) as loss,
            l.cluster,
            l.svm_id,
            max(l.svm) as svm,
            l.initiator,
            l.initiator_address,
            l.interface_id,
            max(l.interface) as interface,
            max(l.interface_address) as interface_address,
            l.lost_after,
            l.lost_by,
            count(*) as sessions_lost,
            min(
                case
                    when l.came is not null
                    then coalesce(l.other_address, '') || ' to ' || coalesce(l.other, l.other_id)
                end
            ) as replaced_by,
            bool_and(l.came is not null and s.gone is null) as taken_over
        from lost l
        left join sibling s on s.gone = l.gone
        group by
            l.cluster,
            l.svm_id,
            l.initiator,
            l.initiator_address,
            l.interface_id,
            l.lost_after,
            l.lost_by
    ),
    switched as (
        -- The SVMs of a MetroCluster that mirror each other are one, never up on both clusters.
        select p.loss, min(s.svm || ' on ' || s.cluster) as switched_to
        from path p
        join
            site_sessions s
            on s.initiator = p.initiator
            and s.initiator_address = p.initiator_address
            and s.interface_address = p.interface_address
            and s.cluster <> p.cluster
        join mirrored_svms m on m.svm = p.svm and m.partner = s.svm
        cross join thresholds t
        where
            s.first_seen > p.lost_after
            and s.first_seen <= p.lost_by + to_hours(t.recent_hours)
            and coalesce(s.gone_by > p.lost_by, true)
        group by p.loss
    ),
    renamed as (
        select p.loss, min(r.renamed_to) as renamed_to
        from path p
        join
            renamed_initiators r
            on r.cluster = p.cluster
            and r.svm_id = p.svm_id
            and r.initiator = p.initiator
        join
            spells s
            on s.cluster = p.cluster
            and s.svm_id = p.svm_id
            and s.initiator = r.renamed_to
            and s.initiator_address = p.initiator_address
            and s.interface_id = p.interface_id
        cross join thresholds h
        where
            p.lost_by >= r.seen_by - h.recent_hours * interval 1 hour
            and coalesce(s.gone_by > p.lost_by, true)
        group by p.loss
    ),
    present as (
        select
            cluster,
            svm_id,
            initiator,
            target_portal_group,
            tsih,
            isid,
            initiator_address,
            interface_id,
            interface,
            interface_uuid,
            first_seen,
            last_seen
        from spells
        union all
        select
            cluster,
            svm_id,
            initiator,
            target_portal_group,
            tsih,
            isid,
            initiator_address,
            interface_id,
            interface_id,
            interface_id,
            absent_at,
            absent_at
        from missed_reads
    ),
    there as (
        select
            p.loss,
            s.initiator_address = p.initiator_address
            and s.interface_id = p.interface_id as on_path,
            concat_ws(chr(31), s.target_portal_group, s.tsih, s.isid) as session,
            s.interface_id,
            coalesce(s.interface, s.interface_id) as interface,
            i.node,
            i.subnet
        from path p
        join
            present s
            on s.cluster = p.cluster
            and s.svm_id = p.svm_id
            and s.initiator = p.initiator
            and s.first_seen <= p.lost_by
            and s.last_seen >= p.lost_by
        left join
            interfaces i
            on i.cluster = s.cluster
            and i.uuid = s.interface_uuid
            and i.first_seen <= p.lost_by
            and i.last_seen >= p.lost_by
    ),
    remains as (
        select
            loss,
            count(distinct session) filter (where on_path) as path_sessions,
            cardinality(list_distinct(list(session)))::bigint as sessions,
            cardinality(list_distinct(list(interface_id)))::bigint as interfaces,
            list_sort(list_distinct(list(interface))) as left_on,
            case
                when count(node) = count(*) then cardinality(list_distinct(list(node)))::bigint
            end as nodes,
            case
                when count(subnet) = count(*) then cardinality(list_distinct(list(subnet)))::bigint
            end as subnets
        from there
        group by loss
    ),
    svm_wide as (
        select
            p.loss,
            cardinality(list_distinct(list(i.node)))::bigint as nodes,
            cardinality(list_distinct(list(i.subnet)))::bigint as subnets
        from path p
        join
            interfaces i
            on i.cluster = p.cluster
            and i.svm_uuid = p.svm_id
            and i.first_seen <= p.lost_by
            and i.last_seen >= p.lost_by
        group by p.loss
    )
select
    p.loss,
    p.cluster,
    p.svm_id,
    p.svm,
    p.initiator,
    p.initiator_address,
    p.interface_id,
    p.interface,
    p.interface_address,
    p.lost_after,
    p.lost_by,
    p.sessions_lost,
    coalesce(r.path_sessions, 0) as path_sessions_left,
    coalesce(r.sessions, 0) as initiator_sessions_left,
    coalesce(r.interfaces, 0) as interfaces_left,
    r.left_on,
    r.nodes as nodes_left,
    r.subnets as subnets_left,
    w.nodes as nodes_of_svm,
    w.subnets as subnets_of_svm,
    coalesce(x.switched_to, n.renamed_to, p.replaced_by) as replaced_by,
    p.taken_over or x.switched_to is not null or n.renamed_to is not null as taken_over,
    x.switched_to,
    n.renamed_to,
    case
        when x.switched_to is not null or n.renamed_to is not null
        then 'medium'
        when coalesce(r.sessions, 0) = 0
        then 'critical'
        when p.taken_over
        then 'low'
        when coalesce(r.path_sessions, 0) > 0
        then 'low'
        when r.interfaces = 1 or (r.nodes = 1 and w.nodes > 1) or (r.subnets = 1 and w.subnets > 1)
        then 'high'
        else 'medium'
    end as severity
from path p
left join remains r on r.loss = p.loss
left join switched x on x.loss = p.loss
left join renamed n on n.loss = p.loss
left join svm_wide w on w.loss = p.loss
