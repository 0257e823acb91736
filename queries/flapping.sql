-- /// query
-- title = "Flapping paths"
-- description = """
-- Paths with three or more transitions between present and absent at consecutive comparable
-- snapshots of the window (C15). Reconnects without an absence are counted apart.
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
-- help = "Fewest transitions that count as flapping; 0 takes the threshold."
-- [columns]
-- cluster = "Cluster."
-- svm = "SVM."
-- initiator = "Initiator."
-- initiator_address = "Host address of the path."
-- interface = "Interface of the path."
-- transitions = "How often the path went from present to absent or back."
-- reconnects = "How many sessions were re-made on it meanwhile."
-- first = "First transition, by."
-- last = "Last transition, by."
-- severity = "medium, high from ten transitions on."
-- detail = "In words."
-- ///
with
    step as (
        select
            cluster,
            svm_id,
            max(svm) as svm,
            initiator,
            initiator_address,
            interface_id,
            max(interface) as interface,
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
        from step s
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
    edge as (
        select s.*, p.sessions = 0 or p.sessions = s.moved as is_transition
        from step s
        left join
            present p
            on p.cluster = s.cluster
            and p.svm_id = s.svm_id
            and p.initiator = s.initiator
            and p.initiator_address = s.initiator_address
            and p.interface_id = s.interface_id
            and p.changed_by = s.changed_by
    )
select
    cluster,
    max(svm) as svm,
    nullif(initiator, '') as initiator,
    nullif(initiator_address, '') as initiator_address,
    coalesce(max(interface), nullif(interface_id, '')) as interface,
    count(*) filter (is_transition) as transitions,
    sum(reconnects)::bigint as reconnects,
    min(changed_by) filter (is_transition) as first,
    max(changed_by) filter (is_transition) as last,
    case
        when count(*) filter (is_transition) >= max(t.flapping_high) then 'high' else 'medium'
    end as severity,
    'went '
    || count(*) filter (is_transition)
    || ' times between present and absent; look for two hosts of one name, a bad cable or a'
    || ' switch port' as detail
from edge
cross join thresholds t
group by cluster, svm_id, initiator, initiator_address, interface_id
having count(*) filter (is_transition) >= coalesce(nullif($fewest, 0), max(t.flapping_transitions))
order by transitions desc, cluster, svm, initiator, initiator_address, interface, first
