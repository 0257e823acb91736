-- /// query
-- title = "The snapshots and changes beside two instants"
-- description = """
-- From each of two instants, the complete snapshot before and after it, and the snapshot before and
-- after it that shows a change: where a handle on a timeline steps to.
-- """
-- time = "pair"
-- group = "Incident"
-- cannot_see = "Changes that were undone between two snapshots."
-- [params.initiator]
-- kind = "pattern"
-- names = "initiator_names"
-- default = "*"
-- help = "Whose changes: by its name or a part of it, alias, host name or address; * matches."
-- [columns]
-- handle = "before or after."
-- step = "previous or next."
-- by = "snapshot or change."
-- instant = "Where it leads; null if there is none."
-- ///
with
    handles as (
        select which as handle, max(taken_at) as instant from compared_snapshots group by which
    ),
    wanted as (
        select distinct initiator from initiator_names where name like $initiator escape '^'
    ),
    complete as (select taken_at as instant from attempts where status = 'complete'),
    turns as (
        select gone_by as instant
        from spells
        where
            gone_by is not null
            and ($initiator = '%' or initiator in (select initiator from wanted))
        union
        select first_seen
        from spells
        where
            seen_after is not null
            and ($initiator = '%' or initiator in (select initiator from wanted))
    )
select h.handle, 'previous' as step, 'snapshot' as "by", max(c.instant) as instant
from handles h
left join complete c on c.instant < h.instant
group by h.handle
union all
select h.handle, 'next', 'snapshot', min(c.instant)
from handles h
left join complete c on c.instant > h.instant
group by h.handle
union all
select h.handle, 'previous', 'change', max(c.instant)
from handles h
left join turns c on c.instant < h.instant
group by h.handle
union all
select h.handle, 'next', 'change', min(c.instant)
from handles h
left join turns c on c.instant > h.instant
group by h.handle
order by handle desc, "by" desc, step desc
