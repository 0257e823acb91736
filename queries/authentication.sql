-- /// query
-- title = "How initiators authenticated, and since when"
-- description = """
-- One row for as long as an initiator authenticated in one way in an SVM. A row of none after one
-- of chap is a finding: somebody took its CHAP away, or another host uses its name.
-- """
-- time = "window"
-- kind = "finding"
-- brief = ["initiator", "authentication", "since_after", "previously", "severity", "detail"]
-- group = "Who is this"
-- identity = ["cluster", "svm", "initiator", "since_by"]
-- began = ["since_after", "since_by"]
-- cannot_see = "Failed logins: the array does not list them."
-- [columns]
-- cluster = "Cluster."
-- svm = "SVM."
-- initiator = "Initiator, lower-cased."
-- authentication = "chap, none, or mixed while its sessions differed."
-- since_after = """It began after this instant; null if it was so in the first snapshot of the
-- SVM."""
-- since_by = "First snapshot that shows it so."
-- until_by = "First snapshot that shows it otherwise; null while it lasts."
-- previously = "How it authenticated before; null if it was not there."
-- severity = "high for none or mixed after chap, else info."
-- detail = "In words."
-- ///
with
    events as (
        -- Interval overlap count by sweep line.
        select
            cluster,
            svm_id,
            initiator,
            authentication,
            first_seen as instant,
            seen_after as before,
            1 as step
        from spells
        where authentication is not null and first_seen <= $until
        union all
        select cluster, svm_id, initiator, authentication, gone_by, last_seen, -1
        from spells
        where authentication is not null and gone_by is not null and gone_by <= $until
    ),
    deltas as (
        select
            cluster,
            svm_id,
            initiator,
            instant,
            max(before) as before,
            sum(case when authentication = 'chap' then step else 0 end) as chap,
            sum(case when authentication = 'chap' then 0 else step end) as without_chap
        from events
        group by all
    ),
    running as (
        select
            cluster,
            svm_id,
            initiator,
            instant,
            before,
            sum(chap) over so_far as chap,
            sum(without_chap) over so_far as without_chap
        from deltas
        window so_far as (partition by cluster, svm_id, initiator order by instant)
    ),
    states as (
        -- While it is away its last way of authenticating goes on.
        select
            *,
            case
                when chap > 0 and without_chap > 0
                then 'mixed'
                when chap > 0
                then 'chap'
                else 'none'
            end as authentication
        from running
        where chap > 0 or without_chap > 0
    ),
    turns as (
        select
            *,
            lag(authentication) over (
                partition by cluster, svm_id, initiator order by instant
            ) as previously
        from states
        qualify
            authentication is distinct from lag(authentication) over (
                partition by cluster, svm_id, initiator order by instant
            )
    ),
    spans as (
        select
            *,
            lead(instant) over (
                partition by cluster, svm_id, initiator order by instant
            ) as until_by
        from turns
    ),
    svm_names as (
        select cluster, svm_id, max_by(svm, first_seen) as svm
        from spells
        where first_seen <= $until
        group by all
    )
select
    t.cluster,
    coalesce(n.svm, nullif(t.svm_id, '')) as svm,
    nullif(t.initiator, '') as initiator,
    t.authentication,
    t.before as since_after,
    t.instant as since_by,
    t.until_by,
    t.previously,
    case when t.previously = 'chap' then 'high' else 'info' end as severity,
    case
        when t.previously = 'chap'
        then 'used CHAP before; ask who changed it, and compare its addresses and alias'
        when t.previously is not null
        then 'was ' || t.previously || ' before'
        when t.authentication = 'chap'
        then 'every session with CHAP'
        when t.authentication = 'none'
        then 'no session with CHAP'
        else 'some sessions with CHAP, some without'
    end as detail
from spans t
left join svm_names n on n.cluster = t.cluster and n.svm_id = t.svm_id
where coalesce(t.until_by > $since, true)
order by cluster, svm, initiator, since_by
