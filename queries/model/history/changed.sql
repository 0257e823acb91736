-- /// query
-- title = "What changed"
-- description = """
-- The verdict of the cascade in words, one row per path and kind of change, and one row for an
-- object that was renamed, replaced or changed by the array itself.
-- """
-- [columns]
-- cluster = "Cluster."
-- svm_id = "SVM."
-- svm = "Name of the SVM as of the later snapshot."
-- initiator = "Initiator; null for a change of an object."
-- initiator_address = "Host address."
-- interface_id = "Interface."
-- interface = "Name of the interface as of the later snapshot."
-- interface_address = "Address of the interface."
-- change = "What changed."
-- sessions = "How many sessions; 0 for a change of the array itself."
-- changed_after = "Last complete snapshot before."
-- changed_by = "First complete snapshot after."
-- replaced_by = "What took its place."
-- retracted = "Whether one snapshot merely missed it."
-- detail = "What it was and what it is."
-- severity = "How much it matters."
-- ///
with
    pair as (
        -- Sessions that went on, as they were (a) and as they are (b).
        select
            c.round,
            a.cluster,
            a.svm_id,
            a.changed_after,
            a.changed_by,
            a.retracted,
            a.initiator,
            b.svm,
            b.initiator_address,
            b.interface_id,
            b.interface,
            b.interface_address,
            a.svm as a_svm,
            a.interface as a_interface,
            a.interface_id as a_interface_id,
            a.interface_address as a_interface_address,
            a.initiator_address as a_initiator_address,
            a.initiator_port as a_port,
            b.initiator_port as b_port,
            a.cid as a_cid,
            b.cid as b_cid,
            a.connections as a_connections,
            b.connections as b_connections,
            a.tsih as a_tsih,
            b.tsih as b_tsih,
            a.isid as a_isid,
            b.isid as b_isid,
            a.authentication as a_authentication,
            b.authentication as b_authentication,
            a.alias as a_alias,
            b.alias as b_alias,
            a."comment" as a_comment,
            b."comment" as b_comment,
            coalesce(a.igroups, []) as a_igroups,
            coalesce(b.igroups, []) as b_igroups,
            coalesce(array_to_string(a.igroup_names, ', '), 'none') as a_igroup_names,
            coalesce(array_to_string(b.igroup_names, ', '), 'none') as b_igroup_names
        from cascade c
        join changed_sessions a on a.session = c.gone
        join changed_sessions b on b.session = c.came
        where c.round <= 3
    ),
    svm_name as (
        select cluster, svm_id, changed_by, max(svm) as svm
        from changed_sessions
        where side = 'came'
        group by all
    ),
    interface_name as (
        select cluster, svm_id, interface_id, changed_by, max(interface) as interface
        from changed_sessions
        where side = 'came'
        group by all
    ),
    living as (
        select
            *,
            'connection_lost' as change,
            'medium' as severity,
            a_connections || ' connections, now ' || b_connections as detail
        from pair
        where round <= 1 and b_connections < a_connections
        union all
        select *, 'connection_replaced', 'info', 'host port ' || a_port || ', now ' || b_port
        from pair
        where
            round <= 1
            and b_connections >= a_connections
            and a_connections > 0
            and (a_port <> b_port or a_cid <> b_cid or a_initiator_address <> initiator_address)
        union all
        select *, 'reconnected', 'low', 'TSIH ' || a_tsih || ', now ' || b_tsih
        from pair
        where round = 2 and interface_id = a_interface_id
        union all
        select *, 'relogged_in', 'info', 'ISID ' || a_isid || ', now ' || b_isid
        from pair
        where round = 3 and interface_id = a_interface_id
        union all
        select
            *,
            'authentication_changed',
            case when b_authentication = 'none' then 'high' else 'info' end,
            coalesce(a_authentication, 'unknown')
            || ', now '
            || coalesce(b_authentication, 'unknown')
        from pair
        where a_authentication is distinct from b_authentication
        union all
        select
            *,
            'igroups_changed',
            case when len(b_igroups) = 0 then 'high' else 'medium' end,
            case
                when a_igroup_names = b_igroup_names
                then a_igroup_names || ' deleted and made anew: another igroup of that name'
                else a_igroup_names || ', now ' || b_igroup_names
            end
        from pair
        where a_igroups <> b_igroups
        union all
        select
            *,
            'alias_changed',
            'info',
            coalesce(a_alias, 'none') || ', now ' || coalesce(b_alias, 'none')
        from pair
        where a_alias is distinct from b_alias
        union all
        select
            *,
            'comment_changed',
            'info',
            coalesce(a_comment, 'none') || ', now ' || coalesce(b_comment, 'none')
        from pair
        where a_comment is distinct from b_comment
    ),
    went_on as (
        select
            cluster,
            svm_id,
            max(svm) as svm,
            initiator,
            initiator_address,
            interface_id,
            max(interface) as interface,
            max(interface_address) as interface_address,
            change,
            count(*) as sessions,
            changed_after,
            changed_by,
            null::varchar as replaced_by,
            retracted,
            case
                when count(distinct detail) = 1
                then min(detail)
                else min(detail) || ' and ' || (count(distinct detail) - 1) || ' more'
            end as detail,
            severity
        from living
        group by
            cluster,
            svm_id,
            initiator,
            initiator_address,
            interface_id,
            change,
            changed_after,
            changed_by,
            retracted,
            severity
    ),
    objects as (
        select
            cluster,
            svm_id,
            max(svm) as svm,
            null::varchar as initiator,
            null::varchar as initiator_address,
            null::varchar as interface_id,
            null::varchar as interface,
            null::varchar as interface_address,
            'svm_renamed' as change,
            count(*) as sessions,
            changed_after,
            changed_by,
            null::varchar as replaced_by,
            false as retracted,
            max(a_svm) || ', now ' || max(svm) as detail,
            'info' as severity
        from pair
        where a_svm <> svm
        group by cluster, svm_id, changed_after, changed_by
        union all
        select
            cluster,
            svm_id,
            max(svm),
            null,
            null,
            interface_id,
            max(interface),
            max(interface_address),
            'interface_renamed',
            count(*),
            changed_after,
            changed_by,
            null,
            false,
            max(a_interface) || ', now ' || max(interface),
            'info'
        from pair
        where a_interface_id = interface_id and a_interface <> interface
        group by cluster, svm_id, interface_id, changed_after, changed_by
        union all
        select
            cluster,
            svm_id,
            max(svm),
            null,
            null,
            interface_id,
            max(interface),
            max(interface_address),
            'interface_replaced',
            count(*),
            changed_after,
            changed_by,
            max(interface),
            false,
            'made anew at ' || max(interface_address) || '; its sessions went on',
            'info'
        from pair
        where a_interface_id <> interface_id
        group by cluster, svm_id, a_interface_id, interface_id, changed_after, changed_by
    ),
    lost as (
        select
            l.cluster,
            l.svm_id,
            coalesce(s.svm, l.svm) as svm,
            l.initiator,
            l.initiator_address,
            l.interface_id,
            coalesce(i.interface, l.interface) as interface,
            l.interface_address,
            'lost' as change,
            l.sessions_lost as sessions,
            l.lost_after,
            l.lost_by,
            l.replaced_by,
            false as retracted,
            case
                when l.initiator_sessions_left = 0
                then 'the initiator has no session left'
                else
                    l.initiator_sessions_left
                    || ' sessions left, on '
                    || array_to_string(l.left_on, ', ')
            end as detail,
            l.severity
        from lost_paths l
        left join
            svm_name s on s.cluster = l.cluster and s.svm_id = l.svm_id and s.changed_by = l.lost_by
        left join
            interface_name i
            on i.cluster = l.cluster
            and i.svm_id = l.svm_id
            and i.interface_id = l.interface_id
            and i.changed_by = l.lost_by
    ),
    appeared as (
        select
            t.cluster,
            t.svm_id,
            max(t.svm) as svm,
            t.initiator,
            t.initiator_address,
            t.interface_id,
            max(t.interface) as interface,
            max(t.interface_address) as interface_address,
            'appeared' as change,
            count(*) as sessions,
            t.changed_after,
            t.changed_by,
            min(
                case
                    when g.session is not null
                    then g.initiator_address || ' to ' || coalesce(g.interface, g.interface_id)
                end
            ) as replaced_by,
            false as retracted,
            case
                when max(g.session) is null
                then 'a path that was not there'
                else 'takes the place of another path'
            end as detail,
            'info' as severity
        from cascade c
        join changed_sessions t on t.session = c.came
        left join changed_sessions g on g.session = c.gone
        where c.round >= 4
        group by
            t.cluster,
            t.svm_id,
            t.initiator,
            t.initiator_address,
            t.interface_id,
            t.changed_after,
            t.changed_by
    )
select *
from
    (
        select *
        from went_on
        union all
        select *
        from objects
        union all
        select *
        from lost
        union all
        select *
        from appeared
        union all
        select
            cluster,
            svm_id,
            svm,
            null,
            null,
            interface_id,
            interface,
            interface_address,
            change,
            0,
            changed_after,
            changed_by,
            null,
            false,
            detail,
            severity
        from array_changes
    )
where $since::timestamp is null or changed_by >= $since
