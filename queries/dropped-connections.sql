-- /// query
-- title = "Dropped connections"
-- description = """
-- One row per path that lost sessions: between which two instants, what was left, whether and when
-- it was back, and the smallest cause that explains it. Only stated between two snapshots that saw
-- everything; what could not be seen widens an interval and is never a loss.
-- """
-- time = "window"
-- kind = "finding"
-- group = "Incident"
-- identity = ["cluster", "svm", "initiator", "initiator_address", "interface", "lost_by"]
-- began = ["lost_after", "lost_by"]
-- ended = ["recovered", "replaced", "abandoned", "retracted"]
-- picture = "losses"
-- page = 30
-- evidence = true
-- overview = "dropped-hosts"
-- part_of = "outages"
-- brief = ["initiator", "interface", "lost_after", "back_after", "severity", "status",
-- "initiator_address", "initiator_sessions_left", "cause"]
-- needs = ["interfaces", "ems", "ports"]
-- cannot_see = """Losses shorter than the time between two snapshots, LUN paths and their state,
-- I/O, failed logins that the array does not log, and why: patterns, and what the array's
-- log says. A dead host may be listed until the array notices."""
-- [params.include_retracted]
-- default = false
-- help = "Also show losses that the next snapshot disproved."
-- [columns]
-- cluster = "Cluster."
-- svm = "SVM."
-- initiator = "Initiator."
-- initiator_address = "Host address of the path."
-- interface = "Interface of the path."
-- interface_address = "Address of the interface."
-- sessions_lost = "Sessions lost on the path."
-- path_sessions_left = "Sessions left on the path."
-- initiator_sessions_left = "Sessions left to the initiator in the SVM; 0 is critical."
-- lost_after = "Last complete snapshot that saw them."
-- lost_by = "First complete snapshot that did not."
-- back_after = "Last complete snapshot before they were back."
-- back_by = "First complete snapshot that has them back."
-- outage_min_seconds = "It lasted at least this long; null while open."
-- outage_max_seconds = "It lasted at most this long; null while open."
-- status = "open, abandoned, recovered, replaced or retracted."
-- replaced_by = """The path that took over, the SVM that it switched over to, or the name under
-- which the initiator goes on."""
-- cause_kind = """What explains it: path, host_address, host, interface, igroup, node, subnet,
-- svm or cluster."""
-- cause = "Name of what explains it."
-- severity = """low, medium, high or critical: by what the initiator had left when the path was
-- gone, whatever came back since; info if abandoned or retracted."""
-- detail = "What is left, and what to look at."
-- evidence = "What the array itself says of the interval; null if nothing."
-- event_log = """read: the array's own log of the interval was read, so that no evidence means
-- that it says nothing; not covered: the array had let go of that part of it; not read: it was
-- not requested."""
-- refused_logins = "Logins that the array refused to the host there since; null if not read."
-- ///
with
    evidence as (
        select loss, array_to_string(list_sort(list(distinct detail)), '; ') as evidence
        from loss_evidence
        group by loss
    ),
    drops as (
        select
            l.cluster,
            l.svm,
            nullif(l.initiator, '') as initiator,
            nullif(l.initiator_address, '') as initiator_address,
            coalesce(l.interface, nullif(l.interface_id, '')) as interface,
            l.interface_address,
            l.sessions_lost,
            l.path_sessions_left,
            l.initiator_sessions_left,
            l.lost_after,
            l.lost_by,
            l.back_after,
            l.back_by,
            case
                when l.back_by is not null
                then greatest(0, date_diff('second', l.lost_by, l.back_after))
            end as outage_min_seconds,
            date_diff('second', l.lost_after, l.back_by) as outage_max_seconds,
            l.status,
            l.replaced_by,
            c.cause_kind,
            c.cause,
            l.severity,
            case
                when l.initiator_sessions_left = 0
                then 'no session left in this SVM'
                else
                    l.initiator_sessions_left
                    || ' sessions left, on '
                    || array_to_string(l.left_on, ', ')
                    || case when l.nodes_left = 1 then ' (one node)' else '' end
                    || case when l.subnets_left = 1 then ' (one subnet)' else '' end
            end
            || coalesce('; the SVM switched over to ' || l.switched_to, '')
            || coalesce('; probably goes on as ' || l.renamed_to, '')
            || case
                when
                    l.status = 'recovered'
                    and l.path_sessions_left = 0
                    and l.back_sessions < l.sessions_lost
                then '; back with ' || l.back_sessions || ' of ' || l.sessions_lost || ' sessions'
                else ''
            end
            || case
                when l.status = 'open' and c.cause_kind = 'path'
                then '; log in again from the host, look at its cable and switch port'
                when l.status = 'open'
                then '; look at ' || replace(c.cause_kind, '_', ' ') || ' ' || c.cause
                when l.status = 'abandoned'
                then '; abandoned at ' || strftime(l.ended_by, '%Y-%m-%dT%H:%M:%SZ')
                else ''
            end
            || coalesce(
                '; ' || nullif(g.refused_logins, 0) || ' logins refused there', ''
            ) as detail,
            e.evidence,
            g.event_log,
            g.refused_logins
        from losses l
        join causes c on c.loss = l.loss
        left join evidence e on e.loss = l.loss
        join loss_log g on g.loss = l.loss
        where l.in_window
        union all
        select
            r.cluster,
            s.svm,
            nullif(r.initiator, ''),
            nullif(r.initiator_address, ''),
            coalesce(s.interface, nullif(r.interface_id, '')),
            r.interface_address,
            1,
            0,
            null::bigint,
            r.last_seen,
            r.absent_at,
            r.absent_at,
            r.back_at,
            0,
            0,
            'retracted',
            null,
            'path',
            r.initiator_address || ' to ' || coalesce(s.interface, r.interface_id),
            'info',
            'the same connection is back: the snapshot of '
            || strftime(r.absent_at, '%Y-%m-%dT%H:%M:%SZ')
            || ' missed it',
            null,
            null,
            null::bigint
        from missed_reads r
        join
            spells s
            on s.cluster = r.cluster
            and s.svm_id = r.svm_id
            and s.initiator = r.initiator
            and s.first_seen = r.ended
            and s.gone_by = r.absent_at
            and s.tsih = r.tsih
            and s.isid = r.isid
            and s.interface_id = r.interface_id
            and s.initiator_address = r.initiator_address
            and s.cid is not distinct from r.cid
        where $include_retracted and r.back_at >= $since
    )
select *
from drops
order by
    lost_by,
    lost_after,
    cluster,
    svm,
    initiator,
    initiator_address,
    interface,
    status,
    sessions_lost
