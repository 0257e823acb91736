-- /// query
-- title = "Which listings of an inventory are compared"
-- description = """With $before or $after the two snapshots of the pair; with $since neighbouring
-- listings that differ, where their interval overlaps the window or a loss began between them that
-- was not back when the window began."""
-- [columns]
-- kind = "node, interface or svm."
-- cluster = "Cluster."
-- changed_after = "The listing before."
-- changed_by = "The listing after."
-- ///
with
    pairs as (
        select
            cluster,
            max(taken_at) filter (where which = 'before') as changed_after,
            max(taken_at) filter (where which = 'after') as changed_by
        from compared_snapshots
        group by cluster
    ),
    listings as (
        -- Neighbouring listings of the window that differ.
        select 'node' as kind, cluster, seen_after as changed_after, first_seen as changed_by
        from nodes
        union
        select 'node', cluster, last_seen, gone_by
        from nodes
        union
        select 'interface', cluster, seen_after, first_seen
        from interfaces
        union
        select 'interface', cluster, last_seen, gone_by
        from interfaces
        union
        select 'svm', cluster, seen_after, first_seen
        from svms
        union
        select 'svm', cluster, last_seen, gone_by
        from svms
    )
select kind, cluster, changed_after, changed_by
from listings
where changed_by >= $since and changed_after < $until
union
select l.kind, l.cluster, l.changed_after, l.changed_by
from listings l
join
    open_loss_instants o
    on o.cluster = l.cluster
    and o.gone_by > l.changed_after
    and o.gone_by <= l.changed_by
union
select k.kind, p.cluster, p.changed_after, p.changed_by
from pairs p
cross join (values ('node'), ('interface'), ('svm')) k(kind)
