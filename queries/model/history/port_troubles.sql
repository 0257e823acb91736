-- /// query
-- title = "What is wrong with ports, over time"
-- description = """
-- Down, disabled, out of reach of their broadcast domain, interface groups that run on a part of
-- their members; and what stands on such a port.
-- """
-- [columns]
-- cluster = "Cluster."
-- node = "Node of the port."
-- port = "Name of the port."
-- trouble = "In words that follow the name of the port."
-- first_seen = "First listing of ports that shows it."
-- last_seen = "Last of the consecutive ones."
-- ///
with
    members as (
        select
            *,
            list_filter(
                lag_ports, lambda m: not list_contains(coalesce(lag_active_ports, []), m)
            ) as idle
        from ports
    ),
    listed as (
        select
            cluster,
            node,
            name,
            base_port,
            first_seen,
            last_seen,
            concat_ws(
                ': ',
                case
                    when enabled = false
                    then 'is disabled'
                    when state <> 'up'
                    then 'is ' || state
                    when reachability in ('repairable', 'not_repairable')
                    then 'is out of reach of its broadcast domain'
                end,
                case
                    when cardinality(idle) > 0
                    then
                        'of its '
                        || cardinality(lag_ports)
                        || ' members '
                        || array_to_string(idle, ', ')
                        || case when cardinality(idle) = 1 then ' carries' else ' carry' end
                        || ' nothing'
                end
            ) as trouble
        from members
    ),
    standing as (
        -- A VLAN shares what is wrong with the port that it is on, for as long as both lasted.
        select
            p.cluster,
            p.node,
            p.name as port,
            concat_ws(
                ': ',
                nullif(p.trouble, ''),
                case
                    when b.trouble <> '' then 'the port ' || b.name || ' under it ' || b.trouble
                end
            ) as trouble,
            greatest(p.first_seen, coalesce(b.first_seen, p.first_seen)) as first_seen,
            least(p.last_seen, coalesce(b.last_seen, p.last_seen)) as last_seen
        from listed p
        left join
            listed b
            on b.cluster = p.cluster
            and b.node = p.node
            and b.name = p.base_port
            and b.first_seen <= p.last_seen
            and b.last_seen >= p.first_seen
    )
select *
from standing
where trouble <> ''
