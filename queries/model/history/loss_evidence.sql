-- /// query
-- title = "What the array itself says of each loss"
-- description = """
-- Changes of the path's interface, of the node that it stood on and of its SVM between the last
-- snapshot with it and the first without, and what the array's own log says of them, of the port,
-- of the initiator and of nodes between these two. It narrows what is said of the cause, never the
-- interval. Of a node that was taken over it goes without saying that its interfaces went down or
-- moved: what follows from the event of a larger object is left out, and so is a change that the
-- log shows better. An interface stands on its own port, on that under a VLAN and on the members
-- of an interface group. When the array itself last saw a login that was lost across a gap stands
-- beside all that.
-- """
-- [columns]
-- loss = "The loss, as numbered by losses."
-- source = "inventories, log or logins."
-- detail = "What changed, or what the array says and when."
-- ///
with
    located as (
        select
            l.loss,
            l.cluster,
            l.svm_id,
            l.svm,
            l.initiator,
            l.interface_id,
            l.interface,
            l.interface_address,
            l.lost_after,
            l.lost_by,
            -- A listing takes its time: what happened meanwhile may be in it.
            l.lost_by + ceil(coalesce(a.seconds, 0))::bigint * interval 1 second as listed_by,
            i.node,
            i.home_node,
            i.port
        from losses l
        left join attempts a on a.cluster = l.cluster and a.taken_at = l.lost_by
        left join
            interfaces i
            on i.cluster = l.cluster
            and i.uuid = l.interface_id
            and i.first_seen <= l.lost_after
            and i.last_seen >= l.lost_after
    ),
    changes as (
        select
            l.loss,
            -- 1 for a node, 2 for an SVM, 3 for a port, 4 for an interface, 5 for a host.
            case
                when a.interface_id is not null then 4 when a.svm_id is not null then 2 else 1
            end as rank,
            -- What the log would call it.
            case
                when a.change in ('interface_moved', 'interface_home')
                then 'moved'
                else replace(a.change, 'node_', '')
            end as event,
            a.detail
        from located l
        join
            array_changes a
            on a.cluster = l.cluster
            and a.changed_after < l.lost_by
            and a.changed_by > l.lost_after
        where
            a.change
            not in ('node_up', 'node_renamed', 'interface_up', 'interface_added', 'svm_started')
            -- What nobody could see took nothing away.
            and a.change not in ('svm_not_listed', 'svm_listed_again')
            and case
                when a.interface_id is not null
                then a.interface_id = l.interface_id
                when a.svm_id is not null
                then a.svm_id = l.svm_id
                else a.node = l.node
            end
    ),
    stacked as (
        -- Ports as they were last listed before: what the interface's own stands on.
        select l.loss, p.base_port, p.lag_ports, b.lag_ports as base_lag_ports
        from located l
        join
            ports p
            on p.cluster = l.cluster
            and p.node = l.node
            and p.name = l.port
            and p.first_seen <= l.lost_after
            and coalesce(p.gone_by > l.lost_after, true)
        left join
            ports b
            on b.cluster = l.cluster
            and b.node = l.node
            and b.name = p.base_port
            and b.first_seen <= l.lost_after
            and coalesce(b.gone_by > l.lost_after, true)
    ),
    ports_below as (
        select loss, port
        from located
        where port is not null
        union
        select loss, base_port
        from stacked
        where base_port is not null
        union
        select loss, unnest(lag_ports)
        from stacked
        union
        select loss, unnest(base_lag_ports)
        from stacked
    ),
    candidates as (
        select
            l.*,
            e.event,
            e.message,
            e.happened_at,
            e.node as logged_by,
            e.about_node,
            u.port as event_port,
            e.interface as event_interface,
            e.interface_address as event_address,
            e.svm as event_svm,
            e.initiator as event_initiator,
            e.words
            || case when u.port <> l.port then ', under port ' || l.port else '' end as words,
            -- Free text is shown, not read: whom it names is all that is taken from it.
            ' ' || translate(lower(e.text), '.,;:()[]"''', '          ') || ' ' as mentions
        from located l
        join
            array_events e
            on e.cluster = l.cluster
            and e.happened_at > l.lost_after
            and e.happened_at <= l.listed_by
        left join
            ports_below u
            on u.loss = l.loss
            and u.port = e.port
            and e.event = 'port_down'
            and e.about_node = l.node
    ),
    logged as (
        select
            loss,
            event,
            message,
            happened_at,
            words,
            case
                when event = 'taken_over' and node = about_node
                then 1
                when
                    event = 'given_back'
                    and home_node = about_node
                    and node in (logged_by, about_node)
                then 1
                when event = 'panic' and node = about_node
                then 1
                when event = 'svm_stopped' and svm = event_svm
                then 2
                when event_port is not null
                then 3
                when
                    event in ('moved', 'interface_down')
                    and interface = event_interface
                    and coalesce(interface_address = event_address, true)
                    and coalesce(svm = event_svm, true)
                then 4
                when
                    event in ('login_refused', 'login_missing')
                    and initiator = event_initiator
                    and coalesce(interface = event_interface, true)
                    and coalesce(svm = event_svm, true)
                then 5
                when
                    event = 'noted'
                    and (
                        contains(mentions, ' ' || lower(svm) || ' ')
                        or contains(mentions, ' ' || lower(interface) || ' ')
                        or contains(mentions, ' ' || initiator || ' ')
                    )
                then 5
            end as rank
        from candidates
    ),
    unimplied as (
        select g.*
        from logged g
        cross join thresholds h
        where
            g.rank is not null
            and not exists (
                select 1
                from logged o
                where
                    o.loss = g.loss
                    and o.rank < g.rank
                    and g.rank in (3, 4)
                    and abs(date_diff('second', o.happened_at, g.happened_at)) <= h.implied_seconds
            )
    ),
    summed as (
        -- A port that flaps all night is one sentence.
        select
            loss,
            rank,
            event,
            words,
            message,
            min(happened_at) as first,
            max(happened_at) as last,
            count(*) as times
        from unimplied
        group by loss, rank, event, words, message
    ),
    larger as (
        select loss, min(rank) as rank
        from
            (
                select loss, rank
                from changes
                union all
                select loss, rank
                from summed
            )
        group by loss
    )
select c.loss, 'inventories' as source, c.detail
from changes c
join larger r on r.loss = c.loss and r.rank = c.rank
where not exists (select 1 from summed s where s.loss = c.loss and s.event = c.event)
union all
select
    loss,
    'log',
    strftime(first, '%Y-%m-%dT%H:%M:%SZ')
    || ' '
    || words
    || case
        when times > 1
        then ', ' || times || ' times until ' || strftime(last, '%Y-%m-%dT%H:%M:%SZ')
        else ''
    end
    || ' ('
    || message
    || ')'
from summed
union all
select
    loss,
    'logins',
    'the array last saw this login at '
    || strftime(seen_at, '%Y-%m-%dT%H:%M:%SZ')
    || ' (its own word: connectivity_tracking)'
from last_logins
