-- /// query
-- title = "Dropped connections by host"
-- description = """
-- The losses of dropped-connections, one row per host, cause and instant: how many paths, over
-- which interfaces, how many are back.
-- """
-- time = "window"
-- kind = "finding"
-- status = { place = 30, label = "Still missing" }
-- group = "Incident"
-- identity = ["cluster", "svm", "initiator", "cause_kind", "cause", "lost_by"]
-- began = ["lost_after", "lost_by"]
-- ended = ["recovered", "replaced", "abandoned"]
-- check = false
-- brief = ["initiator", "missing", "lost_after", "back_after", "severity", "paths",
-- "status", "initiator_sessions_left", "cause", "detail"]
-- needs = ["interfaces", "ems", "ports"]
-- cannot_see = """Losses shorter than the time between two snapshots, and why: a cause is the
-- smallest object of which nearly everything was lost, not a diagnosis."""
-- [columns]
-- cluster = "Cluster."
-- svm = "SVM."
-- initiator = "Initiator."
-- paths = "How many of its paths were lost, whole or in part."
-- paths_back = "How many of them are back."
-- interfaces = "Their interfaces."
-- missing = "The interfaces of those that are not back."
-- initiator_sessions_left = "Fewest sessions left to the initiator in the SVM; 0 is critical."
-- lost_after = "Last complete snapshot that saw them."
-- lost_by = "First complete snapshot that did not."
-- back_after = "Last complete snapshot before the last of them was back."
-- back_by = "First complete snapshot with the last of them back; null while any is open."
-- status = "open, partly_back, abandoned, recovered or replaced."
-- cause_kind = """What explains it: path, host_address, host, interface, igroup, node, subnet,
-- svm or cluster."""
-- cause = "Name of what explains it."
-- severity = "The highest of its losses."
-- detail = "In words."
-- evidence = "What the array itself says of the interval; null if nothing."
-- event_log = """read: the array's own log of the interval was read, so that no evidence means
-- that it says nothing; not covered: the array had let go of that part of it; not read: it was
-- not requested."""
-- refused_logins = "Logins that the array refused to the host there since; null if not read."
-- ///
with
    ranked as (
        select
            l.*,
            c.cause_kind,
            c.cause,
            c.cause_id,
            l.status = 'open' as missing,
            s.rank,
            g.event_log,
            g.refused_logins as refused
        from losses l
        join causes c on c.loss = l.loss
        join severities s on s.severity = l.severity
        join loss_log g on g.loss = l.loss
    ),
    evidence as (
        select
            l.cluster,
            l.svm_id,
            l.initiator,
            l.cause_kind,
            l.cause_id,
            l.lost_by,
            array_to_string(list_sort(list(distinct e.detail)), '; ') as evidence
        from ranked l
        join loss_evidence e on e.loss = l.loss
        where l.in_window
        group by all
    ),
    hosts as (
        select
            cluster,
            max(svm) as svm,
            svm_id,
            initiator,
            cause_kind,
            max(cause) as cause,
            cause_id,
            count(*) as paths,
            count(*) filter (where missing) as open_paths,
            count(*) filter (where status = 'replaced') as replaced_paths,
            count(*) filter (where status = 'abandoned') as abandoned_paths,
            count(*) filter (where status = 'recovered') as paths_back,
            list_sort(
                list(distinct coalesce(interface, interface_id)) filter (where missing)
            ) as still_on,
            list_sort(list(distinct coalesce(interface, interface_id))) as lost_on,
            min(initiator_sessions_left) as initiator_sessions_left,
            min(lost_after) as lost_after,
            lost_by,
            max(back_after) as back_after,
            max(back_by) as back_by,
            min_by(severity, rank) as severity,
            max(event_log) filter (where event_log <> 'read') as unread,
            -- One login that names no interface stands at every path.
            max(refused) as refused_logins
        from ranked
        where in_window
        group by cluster, svm_id, initiator, cause_kind, cause_id, lost_by
    ),
    beside as (
        -- Where others of the same cause are back, what is still missing is for the host to mend.
        select
            *,
            sum(case when open_paths = 0 then 1 else 0 end) over (
                partition by cluster, cause_kind, cause_id, lost_by
            ) as hosts_back
        from hosts
    )
select
    b.cluster,
    svm,
    nullif(b.initiator, '') as initiator,
    paths,
    paths_back,
    lost_on as interfaces,
    still_on as missing,
    initiator_sessions_left,
    lost_after,
    b.lost_by,
    case when open_paths = 0 then back_after end as back_after,
    case when open_paths = 0 then back_by end as back_by,
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
    b.cause_kind,
    cause,
    severity,
    'down to '
    || initiator_sessions_left
    || case when initiator_sessions_left = 1 then ' session; ' else ' sessions; ' end
    || case
        when open_paths = 0 and abandoned_paths > 0
        then 'abandoned'
        when open_paths = 0 and replaced_paths > 0
        then 'another path took over'
        when open_paths = 0
        then
            case
                when paths = 1 then 'its path is back' else 'all ' || paths || ' paths are back'
            end
        else
            array_to_string(still_on, ', ')
            || ' missing'
            || case
                when paths_back > 0 then ', ' || paths_back || ' of ' || paths || ' back' else ''
            end
    end
    || case
        when open_paths > 0 and b.cause_kind in ('path', 'host', 'host_address')
        then '; log in again from the host, look at its cable and switch port'
        when open_paths > 0 and hosts_back > 0
        then '; other hosts are back: log in again from this one'
        when open_paths > 0
        then '; look at ' || replace(b.cause_kind, '_', ' ') || ' ' || cause
        else ''
    end
    || case
        when refused_logins > 0 then '; ' || refused_logins || ' logins refused' else ''
    end as detail,
    e.evidence,
    coalesce(unread, 'read') as event_log,
    refused_logins
from beside b
left join
    evidence e
    on e.cluster = b.cluster
    and e.svm_id = b.svm_id
    and e.initiator = b.initiator
    and e.cause_kind = b.cause_kind
    and e.cause_id = b.cause_id
    and e.lost_by = b.lost_by
order by
    b.lost_by, lost_after, b.cluster, svm, b.svm_id, b.initiator, b.cause_kind, cause, b.cause_id
