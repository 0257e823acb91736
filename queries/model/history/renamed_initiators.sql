-- /// query
-- title = "Initiators that go on under another name"
-- description = """
-- An initiator that is gone and one that was never seen before, within recent_hours of each other
-- and with at least half of their host addresses in common, whether at once or path by path: of
-- SVMs where one is gone since the first snapshot of a pair, or in the time in which a loss of the
-- window can still be open.
-- """
-- [columns]
-- cluster = "Cluster."
-- svm_id = "SVM."
-- initiator = "The name that is gone."
-- renamed_to = "The name that took its place."
-- seen_by = "First complete snapshot with the new name."
-- ///
with
    went as (
        select distinct cluster, svm_id, initiator
        from spells
        where
            gone_by is not null
            and gone_by >= (
                select
                    coalesce(
                        coalesce(
                            $since_day::timestamp - abandon_days * interval 1 day,
                            $before::timestamp
                        )
                        - recent_hours * interval 1 hour,
                        timestamp '0001-01-01'
                    )
                from thresholds
            )
    ),
    present as (
        select s.cluster, s.svm_id, s.initiator
        from spells s
        semi join
            went w on w.cluster = s.cluster and w.svm_id = s.svm_id and w.initiator = s.initiator
        where s.gone_by is null
    ),
    gone as (
        -- Without anybody who is gone since, the whole history need not be read.
        select distinct w.cluster, w.svm_id
        from went w
        anti join
            present p on p.cluster = w.cluster and p.svm_id = w.svm_id and p.initiator = w.initiator
    ),
    initiators as (
        select
            s.cluster,
            s.svm_id,
            s.initiator,
            min(s.first_seen) as first_seen,
            count(*) = count(s.seen_after) as is_new,
            max(s.gone_by) as gone_by,
            count(*) = count(s.gone_by) as is_gone
        from spells s
        join gone g on g.cluster = s.cluster and g.svm_id = s.svm_id
        where s.initiator <> ''
        group by s.cluster, s.svm_id, s.initiator
    ),
    addresses as (
        -- Of the few that went or came.
        select
            i.cluster,
            i.svm_id,
            i.initiator,
            i.first_seen,
            i.is_new,
            i.gone_by,
            i.is_gone,
            s.initiator_address,
            count(*) over (partition by i.cluster, i.svm_id, i.initiator) as addresses
        from initiators i
        join spells s on s.cluster = i.cluster and s.svm_id = i.svm_id and s.initiator = i.initiator
        where (i.is_gone or i.is_new) and s.initiator_address <> ''
        group by
            i.cluster,
            i.svm_id,
            i.initiator,
            i.first_seen,
            i.is_new,
            i.gone_by,
            i.is_gone,
            s.initiator_address
    ),
    shared as (
        select
            g.cluster,
            g.svm_id,
            g.initiator,
            c.initiator as renamed_to,
            c.first_seen as seen_by,
            g.first_seen as known_since,
            count(*) as addresses,
            least(min(g.addresses), min(c.addresses)) as fewest
        from addresses g
        join
            addresses c
            on c.cluster = g.cluster
            and c.svm_id = g.svm_id
            and c.initiator_address = g.initiator_address
        cross join thresholds h
        where
            g.is_gone
            and c.is_new
            and c.first_seen > g.first_seen
            and c.first_seen >= g.gone_by - h.recent_hours * interval 1 hour
            and c.first_seen <= g.gone_by + h.recent_hours * interval 1 hour
        group by g.cluster, g.svm_id, g.initiator, c.initiator, c.first_seen, g.first_seen
    )
select cluster, svm_id, initiator, renamed_to, seen_by
from shared
where addresses * 2 >= fewest
qualify
    row_number() over (
        partition by cluster, svm_id, renamed_to order by addresses desc, known_since, initiator
    )
    = 1
