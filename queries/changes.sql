-- /// query
-- title = "What changed between two snapshots"
-- description = """
-- Compares two complete snapshots as they are: sessions lost, appeared, reconnected or logged in
-- anew, and what changed about those that went on. Every session of the first is either carried on
-- or lost, every session of the second either carried on or appeared. What was lost comes first.
-- """
-- time = "pair"
-- kind = "finding"
-- group = "Incident"
-- identity = ["cluster", "svm", "initiator", "initiator_address", "interface", "change",
-- "changed_by", "replaced_by", "detail"]
-- began = ["changed_after", "changed_by"]
-- ignore = { column = "change", names = "change_names" }
-- check = false
-- picture = "changes"
-- brief = ["changed_after", "change", "initiator", "severity", "interface", "sessions",
-- "initiator_address", "detail"]
-- cannot_see = "What happened between the two snapshots; why; whether a LUN was reachable."
-- [columns]
-- cluster = "Cluster."
-- svm = "SVM, by its later name."
-- initiator = "Initiator; null where an object changed."
-- initiator_address = "Host address."
-- interface = "Interface, by its later name."
-- interface_address = "Address of the interface."
-- change = """lost, appeared, reconnected, relogged_in, connection_replaced, connection_lost,
-- interface_replaced, authentication_changed, igroups_changed, alias_changed, comment_changed,
-- svm_renamed, interface_renamed; of the array itself node_taken_over, node_given_back, node_down,
-- node_up, node_renamed, interface_moved, interface_home, interface_down, interface_up,
-- interface_added, interface_removed, svm_stopped, svm_started, svm_listed_again or
-- svm_not_listed."""
-- sessions = "How many sessions; 0 for a change of the array itself."
-- changed_after = "The first snapshot."
-- changed_by = "The second snapshot."
-- replaced_by = "The path that took over, or that was taken over from."
-- detail = "What it was and what it is."
-- severity = "info, low, medium, high or critical."
-- ///
select
    c.cluster,
    c.svm,
    nullif(c.initiator, '') as initiator,
    nullif(c.initiator_address, '') as initiator_address,
    coalesce(c.interface, nullif(c.interface_id, '')) as interface,
    c.interface_address,
    c.change,
    c.sessions,
    c.changed_after,
    c.changed_by,
    c.replaced_by,
    c.detail,
    c.severity
from changed c
left join severities s on s.severity = c.severity
order by
    case when c.change = 'lost' then 1 else 2 end,
    s.rank,
    c.cluster,
    c.svm,
    c.initiator,
    c.initiator_address,
    c.interface,
    c.interface_id,
    c.interface_address,
    c.change,
    c.changed_after,
    c.changed_by,
    c.replaced_by,
    c.detail,
    c.sessions
