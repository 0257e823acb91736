-- /// query
-- title = "What the array's own log can say of each loss"
-- [columns]
-- loss = "The loss, as numbered by losses."
-- event_log = """read: the log of the whole interval was read; not covered: the array had let go of
-- it, wholly or in part, before it was read; not read: nobody read it then."""
-- refused_logins = """Logins that the array refused to the host there since; null if the cluster
-- never read its log."""
-- ///
with
    ever as (
        select cluster, min(read_from) as read_from, max(read_until) as read_until
        from event_log
        group by cluster
    )
select
    l.loss,
    case
        when g.cluster is not null
        then 'read'
        when l.lost_after >= e.read_from and l.lost_by <= e.read_until
        then 'not covered'
        else 'not read'
    end as event_log,
    case when e.cluster is not null then coalesce(r.refused, 0) end as refused_logins
from losses l
left join ever e on e.cluster = l.cluster
left join
    event_log g
    on g.cluster = l.cluster
    and l.lost_after >= g.read_from
    and l.lost_by <= g.read_until
left join refused_logins r on r.loss = l.loss
