-- /// query
-- title = "Paths still missing"
-- description = """
-- Paths that had sessions at --before and have fewer at --after, whatever happened in between:
-- the question after an incident or an upgrade. An SVM that had sessions at --before and is not
-- listed at --after has a row of its own: nobody can say what it misses.
-- """
-- time = "pair"
-- before = "oldest_open_loss"
-- kind = "finding"
-- brief = ["initiator", "interface", "lost_after", "sessions_before", "sessions_after",
-- "severity", "detail"]
-- status = { place = 45, label = "Since baseline", none = "every path is there", baseline = true }
-- group = "Incident"
-- identity = ["cluster", "svm", "initiator", "initiator_address", "interface"]
-- unjudged_if_null = "initiator"
-- check = false
-- picture = "losses"
-- page = 40
-- evidence = true
-- cannot_see = "Whether the host is meant to be back."
-- [columns]
-- cluster = "Cluster."
-- svm = "SVM."
-- initiator = "Initiator; null for an SVM that is not listed any more."
-- initiator_address = "Host address of the path."
-- interface = "Interface of the path."
-- interface_address = "Address of the interface."
-- sessions_before = "Sessions on the path before."
-- sessions_after = "Sessions on the path after."
-- initiator_sessions_after = "Sessions the initiator has in the SVM after."
-- lost_after = "Last complete snapshot that saw what is missing; for an SVM the one before."
-- replaced_by = "The path that took over."
-- severity = """low, medium, high or critical: by what the initiator has left at --after. That of
-- the loss itself, in dropped-connections, is by what was left then. info where the initiator was
-- taken out of service: it has no session, and is in no igroup any more."""
-- detail = "What to do."
-- ///
with
    ended as (
        -- A session of the path that went on under another name or in another igroup is still
        -- there.
        select l.loss, max(s.last_seen) as last_seen
        from lost_paths l
        join
            spells s
            on s.cluster = l.cluster
            and s.svm_id = l.svm_id
            and s.initiator = l.initiator
            and s.initiator_address = l.initiator_address
            and s.interface_id = l.interface_id
            and s.last_seen >= l.lost_after
            and s.first_seen <= l.lost_by
        group by l.loss, l.lost_by, s.isid, s.tsih, s.target_portal_group
        having max(s.last_seen) < l.lost_by
    ),
    places as (
        -- What stands at an address, as last listed; another interface there will do as well.
        select
            cluster,
            svm_uuid as svm_id,
            address,
            bool_or(coalesce(gone_by > $after::timestamp, true)) as is_there,
            bool_or(
                coalesce(gone_by > $after::timestamp, true)
                and coalesce(enabled, true)
                and coalesce(state, 'up') = 'up'
            ) as is_up
        from interfaces
        where first_seen <= $after::timestamp
        group by cluster, svm_uuid, address
    )
select
    l.cluster,
    l.svm,
    nullif(l.initiator, '') as initiator,
    nullif(l.initiator_address, '') as initiator_address,
    coalesce(l.interface, nullif(l.interface_id, '')) as interface,
    l.interface_address,
    l.path_sessions_left + l.sessions_lost as sessions_before,
    l.path_sessions_left as sessions_after,
    l.initiator_sessions_left as initiator_sessions_after,
    max(e.last_seen) as lost_after,
    l.replaced_by,
    case when d.initiator is not null then 'info' else l.severity end as severity,
    case
        when d.initiator is not null
        then 'out of service: in no igroup any more'
        when l.taken_over
        then 'logged in elsewhere: ' || l.replaced_by
        when not p.is_there
        then
            coalesce(l.interface, l.interface_id)
            || ' is not at '
            || l.interface_address
            || ' any more: removed, or at another address'
        when not p.is_up
        then coalesce(l.interface, l.interface_id) || ' must be up first'
        when l.initiator_sessions_left = 0
        then 'not back at all: is the host up?'
        else
            'log in to '
            || coalesce(l.interface, l.interface_id, 'it')
            || ' again from '
            || coalesce(nullif(l.initiator_address, ''), 'the host')
    end as detail
from lost_paths l
left join ended e on e.loss = l.loss
left join
    places p on p.cluster = l.cluster and p.svm_id = l.svm_id and p.address = l.interface_address
left join
    departed_initiators d
    on d.cluster = l.cluster
    and d.svm_id = l.svm_id
    and d.initiator = l.initiator
    and d.departed_at <= $after::timestamp
group by all
union all
select
    b.cluster,
    coalesce(max(s.svm), s.svm_id),
    null,
    null,
    null,
    null,
    null,
    null,
    null,
    b.taken_at,
    null,
    'high',
    'cannot be judged: SVM ' || coalesce(max(s.svm), s.svm_id) || ' is not seen any more'
from compared_snapshots b
join compared_snapshots a on a.cluster = b.cluster and a.which = 'after'
join
    spells s
    on s.cluster = b.cluster
    and s.first_seen <= b.taken_at
    and coalesce(s.gone_by > b.taken_at, true)
where
    b.which = 'before' and list_contains(b.scope, s.svm_id) and not list_contains(a.scope, s.svm_id)
group by b.cluster, b.taken_at, s.svm_id
order by all
