-- /// query
-- title = "When paths lost sessions before the window that were not back when it began"
-- description = """
-- Such a loss belongs to the window: the transitions of these instants are evaluated again, whole,
-- so that its cause is the same whatever the window. One that is open for longer than
-- abandon_days has ended.
-- """
-- [columns]
-- cluster = "Cluster."
-- gone_by = "First complete snapshot without them."
-- ///
with
    events as (
        -- Interval overlap count by sweep line.
        select
            cluster,
            svm_id,
            initiator,
            initiator_address,
            interface_id,
            first_seen as instant,
            1.0 / greatest(connections, 1) as sessions
        from recent_spells
        where first_seen < $since
        union all
        select
            cluster,
            svm_id,
            initiator,
            initiator_address,
            interface_id,
            gone_by,
            -1.0 / greatest(connections, 1)
        from recent_spells
        where gone_by < $since
    ),
    deltas as (
        select
            cluster,
            svm_id,
            initiator,
            initiator_address,
            interface_id,
            instant,
            sum(sessions) as delta
        from events
        group by all
        having abs(delta) > 0.01
    ),
    running as (
        select
            *,
            sum(delta) over (
                partition by cluster, svm_id, initiator, initiator_address, interface_id
                order by instant
            ) as sessions
        from deltas
    ),
    turns as (
        select
            cluster,
            instant,
            delta,
            sessions,
            max(sessions) over (
                partition by cluster, svm_id, initiator, initiator_address, interface_id
                order by instant
                rows between 1 following and unbounded following
            ) as most_later
        from running
    )
select distinct t.cluster, t.instant as gone_by
from turns t
cross join thresholds h
where
    t.delta < 0
    and t.instant >= $since::timestamp - h.abandon_days * interval 1 day
    -- A path lost whole is back with one session, one lost in part with as many as before.
    and coalesce(t.most_later, 0)
    < case when t.sessions < 0.5 then 0.5 else t.sessions - t.delta - 0.01 end
