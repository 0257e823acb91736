-- /// query
-- title = "Nodes that were taken over, given back, down, up or renamed"
-- [columns]
-- cluster = "Cluster."
-- node = "Name of the node before."
-- change = "node_taken_over, node_given_back, node_down, node_up or node_renamed."
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
            b.name as node,
            a.name as name_after,
            case
                when coalesce(a.condition = b.condition, true)
                then 'node_renamed'
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
        where m.kind = 'node' and (a.condition <> b.condition or a.name <> b.name)
    )
select
    cluster,
    node,
    change,
    changed_after,
    changed_by,
    'node '
    || case when change = 'node_renamed' then node else name_after end
    || case
        change
        when 'node_taken_over'
        then coalesce(' taken over by ' || ha_partner, ' taken over')
        when 'node_given_back'
        then coalesce(' given back by ' || ha_partner, ' given back')
        when 'node_down'
        then ' down'
        when 'node_renamed'
        then ' renamed to ' || name_after
        else ' up'
    end as detail,
    case
        change when 'node_down' then 'high' when 'node_taken_over' then 'medium' else 'info'
    end as severity
from changes
