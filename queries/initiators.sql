-- /// query
-- title = "Who is logged in, and as what"
-- description = """
-- One row per initiator of a cluster at one instant, over all its SVMs: where it comes from, what
-- it belongs to, how it authenticates. An initiator in two SVMs, in no igroup, with two aliases
-- or partly without CHAP is told by note.
-- """
-- time = "instant"
-- brief = ["initiator", "svms", "sessions", "addresses", "igroups", "authentication", "note"]
-- group = "Who is this"
-- cannot_see = "Members of igroups that are not logged in: multipath-imbalance names those."
-- [columns]
-- cluster = "Cluster."
-- initiator = "Initiator, lower-cased."
-- svms = "SVMs it is logged in to."
-- sessions = "Its sessions."
-- interfaces = "How many interfaces they are on."
-- addresses = "Its addresses."
-- aliases = "Aliases it sent."
-- igroups = "Igroups it belongs to."
-- authentication = "chap, none, or mixed; null if not told."
-- first_seen = "First snapshot of the history that shows it."
-- note = "What is unusual; null if nothing is."
-- ///
with
    member as (select cluster, initiator, unnest(igroups) as igroup from sessions_at),
    grouped as (
        select
            cluster,
            initiator,
            list_sort(list(distinct coalesce(igroup.name, igroup.uuid))) as igroups
        from member
        group by all
    ),
    told as (
        -- Where no session at all names an igroup the answer did not carry them.
        select distinct cluster from member
    ),
    born as (
        select cluster, initiator, min(first_seen) as first_seen
        from spells
        where first_seen <= $at::timestamp
        group by all
    ),
    who as (
        select
            s.cluster,
            s.initiator,
            list_sort(list(distinct coalesce(s.svm, s.svm_id))) as svms,
            count(*) as sessions,
            count(distinct s.interface_id) as interfaces,
            list_sort(
                list(distinct s.initiator_address) filter (where s.initiator_address <> '')
            ) as addresses,
            list_sort(list(distinct s.alias) filter (where s.alias <> '')) as aliases,
            case
                when count(distinct s.authentication) > 1 then 'mixed' else max(s.authentication)
            end as authentication
        from sessions_at s
        group by s.cluster, s.initiator
    )
select
    w.cluster,
    nullif(w.initiator, '') as initiator,
    w.svms,
    w.sessions,
    w.interfaces,
    w.addresses,
    w.aliases,
    g.igroups,
    w.authentication,
    b.first_seen,
    nullif(
        concat_ws(
            '; ',
            case when len(w.svms) > 1 then 'in ' || len(w.svms) || ' SVMs' end,
            case when g.igroups is null and t.cluster is not null then 'in no igroup' end,
            case when len(w.aliases) > 1 then 'two hosts may use this name' end,
            case when w.authentication = 'mixed' then 'some sessions without CHAP' end
        ),
        ''
    ) as note
from who w
join born b on b.cluster = w.cluster and b.initiator = w.initiator
left join grouped g on g.cluster = w.cluster and g.initiator = w.initiator
left join told t on t.cluster = w.cluster
order by cluster, initiator
