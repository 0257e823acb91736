-- /// query
-- title = "When paths lost sessions before the window that never came back"
-- description = """
-- A loss that is still open belongs to every later window: these are the instants that have to be
-- looked at again, whole, so that its cause is the same whatever the window.
-- """
-- [columns]
-- cluster = "Cluster."
-- gone_by = "First comparable snapshot without them."
-- ///
with
    step as (
        select
            cluster,
            svm_id,
            initiator,
            initiator_address,
            interface_id,
            first_seen as instant,
            1.0 / greatest(connections, 1) as sessions
        from spells
        union all
        select
            cluster,
            svm_id,
            initiator,
            initiator_address,
            interface_id,
            gone_by,
            -1.0 / greatest(connections, 1)
        from spells
        where gone_by is not null
    ),
    moved as (
        select
            cluster,
            svm_id,
            initiator,
            initiator_address,
            interface_id,
            instant,
            sum(sessions) as moved
        from step
        group by all
        having abs(moved) > 0.01
    ),
    running as (
        select
            *,
            sum(moved) over (
                partition by cluster, svm_id, initiator, initiator_address, interface_id
                order by instant
            ) as sessions
        from moved
    ),
    ahead as (
        select
            cluster,
            instant,
            moved,
            sessions,
            max(sessions) over (
                partition by cluster, svm_id, initiator, initiator_address, interface_id
                order by instant
                rows between 1 following and unbounded following
            ) as most
        from running
    )
select distinct cluster, instant as gone_by
from ahead
where
    instant < $since
    and moved < 0
    -- A path lost whole is back with one session, one lost in part with as many as before.
    and coalesce(most, 0) < case when sessions < 0.5 then 0.5 else sessions - moved - 0.01 end
