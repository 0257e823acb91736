-- /// query
-- title = "How long initiators stood on one leg"
-- description = """
-- One row for each stretch in which an initiator had its sessions on one node, in one subnet, or
-- none at all, while its SVM offers more. Add the minutes up for host-minutes without redundancy;
-- what could not be seen is counted in minutes_unknown and in nothing else.
-- """
-- time = "window"
-- group = "Now and before a change"
-- needs = ["interfaces"]
-- cannot_see = "Whether the host did I/O meanwhile, and whether its one path would have held."
-- [columns]
-- cluster = "Cluster."
-- svm = "SVM."
-- initiator = "Initiator, lower-cased."
-- state = "no_sessions, single_node or single_subnet."
-- left_on = "The node or subnet that was left."
-- began_after = "It began after this instant; null if it was so at the first look."
-- began_by = "First snapshot that shows it."
-- ended_after = "Last snapshot that shows it; null while it lasts."
-- ended_by = "First snapshot that shows it over; null while it lasts."
-- minutes_min = "Minutes of the window in which it certainly was so."
-- minutes_max = "Minutes of the window in which it may have been so."
-- minutes_unknown = "Minutes between the two that nobody could see."
-- ///
with
    piece as (
        select
            cluster,
            svm_id,
            svm,
            initiator,
            interface_uuid,
            seen_after,
            first_seen,
            last_seen,
            gone_by
        from spells
        where first_seen <= $until and initiator <> ''
        union all
        -- What one snapshot missed was there (C17).
        select
            r.cluster,
            r.svm_id,
            null,
            r.initiator,
            r.interface_id,
            r.last_seen,
            r.absent_at,
            r.absent_at,
            r.back_at
        from missed_reads r
        where r.initiator <> ''
    ),
    placed as (
        -- An interface may change its node while a session lives, and a session its interface.
        select
            p.cluster,
            p.svm_id,
            p.initiator,
            i.node,
            i.subnet,
            case
                when i.first_seen > p.first_seen then i.seen_after else p.seen_after
            end as seen_after,
            greatest(i.first_seen, p.first_seen) as first_seen,
            case
                when coalesce(i.gone_by < p.gone_by, i.gone_by is not null)
                then i.last_seen
                else p.last_seen
            end as last_seen,
            case
                when coalesce(i.gone_by < p.gone_by, i.gone_by is not null)
                then i.gone_by
                else p.gone_by
            end as gone_by
        from piece p
        join
            interfaces i
            on i.cluster = p.cluster
            and i.uuid = p.interface_uuid
            and coalesce(i.gone_by > p.first_seen, true)
            and coalesce(p.gone_by > i.first_seen, true)
    ),
    offered as (
        -- What an SVM offers a host to stand on: nodes and subnets that any session ever used.
        select cluster, svm_id, count(distinct node) as nodes, count(distinct subnet) as subnets
        from placed
        group by all
    ),
    leg as (
        select
            cluster,
            svm_id,
            initiator,
            'no_sessions' as state,
            '' as leg,
            seen_after,
            first_seen,
            last_seen,
            gone_by
        from piece
        union all
        select
            p.cluster,
            p.svm_id,
            p.initiator,
            'single_node',
            p.node,
            p.seen_after,
            p.first_seen,
            p.last_seen,
            p.gone_by
        from placed p
        join offered o on o.cluster = p.cluster and o.svm_id = p.svm_id and o.nodes > 1
        where p.node is not null
        union all
        select
            p.cluster,
            p.svm_id,
            p.initiator,
            'single_subnet',
            p.subnet,
            p.seen_after,
            p.first_seen,
            p.last_seen,
            p.gone_by
        from placed p
        join offered o on o.cluster = p.cluster and o.svm_id = p.svm_id and o.subnets > 1
        where p.subnet is not null
    ),
    step as (
        select
            cluster,
            svm_id,
            initiator,
            state,
            leg,
            first_seen as instant,
            seen_after as before_it,
            1 as moved
        from leg
        union all
        select cluster, svm_id, initiator, state, leg, gone_by, last_seen, -1
        from leg
        where gone_by is not null and gone_by <= $until
    ),
    counted as (
        select
            cluster,
            svm_id,
            initiator,
            state,
            leg,
            instant,
            max(before_it) as before_it,
            sum(moved) as moved
        from step
        group by all
    ),
    running as (
        select
            *,
            sum(moved) over (
                partition by cluster, svm_id, initiator, state, leg order by instant
            ) as sessions
        from counted
    ),
    stood as (
        -- A leg begins and ends to be stood on.
        select *, (sessions > 0)::integer - (sessions - moved > 0)::integer as turned from running
    ),
    legs as (
        select
            cluster,
            svm_id,
            initiator,
            state,
            instant,
            max(before_it) as before_it,
            sum(turned) as turned
        from stood
        where turned <> 0
        group by all
    ),
    level as (
        select
            *,
            sum(turned) over (
                partition by cluster, svm_id, initiator, state order by instant
            ) as legs
        from legs
    ),
    low as (
        select
            *,
            legs <= case when state = 'no_sessions' then 0 else 1 end
            -- Without any session it stands on nothing: that is told once.
            and (state = 'no_sessions' or legs > 0) as is_low
        from level
    ),
    turn as (
        select
            *, lead(instant) over next_one as ended_by, lead(before_it) over next_one as ended_after
        from
            (
                select *
                from low
                qualify
                    is_low is distinct from lag(is_low) over (
                        partition by cluster, svm_id, initiator, state order by instant
                    )
            )
        window next_one as (partition by cluster, svm_id, initiator, state order by instant)
    ),
    stretch as (
        select
            *,
            case when instant > $since then instant else $since end as clear_from,
            case
                when coalesce(before_it, instant) > $since
                then coalesce(before_it, instant)
                else $since
            end as from_at,
            case
                when coalesce(ended_after, $until) < $until then ended_after else $until
            end as clear_to,
            case when coalesce(ended_by, $until) < $until then ended_by else $until end as to_at
        from turn
        where is_low and coalesce(ended_by > $since, true) and instant <= $until
    ),
    dark as (
        select
            s.cluster,
            s.svm_id,
            s.initiator,
            s.state,
            s.instant,
            sum(
                greatest(
                    0,
                    date_diff(
                        'second',
                        greatest(s.clear_from, coalesce(u."after", s.clear_from)),
                        least(s.clear_to, coalesce(u."by", s.clear_to))
                    )
                )
            ) as seconds
        from stretch s
        join unknowns u on u.cluster = s.cluster
        group by all
    ),
    standing as (
        -- Where it stood meanwhile: the legs that were there when the stretch began.
        select s.cluster, s.svm_id, s.initiator, s.state, s.instant, max(l.leg) as left_on
        from stretch s
        join
            leg l
            on l.cluster = s.cluster
            and l.svm_id = s.svm_id
            and l.initiator = s.initiator
            and l.state = s.state
            and l.first_seen <= s.instant
            and coalesce(l.gone_by > s.instant, true)
        where s.state <> 'no_sessions'
        group by all
    ),
    named as (
        select cluster, svm_id, max_by(svm, first_seen) as svm
        from spells
        where first_seen <= $until
        group by all
    )
select
    s.cluster,
    coalesce(n.svm, nullif(s.svm_id, '')) as svm,
    s.initiator,
    s.state,
    l.left_on,
    s.before_it as began_after,
    s.instant as began_by,
    s.ended_after,
    s.ended_by,
    floor(
        greatest(0, date_diff('second', s.clear_from, s.clear_to) - coalesce(d.seconds, 0)) / 60
    )::bigint as minutes_min,
    floor(date_diff('second', s.from_at, s.to_at) / 60)::bigint as minutes_max,
    floor(coalesce(d.seconds, 0) / 60)::bigint as minutes_unknown
from stretch s
left join
    standing l
    on l.cluster = s.cluster
    and l.svm_id = s.svm_id
    and l.initiator = s.initiator
    and l.state = s.state
    and l.instant = s.instant
left join
    dark d
    on d.cluster = s.cluster
    and d.svm_id = s.svm_id
    and d.initiator = s.initiator
    and d.state = s.state
    and d.instant = s.instant
left join named n on n.cluster = s.cluster and n.svm_id = s.svm_id
order by cluster, svm, initiator, began_by, state
