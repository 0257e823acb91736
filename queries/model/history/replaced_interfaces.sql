-- /// query
-- title = "Interfaces that were made anew"
-- description = """
-- The interface is gone and another stands at the same address: deleted and created again.
-- What was connected to the old one and now is to the new one goes on.
-- """
-- [columns]
-- cluster = "Cluster."
-- svm_id = "SVM."
-- changed_after = "Last complete snapshot before."
-- changed_by = "First complete snapshot after."
-- old_id = "The interface that is gone."
-- new_id = "The interface that stands in its place."
-- ///
select
    g.cluster,
    g.svm_id,
    g.changed_after,
    g.changed_by,
    g.interface_id as old_id,
    min(c.interface_id) as new_id
from changed_sessions g
join
    changed_sessions c
    on c.cluster = g.cluster
    and c.svm_id = g.svm_id
    and c.changed_after = g.changed_after
    and c.changed_by = g.changed_by
    and c.interface_address = g.interface_address
where
    g.side = 'gone'
    and c.side = 'came'
    and c.interface_id <> g.interface_id
    and not exists (
        select 1
        from spells s
        where
            s.cluster = g.cluster
            and s.svm_id = g.svm_id
            and s.interface_id = g.interface_id
            and s.first_seen <= g.changed_by
            and s.last_seen >= g.changed_by
    )
    and not exists (
        select 1
        from spells s
        where
            s.cluster = c.cluster
            and s.svm_id = c.svm_id
            and s.interface_id = c.interface_id
            and s.first_seen <= c.changed_after
            and s.last_seen >= c.changed_after
    )
group by all
