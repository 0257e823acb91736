-- /// query
-- title = "Outages by cause"
-- description = """
-- The losses of dropped-connections, one row per cause and instant. Nothing is hidden: members
-- lists every initiator.
-- """
-- time = "window"
-- kind = "finding"
-- brief = ["cause", "lost_after", "back_after", "status", "severity", "cause_kind", "detail"]
-- status = { place = 20, label = "Outages", ended = true }
-- group = "Incident"
-- identity = ["cluster", "cause_kind", "cause", "lost_by"]
-- began = ["lost_after", "lost_by"]
-- ended = ["recovered", "replaced", "abandoned"]
-- picture = "outages"
-- page = 20
-- evidence = true
-- needs = ["interfaces", "ems", "ports"]
-- cannot_see = """Why: a cause is the smallest object of which nearly everything was lost, not a
-- diagnosis."""
-- [columns]
-- cluster = "Cluster."
-- cause_kind = "path, host_address, host, interface, igroup, node, subnet, svm or cluster."
-- cause = "Name of the object."
-- initiators = "How many initiators lost paths by it."
-- paths = "How many paths."
-- hosts_without_path = "How many of the initiators had no session left in their SVM."
-- lost_after = "Last complete snapshot before."
-- lost_by = "First complete snapshot after."
-- back_after = "Last complete snapshot before the last path that came back was back."
-- back_by = "First complete snapshot with it back; null while none is."
-- status = "open, partly_back, recovered, replaced or abandoned."
-- members = "Every initiator."
-- severity = "The highest of its losses."
-- detail = "In words."
-- paths_back = "How many of the paths are back."
-- evidence = "What the array itself says of the interval; null if nothing."
-- event_log = """read: the array's own log of the interval was read, so that no evidence means
-- that it says nothing; not covered: the array had let go of that part of it; not read: it was
-- not requested."""
-- ///
with
    ranked as (
        select l.*, c.cause_kind, c.cause, c.cause_id, s.rank, g.event_log, r.seen_at
        from losses l
        join causes c on c.loss = l.loss
        join severities s on s.severity = l.severity
        join loss_log g on g.loss = l.loss
        left join last_logins r on r.loss = l.loss
    ),
    evidence as (
        select
            l.cluster,
            l.cause_kind,
            l.cause_id,
            l.lost_by,
            array_to_string(list_sort(list(distinct e.detail)), '; ') as evidence
        from ranked l
        join loss_evidence e on e.loss = l.loss
        where e.source <> 'logins'
        group by all
    ),
    grouped as (
        select
            cluster,
            cause_kind,
            max(cause) as cause,
            cause_id,
            count(*) as paths,
            count(distinct initiator) filter (
                where initiator_sessions_left = 0
            ) as hosts_without_path,
            min(lost_after) as lost_after,
            lost_by,
            max(back_after) as back_after,
            max(back_by) as back_by,
            count(*) filter (where status = 'open') as open_paths,
            count(*) filter (where status = 'recovered') as paths_back,
            count(*) filter (where status = 'abandoned') as abandoned_paths,
            count(*) filter (where status = 'replaced') as replaced_paths,
            list_sort(list_distinct(list(initiator))) as members,
            min_by(severity, rank) as severity,
            max(switched_to) as switched_to,
            max(renamed_to) as renamed_to,
            cardinality(list_distinct(list(interface_id))) as interfaces,
            bool_or(in_window) as in_window,
            -- Of both, not read is the last by name.
            max(event_log) filter (where event_log <> 'read') as unread,
            'the array last saw these logins ' || case
                when min(seen_at) < max(seen_at)
                then 'from ' || strftime(min(seen_at), '%Y-%m-%dT%H:%M:%SZ') || ' to '
                else 'at '
            end
            || strftime(max(seen_at), '%Y-%m-%dT%H:%M:%SZ')
            || ' (its own word: connectivity_tracking)' as last_logins
        from ranked
        group by cluster, cause_kind, cause_id, lost_by
    )
select
    g.cluster,
    g.cause_kind,
    cause,
    cardinality(members)::bigint as initiators,
    paths,
    hosts_without_path,
    lost_after,
    g.lost_by,
    back_after,
    back_by,
    case
        when open_paths > 0 and paths_back > 0
        then 'partly_back'
        when open_paths > 0
        then 'open'
        when abandoned_paths > 0
        then 'abandoned'
        when replaced_paths > 0
        then 'replaced'
        else 'recovered'
    end as status,
    members,
    severity,
    case
        when g.cause_kind = 'path'
        then 'one path: ' || cause
        else
            replace(g.cause_kind, '_', ' ')
            || ' '
            || cause
            || ': '
            || cardinality(members)
            || case when cardinality(members) = 1 then ' initiator' else ' initiators' end
            || ' lost '
            || paths
            || case when paths = 1 then ' path' else ' paths' end
            || ' over '
            || interfaces
            || case when interfaces = 1 then ' interface' else ' interfaces' end
    end || case
        when hosts_without_path > 0
        then '; ' || hosts_without_path || ' without any session left'
        else ''
    end
    || coalesce(
        '; ' || e.evidence,
        case when unread is null then '; the array''s log says nothing of it' end,
        ''
    )
    || coalesce('; ' || last_logins, '')
    || coalesce('; switched over to ' || switched_to, '')
    || coalesce('; probably goes on as ' || renamed_to, '')
    || case when open_paths > 0 then '; ' || open_paths || ' not back' else '' end
    || case
        when abandoned_paths > 0 then '; ' || abandoned_paths || ' abandoned' else ''
    end as detail,
    paths_back,
    nullif(concat_ws('; ', e.evidence, last_logins), '') as evidence,
    coalesce(unread, 'read') as event_log
from grouped g
left join
    evidence e
    on e.cluster = g.cluster
    and e.cause_kind = g.cause_kind
    and e.cause_id = g.cause_id
    and e.lost_by = g.lost_by
where in_window
order by g.lost_by, lost_after, g.cluster, g.cause_kind, cause, g.cause_id
