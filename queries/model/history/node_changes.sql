-- /// query
-- title = "Nodes that were taken over, given back, down or up"
-- [columns]
-- cluster = "Cluster."
-- node = "Name of the node."
-- change = "node_taken_over, node_given_back, node_down or node_up."
-- changed_after = "Last listing before."
-- changed_by = "First listing after."
-- detail = "In words."
-- severity = "How much it matters."
-- ///
with
    node_states as (
        select
            *,
            case
                when state in ('taken_over', 'waiting_for_giveback')
                then 'taken_over'
                when state = 'up'
                then 'up'
                when state = 'down'
                then 'down'
            end as condition
        from nodes
    ),
    changes as (
        select
            m.cluster,
            a.name as node,
            case
                when a.condition = 'taken_over'
                then 'node_taken_over'
                when a.condition = 'down'
                then 'node_down'
                when b.condition = 'taken_over'
                then 'node_given_back'
                else 'node_up'
            end as change,
            m.changed_after,
            m.changed_by,
            a.ha_partner
        from inventory_moments m
        join
            node_states b
            on b.cluster = m.cluster
            and b.first_seen <= m.changed_after
            and coalesce(b.gone_by > m.changed_after, true)
        join
            node_states a
            on a.cluster = m.cluster
            and a.uuid = b.uuid
            and a.first_seen <= m.changed_by
            and coalesce(a.gone_by > m.changed_by, true)
        where m.kind = 'node' and a.condition <> b.condition
    )
select
    cluster,
    node,
    change,
    changed_after,
    changed_by,
    'node '
    || node
    || case
        change
        when 'node_taken_over'
        then coalesce(' taken over by ' || ha_partner, ' taken over')
        when 'node_given_back'
        then coalesce(' given back by ' || ha_partner, ' given back')
        when 'node_down'
        then ' down'
        else ' up'
    end as detail,
    case
        change when 'node_down' then 'high' when 'node_taken_over' then 'medium' else 'info'
    end as severity
from changes
