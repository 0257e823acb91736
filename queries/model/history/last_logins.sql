-- /// query
-- title = "When the array itself last saw what was lost"
-- description = """
-- After a gap in collecting the array is asked for the logins that it remembers of the igroups that
-- lost paths. Where one ended within the interval of a loss, its last sight is evidence, and the
-- array's own word: it narrows no interval. Its time is set right by the skew of the clocks.
-- """
-- [columns]
-- loss = "The loss, as numbered by losses."
-- seen_at = "When the array last saw the initiator logged in there, by the collector's clock."
-- ///
with
    ended as (
        select cluster, first_seen, last_seen, unnest(ended_logins) as login
        from igroups
        where ended_logins is not null
    ),
    dated as (
        select
            l.loss,
            l.lost_after,
            l.lost_by,
            e.login.last_seen - case
                when abs(a.clock_skew) >= h.least_skew_seconds then a.clock_skew::bigint else 0
            end
            * interval 1 second as seen_at
        from losses l
        join
            ended e
            on e.cluster = l.cluster
            and e.first_seen <= l.lost_by
            and e.last_seen >= l.lost_by
            and e.login.initiator = l.initiator
            and e.login.interface_uuid = l.interface_id
        cross join thresholds h
        left join attempts a on a.cluster = l.cluster and a.taken_at = l.lost_by
    )
select loss, max(seen_at) as seen_at
from dated
where seen_at > lost_after and seen_at <= lost_by
group by loss
