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
    snapshots as (
        select
            h.handle,
            max(a.taken_at) filter (where a.taken_at < h.instant) as previous,
            min(a.taken_at) filter (where a.taken_at > h.instant) as next
        from handles h
        cross join attempts a
        where a.status = 'complete'
        group by h.handle
    ),
    instants as (
        -- Of everybody, or of those that are wanted only.
        select instant
        from change_instants
        where $initiator = '%'
        union all
        select s.gone_by
        from spells s
        join wanted w on w.initiator = s.initiator
        where $initiator <> '%'
        union all
        select s.first_seen
        from spells s
        join wanted w on w.initiator = s.initiator
        where $initiator <> '%' and s.seen_after is not null
    ),
    changes as (
        select
            h.handle,
            max(i.instant) filter (where i.instant < h.instant) as previous,
            min(i.instant) filter (where i.instant > h.instant) as next
        from handles h
        cross join instants i
        group by h.handle
    )
select handle, 'previous' as step, 'snapshot' as "by", previous as instant
from snapshots
union all
select handle, 'next', 'snapshot', next
from snapshots
union all
select handle, 'previous', 'change', previous
from changes
union all
select handle, 'next', 'change', next
from changes
order by handle desc, "by" desc, step desc
