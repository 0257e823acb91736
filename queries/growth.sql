-- /// query
-- title = "Growth by week, of SVMs, igroups and host families"
-- description = """
-- Sessions and initiators at the end of each week (Monday to Sunday, UTC), who came for the first
-- time, who went and did not come back, and whose sessions only grew for three weeks: a leak, as
-- of a worker that never logs out. The family of a host is the naming authority in its name. What
-- the first snapshot lists is where growth begins, not growth.
-- """
-- time = "instant"
-- brief = ["kind", "name", "week", "sessions", "change", "initiators", "new_initiators",
-- "gone_initiators", "leaking"]
-- group = "Capacity"
-- identity = ["cluster", "kind", "name", "week"]
-- series = "sessions"
-- cannot_see = "Initiators that came and went between two snapshots."
-- [params.weeks]
-- default = 13
-- minimum = 1
-- maximum = 5200
-- help = "Weeks to tell, the present one included."
-- [params.kind]
-- choices = ["all", "svm", "igroup", "family"]
-- default = "all"
-- help = "Only svm, igroup or family."
-- [columns]
-- cluster = "Cluster."
-- kind = "svm, igroup or family."
-- name = "Its name."
-- week = "Monday that the week begins with."
-- sessions = "Sessions at its end."
-- change = "How many more than at its beginning."
-- initiators = "Initiators with sessions at its end."
-- new_initiators = "Seen in it for the first time ever."
-- gone_initiators = "Seen in it for the last time."
-- leaking = "Initiators whose sessions grew in it and in the two weeks before."
-- leaks = "Who they are."
-- ///
with
    rows_of as (
        select
            s.cluster,
            s.svm_id,
            s.svm,
            s.initiator,
            s.igroups,
            s.seen_after,
            s.first_seen,
            case when s.gone_by <= $at::timestamp then s.gone_by end as gone_by,
            1.0::double / greatest(coalesce(s.connections, 1), 1) as share
        from spells s
        where s.first_seen <= $at::timestamp
    ),
    kinds as (
        select *, 'svm' as kind, svm_id as key, svm as name
        from rows_of
        union all
        select
            *,
            'family',
            coalesce(
                nullif(regexp_extract(initiator, '^iqn\.\d{4}-\d{2}\.([^:]+)', 1), ''), 'other'
            ),
            null
        from rows_of
        union all
        select * exclude (igroup), 'igroup', coalesce(igroup.uuid, igroup.name), igroup.name
        from (select *, unnest(igroups) as igroup from rows_of)
    ),
    names as (
        select cluster, kind, key, coalesce(max_by(name, first_seen), key) as name
        from kinds
        group by cluster, kind, key
    ),
    events as (
        select
            cluster,
            kind,
            key,
            initiator,
            first_seen as since,
            share,
            seen_after is null as is_baseline
        from kinds
        union all
        select cluster, kind, key, initiator, gone_by, - share, false
        from kinds
        where gone_by is not null
    ),
    deltas as (
        select
            cluster,
            kind,
            key,
            initiator,
            date_trunc('week', since)::date as week,
            sum(share) as share,
            coalesce(sum(share) filter (where is_baseline), 0) as baseline
        from events
        group by all
    ),
    calendar as (
        select distinct a.cluster, date_trunc('week', a.taken_at)::date as week
        from attempts a
        where a.status = 'complete' and a.taken_at <= $at::timestamp
    ),
    members as (
        select cluster, kind, key, initiator, min(week) as first_week, max(week) as last_week
        from deltas
        group by all
    ),
    running as (
        -- One row per initiator and week: weeks are few, and only those from its first on.
        select
            m.cluster,
            m.kind,
            m.key,
            m.initiator,
            c.week,
            coalesce(w.baseline, 0) as baseline,
            coalesce(w.share, 0) - coalesce(w.baseline, 0) as share,
            sum(coalesce(w.share, 0)) over (
                partition by m.cluster, m.kind, m.key, m.initiator
                order by c.week
                rows between unbounded preceding and current row
            ) as held
        from members m
        join calendar c on c.cluster = m.cluster and c.week >= m.first_week
        left join
            deltas w
            on w.cluster = m.cluster
            and w.kind = m.kind
            and w.key = m.key
            and w.initiator = m.initiator
            and w.week = c.week
    ),
    judged_weeks as (
        select
            *,
            round(held) > round(lag(held) over by_week)
            and round(lag(held) over by_week) > round(lag(held, 2) over by_week)
            and round(lag(held, 2) over by_week) > round(lag(held, 3) over by_week) as leak
        from running
        window by_week as (partition by cluster, kind, key, initiator order by week)
    ),
    lives as (
        select
            cluster,
            kind,
            key,
            initiator,
            min(first_seen) as first_seen,
            count(*) = count(seen_after) as arrived,
            case when count(*) = count(gone_by) then max(gone_by) end as gone_by
        from kinds
        group by cluster, kind, key, initiator
    )
select
    f.cluster,
    f.kind,
    n.name,
    f.week,
    round(sum(f.held))::bigint as sessions,
    round(sum(f.share))::bigint as change,
    count(*) filter (where round(f.held, 3) > 0) as initiators,
    count(*) filter (
        where l.arrived and date_trunc('week', l.first_seen)::date = f.week
    ) as new_initiators,
    count(*) filter (where date_trunc('week', l.gone_by)::date = f.week) as gone_initiators,
    count(*) filter (where f.leak) as leaking,
    coalesce(list_sort(list(f.initiator) filter (where f.leak)), []) as leaks
from judged_weeks f
join names n on n.cluster = f.cluster and n.kind = f.kind and n.key = f.key
join
    lives l
    on l.cluster = f.cluster
    and l.kind = f.kind
    and l.key = f.key
    and l.initiator = f.initiator
where
    f.week > (date_trunc('week', $at::timestamp) - to_days(7 * $weeks::integer))::date
    and ($kind = 'all' or f.kind = $kind)
group by f.cluster, f.kind, f.key, n.name, f.week
order by f.cluster, f.kind, n.name, f.key, f.week
