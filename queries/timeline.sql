-- /// query
-- title = "Everything that happened to one initiator"
-- description = """
-- In order: when it was first seen, what it lost and when that was back, reconnects, changes of
-- address, igroup, alias and authentication, what partial answers showed, what changed about the
-- array itself, what is unknown, and the marks.
-- """
-- time = "window"
-- kind = "finding"
-- brief = ["happened_after", "event", "initiator", "interface", "severity", "detail"]
-- group = "Incident"
-- identity = ["cluster", "svm", "initiator", "happened_by", "event", "initiator_address",
-- "interface", "detail"]
-- began = ["happened_after", "happened_by"]
-- check = false
-- cannot_see = "What happened and was undone between two snapshots without a new session handle."
-- [params.initiator]
-- kind = "pattern"
-- names = "initiator_names"
-- default = "*"
-- help = "Whose: by its name or a part of it, alias, host name or address; * matches."
-- [columns]
-- cluster = "Cluster; null for a mark."
-- svm = "SVM; null for what concerns the whole cluster."
-- happened_after = "It happened after this instant."
-- happened_by = "It had happened by this one."
-- event = """first_seen, lost, recovered, appeared, reconnected, …, seen, node_taken_over,
-- interface_down, …, the name of a message of the array's own log, last_login (the array's own last
-- sight of what was lost across a gap), unknown, or mark."""
-- initiator_address = "Host address of the path."
-- interface = "Interface of the path."
-- detail = "In words."
-- severity = "info, low, medium, high or critical."
-- initiator = "iSCSI name of the initiator; null for what concerns the array."
-- ///
with
    wanted as (
        select distinct cluster, svm_id, initiator
        from spells
        where
            initiator
            in (select initiator from initiator_names where name like $initiator escape '^')
    ),
    first_sights as (
        select s.cluster, s.svm_id, s.svm, s.initiator, s.first_seen, s.seen_after
        from spells s
        join wanted w on w.cluster = s.cluster and w.svm_id = s.svm_id and w.initiator = s.initiator
        qualify
            row_number() over (
                partition by s.cluster, s.svm_id, s.initiator
                order by s.first_seen, s.seen_after nulls first
            )
            = 1
    ),
    happened as (
        select
            cluster,
            svm,
            initiator,
            seen_after as happened_after,
            first_seen as happened_by,
            'first_seen' as event,
            null::varchar as initiator_address,
            null::varchar as interface,
            case
                when seen_after is null
                then 'already present in the first snapshot of this SVM'
                else 'never seen in this SVM before'
            end as detail,
            'info' as severity
        from first_sights
        where first_seen >= $since and first_seen <= $until
        union all
        select
            c.cluster,
            c.svm,
            c.initiator,
            c.changed_after,
            c.changed_by,
            c.change,
            nullif(c.initiator_address, ''),
            coalesce(c.interface, nullif(c.interface_id, '')),
            c.sessions
            || case when c.sessions = 1 then ' session; ' else ' sessions; ' end
            || c.detail,
            c.severity
        from changed c
        join wanted w on w.cluster = c.cluster and w.svm_id = c.svm_id and w.initiator = c.initiator
        union all
        select
            l.cluster,
            l.svm,
            l.initiator,
            l.back_after,
            l.back_by,
            'recovered',
            nullif(l.initiator_address, ''),
            coalesce(l.interface, nullif(l.interface_id, '')),
            'what was lost by '
            || strftime(l.lost_by, '%Y-%m-%dT%H:%M:%SZ')
            || ' is back, after '
            || greatest(0, date_diff('minute', l.lost_by, l.back_after))
            || ' to '
            || date_diff('minute', l.lost_after, l.back_by)
            || ' minutes',
            'info'
        from losses l
        join wanted w on w.cluster = l.cluster and w.svm_id = l.svm_id and w.initiator = l.initiator
        where l.back_by is not null and l.back_by >= $since and l.back_by <= $until
        union all
        select
            g.cluster,
            max(g.svm),
            g.initiator,
            g.first_seen,
            g.last_seen,
            'seen',
            null,
            null,
            count(*) || ' connections in partial answers, which prove presence and nothing else',
            'info'
        from sightings g
        join wanted w on w.cluster = g.cluster and w.svm_id = g.svm_id and w.initiator = g.initiator
        where g.last_seen >= $since and g.first_seen <= $until
        group by g.cluster, g.svm_id, g.initiator, g.first_seen, g.last_seen
        union all
        -- Of the array itself: nodes, and the SVMs that it has sessions in.
        select distinct
            a.cluster,
            a.svm,
            null,
            a.changed_after,
            a.changed_by,
            a.change,
            null,
            a.interface,
            a.detail,
            a.severity
        from array_changes a
        join wanted w on w.cluster = a.cluster and (a.svm_id is null or w.svm_id = a.svm_id)
        where a.changed_by >= $since
        union all
        -- What the array logged: of the initiator, and of nodes, ports and interfaces of its SVMs.
        select distinct
            e.cluster,
            e.svm,
            e.initiator,
            e.happened_at,
            e.happened_at,
            e.message,
            e.initiator_address,
            e.interface,
            e.words,
            e.severity
        from array_events e
        join wanted w on w.cluster = e.cluster
        left join
            interfaces i
            on i.cluster = e.cluster
            and i.svm_uuid = w.svm_id
            and case
                when e.interface is not null
                then i.name = e.interface and coalesce(i.address = e.interface_address, true)
                else i.node = e.about_node or i.home_node = e.about_node
            end
        where
            e.happened_at >= $since
            and e.happened_at <= $until
            and case
                when e.initiator is not null
                then e.initiator = w.initiator
                when e.event = 'noted' and e.interface is null
                then
                    contains(lower(e.text), w.initiator)
                    or coalesce(contains(lower(e.text), lower(i.svm)), false)
                else i.uuid is not null
            end
        union all
        select
            l.cluster,
            l.svm,
            l.initiator,
            r.seen_at,
            r.seen_at,
            'last_login',
            nullif(l.initiator_address, ''),
            l.interface,
            'the array last saw this login, by its own word; it was lost by '
            || strftime(l.lost_by, '%Y-%m-%dT%H:%M:%SZ'),
            'info'
        from last_logins r
        join losses l on l.loss = r.loss
        join wanted w on w.cluster = l.cluster and w.svm_id = l.svm_id and w.initiator = l.initiator
        where r.seen_at >= $since and r.seen_at <= $until
        union all
        select
            u.cluster,
            null,
            null,
            u."after",
            u."by",
            'unknown',
            null,
            null,
            'no data: ' || u.reason,
            'info'
        from unknowns u
        where u.cluster in (select cluster from wanted)
        union all
        select
            null,
            null,
            null,
            m.instant,
            m.instant,
            'mark',
            null,
            null,
            m.name || coalesce(': ' || m.note, '') || coalesce(' (' || m.ticket || ')', ''),
            'info'
        from marks m
        where m.instant >= $since and m.instant <= $until
    )
select
    cluster,
    svm,
    happened_after,
    happened_by,
    event,
    initiator_address,
    interface,
    detail,
    severity,
    initiator
from happened
order by
    coalesce(happened_by, happened_after),
    happened_after,
    cluster,
    svm,
    initiator,
    event,
    interface,
    initiator_address,
    detail,
    severity
