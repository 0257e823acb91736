-- /// query
-- title = "Flapping paths"
-- description = """
-- Paths with three or more transitions between present and absent at consecutive complete
-- snapshots of the window, or that reconnected between three pairs of snapshots in a row
-- without being absent. Reconnects are counted apart.
-- """
-- time = "window"
-- kind = "finding"
-- brief = ["initiator", "interface", "transitions", "severity", "first", "last", "detail"]
-- group = "Incident"
-- identity = ["cluster", "svm", "initiator", "initiator_address", "interface"]
-- began = ["first", "last"]
-- evidence = true
-- cannot_see = "Transitions between two snapshots, except as a new session handle."
-- [params.fewest]
-- default = 0
-- minimum = 0
-- help = "Fewest transitions, or reconnects in a row, that count; 0 takes the threshold."
-- [columns]
-- cluster = "Cluster."
-- svm = "SVM."
-- initiator = "Initiator."
-- initiator_address = "Host address of the path."
-- interface = "Interface of the path."
-- transitions = "How often the path went from present to absent or back."
-- reconnects = "How many sessions were re-made on it meanwhile."
-- first = "First transition, or reconnect in a row, by."
-- last = "Last one, by."
-- severity = "medium, high from ten transitions on."
-- detail = "In words."
-- ///
with
    steps as (
        select
            cluster,
            svm_id,
            max(svm) as svm,
            initiator,
            initiator_address,
            interface_id,
            max(interface) as interface,
            min(changed_after) as changed_after,
            changed_by,
            sum(
                case change when 'appeared' then sessions when 'lost' then - sessions else 0 end
            ) as moved,
            sum(
                case when change in ('reconnected', 'relogged_in') then sessions else 0 end
            ) as reconnects
        from changed
        where change in ('lost', 'appeared', 'reconnected', 'relogged_in') and initiator is not null
        group by cluster, svm_id, initiator, initiator_address, interface_id, changed_by
    ),
    present as (
        select
            s.cluster,
            s.svm_id,
            s.initiator,
            s.initiator_address,
            s.interface_id,
            s.changed_by,
            count(p.initiator) as sessions
        from steps s
        left join
            spells p
            on p.cluster = s.cluster
            and p.svm_id = s.svm_id
            and p.initiator = s.initiator
            and p.initiator_address = s.initiator_address
            and p.interface_id = s.interface_id
            and p.first_seen <= s.changed_by
            and p.last_seen >= s.changed_by
        where s.moved <> 0
        group by s.cluster, s.svm_id, s.initiator, s.initiator_address, s.interface_id, s.changed_by
    ),
    turns as (
        select s.*, p.sessions = 0 or p.sessions = s.moved as is_transition
        from steps s
        left join
            present p
            on p.cluster = s.cluster
            and p.svm_id = s.svm_id
            and p.initiator = s.initiator
            and p.initiator_address = s.initiator_address
            and p.interface_id = s.interface_id
            and p.changed_by = s.changed_by
    ),
    reconnects as (
        -- Gaps and islands: a reconnect that does not follow one of the pair before begins a row.
        select
            *,
            changed_after is distinct from lag(changed_by) over (
                partition by cluster, svm_id, initiator, initiator_address, interface_id
                order by changed_by
            ) as is_first
        from steps
        where reconnects > 0 and moved = 0
    ),
    numbered as (
        select
            *,
            count(*) filter (where is_first) over (
                partition by cluster, svm_id, initiator, initiator_address, interface_id
                order by changed_by
            ) as island
        from reconnects
    ),
    islands as (
        select
            cluster,
            svm_id,
            initiator,
            initiator_address,
            interface_id,
            count(*) as pairs,
            min(changed_by) as first,
            max(changed_by) as last
        from numbered
        group by cluster, svm_id, initiator, initiator_address, interface_id, island
    ),
    longest as (
        select *
        from islands
        qualify
            row_number() over (
                partition by cluster, svm_id, initiator, initiator_address, interface_id
                order by pairs desc, first
            )
            = 1
    ),
    paths as (
        select
            cluster,
            svm_id,
            max(svm) as svm,
            initiator,
            initiator_address,
            interface_id,
            max(interface) as interface,
            count(*) filter (where is_transition) as transitions,
            sum(reconnects)::bigint as reconnects,
            min(changed_by) filter (where is_transition) as first,
            max(changed_by) filter (where is_transition) as last
        from turns
        group by cluster, svm_id, initiator, initiator_address, interface_id
    ),
    judged_paths as (
        select
            p.*,
            l.pairs,
            l.first as reconnects_first,
            l.last as reconnects_last,
            h.flapping_high,
            p.transitions >= coalesce(nullif($fewest, 0), h.flapping_transitions) as is_flapping,
            coalesce(
                l.pairs >= coalesce(nullif($fewest, 0), h.flapping_transitions), false
            ) as is_reconnecting
        from paths p
        left join
            longest l
            on l.cluster = p.cluster
            and l.svm_id = p.svm_id
            and l.initiator = p.initiator
            and l.initiator_address = p.initiator_address
            and l.interface_id = p.interface_id
        cross join thresholds h
    )
select
    cluster,
    svm,
    nullif(initiator, '') as initiator,
    nullif(initiator_address, '') as initiator_address,
    coalesce(interface, nullif(interface_id, '')) as interface,
    transitions,
    reconnects,
    case when is_flapping then first else reconnects_first end as first,
    case when is_flapping then last else reconnects_last end as last,
    case
        when is_flapping and transitions >= flapping_high then 'high' else 'medium'
    end as severity,
    case
        when is_flapping
        then 'went ' || transitions || ' times between present and absent'
        else 'reconnected between ' || pairs || ' pairs of snapshots in a row, never absent'
    end
    || '; look for two hosts of one name, a bad cable or a switch port' as detail
from judged_paths
where is_flapping or is_reconnecting
order by transitions desc, cluster, svm, initiator, initiator_address, interface, first
