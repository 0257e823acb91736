-- /// query
-- title = "What the array itself says of each loss"
-- description = """
-- Changes of the path's interface, of the node that it stood on and of its SVM between the last
-- snapshot with it and the first without.
-- """
-- [columns]
-- loss = "The loss, as numbered by losses."
-- rank = "1 for a node, 2 for an SVM, 3 for an interface."
-- detail = "What changed."
-- ///
with
    located as (
        select l.loss, l.cluster, l.svm_id, l.interface_id, l.lost_after, l.lost_by, i.node
        from losses l
        left join
            interfaces i
            on i.cluster = l.cluster
            and i.uuid = l.interface_id
            and i.first_seen <= l.lost_after
            and i.last_seen >= l.lost_after
    )
select
    l.loss,
    case when a.interface_id is not null then 3 when a.svm_id is not null then 2 else 1 end as rank,
    a.detail
from located l
join
    array_changes a
    on a.cluster = l.cluster
    and a.changed_after < l.lost_by
    and a.changed_by > l.lost_after
where
    a.change not in ('node_up', 'interface_up', 'interface_added', 'svm_started')
    and case
        when a.interface_id is not null
        then a.interface_id = l.interface_id
        when a.svm_id is not null
        then a.svm_id = l.svm_id
        else a.node = l.node
    end
