-- /// query
-- title = "Rules that could not be judged, and why"
-- description = """For multipath-imbalance: a rule whose inputs were not collected stays silent
-- and is named here, and of an SVM that is not listed any more every rule."""
-- [columns]
-- cluster = "Cluster."
-- rule = "Fault that was not looked for."
-- why = "What it would have needed."
-- ///
with
    rules as (
        select *
        from
            (
                values
                    ('single_node', 'interfaces'),
                    ('partner_node_missing', 'interfaces'),
                    ('partner_node_missing', 'nodes'),
                    ('single_subnet', 'interfaces'),
                    ('uneven_nodes', 'interfaces'),
                    ('uneven_nodes', 'nodes'),
                    ('routed_session', 'interfaces'),
                    ('uneven_host_addresses', 'interfaces'),
                    ('too_many_sessions', 'interfaces'),
                    ('interface_skew', 'interfaces'),
                    ('node_skew', 'interfaces'),
                    ('interface_not_home', 'interfaces'),
                    ('single_node_after_migration', 'interfaces'),
                    ('igroup_partly_alive', 'igroups'),
                    ('required_node_missing', 'igroups'),
                    ('required_node_missing', 'LUN maps'),
                    ('no_sessions', 'igroups'),
                    ('no_sessions', 'history'),
                    ('no_igroup', 'igroups of anybody')
            ) r(rule, needs)
    ),
    have as (
        select
            s.cluster,
            s.interfaces_at is not null as interfaces,
            s.nodes_at is not null as nodes,
            s.igroups_at is not null as igroups,
            s.lun_maps_at is not null
            or exists (
                select 1
                from members_at m
                where m.cluster = s.cluster and m.required_nodes is not null
            ) as lun_maps,
            (
                select count(*)
                from attempts a
                where
                    a.cluster = s.cluster
                    and a.status = 'complete'
                    and a.taken_at <= s.taken_at
                    and a.taken_at > s.taken_at - to_days(t.history_days)
            )
            >= t.history_snapshots as history,
            t.history_days,
            exists (
                select 1 from connections_at c where c.cluster = s.cluster and len(c.igroups) > 0
            ) as named
        from snapshot_at s
        cross join thresholds t
    )
select
    h.cluster,
    r.rule,
    string_agg(
        case
            r.needs
            when 'history'
            then 'too few complete snapshots in the last ' || h.history_days || ' days'
            when 'igroups of anybody'
            then 'no session names an igroup, and igroups were not collected'
            else r.needs || ' were not collected'
        end,
        '; '
        order by r.needs
    ) as why
from have h
join
    rules r
    on (r.needs = 'interfaces' and not h.interfaces)
    or (r.needs = 'nodes' and not h.nodes)
    or (r.needs = 'igroups' and not h.igroups)
    or (r.needs = 'LUN maps' and not h.lun_maps)
    or (r.needs = 'history' and not h.history)
    or (r.needs = 'igroups of anybody' and not h.named and not h.igroups)
group by h.cluster, r.rule
union all
select cluster, 'every rule for SVM ' || svm, 'it is not seen any more'
from unlisted_svms
