-- /// query
-- title = "Who is logged in, and as what"
-- description = """
-- One row per initiator of a cluster at one instant, over all its SVMs: where it comes from, what
-- it belongs to, how it authenticates. An initiator in two SVMs, in no igroup, with two aliases
-- or partly without CHAP has a note.
-- """
-- time = "instant"
-- brief = ["initiator", "svms", "sessions", "addresses", "igroups", "authentication", "note"]
-- group = "Who is this"
-- identity = ["cluster", "initiator"]
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
-- authentication = "chap, none, or mixed; null if not reported."
-- first_seen = "First snapshot of the history that shows it."
-- note = "What is unusual; null if nothing is."
-- ///
with
    grouped as (
        -- As its sessions and the listing of igroups say.
        select cluster, initiator, list_sort(list(distinct coalesce(igroup, igroup_id))) as igroups
        from members_at
        group by all
    ),
    igroups_known as (select distinct cluster from members_at),
    first_sights as (
        select cluster, initiator, min(first_seen) as first_seen
        from spells
        where first_seen <= $at::timestamp
        group by all
    ),
    logged_in as (
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
            case when g.igroups is null and k.cluster is not null then 'in no igroup' end,
            case when len(w.aliases) > 1 then 'two hosts may use this name' end,
            case when w.authentication = 'mixed' then 'some sessions without CHAP' end
        ),
        ''
    ) as note
from logged_in w
join first_sights b on b.cluster = w.cluster and b.initiator = w.initiator
left join grouped g on g.cluster = w.cluster and g.initiator = w.initiator
left join igroups_known k on k.cluster = w.cluster
order by cluster, initiator
