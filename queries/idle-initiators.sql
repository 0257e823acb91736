-- /// query
-- title = "Initiators that have not been seen for long: a list to clean up"
-- description = """
-- Members of igroups without a session for the given days, and how long the history can vouch for
-- that: one that was never seen counts from the first complete snapshot.
-- """
-- time = "instant"
-- brief = ["initiator", "host", "last_seen", "idle_days", "detail"]
-- group = "Capacity"
-- identity = ["cluster", "svm", "initiator"]
-- needs = ["igroups"]
-- cannot_see = "What an initiator did before the history began, or between two snapshots."
-- [params.days]
-- default = 30
-- minimum = 0
-- help = "Days without a session that make an initiator idle."
-- [columns]
-- cluster = "Cluster."
-- svm = "SVM."
-- initiator = "Initiator, lower-cased."
-- host = "What the policy calls the host."
-- igroups = "Igroups that it is a member of."
-- last_seen = "When it last had a session; null if never in the history."
-- idle_days = "Days since then, or since the history begins."
-- detail = "In words."
-- ///
with
    begun as (
        select s.cluster, s.taken_at, min(a.taken_at) as first_at
        from snapshot_at s
        join attempts a on a.cluster = s.cluster and a.status = 'complete'
        group by all
    ),
    seen as (
        select cluster, svm_id, initiator, max(last_seen) as last_seen
        from spells
        where first_seen <= $at::timestamp
        group by all
    ),
    idle as (
        select
            m.cluster,
            m.svm_id,
            max(m.svm) as svm,
            m.initiator,
            list_sort(list(distinct m.igroup)) as igroups,
            max(e.last_seen) as last_seen,
            max(b.taken_at) as taken_at,
            coalesce(max(e.last_seen), max(b.first_at)) as since
        from members_at m
        join begun b on b.cluster = m.cluster
        left join
            seen e on e.cluster = m.cluster and e.svm_id = m.svm_id and e.initiator = m.initiator
        group by m.cluster, m.svm_id, m.initiator
        having not bool_or(m.live)
    )
select
    i.cluster,
    i.svm,
    i.initiator,
    n.host,
    i.igroups,
    i.last_seen,
    floor((epoch(i.taken_at) - epoch(i.since)) / 86400)::bigint as idle_days,
    case
        when i.last_seen is null
        then 'never seen since the history began'
        else 'last seen ' || strftime(i.last_seen, '%Y-%m-%dT%H:%M:%SZ')
    end as detail
from idle i
left join host_names n on n.initiator = i.initiator
where epoch(i.taken_at) - epoch(i.since) >= 86400 * $days::bigint
order by all
