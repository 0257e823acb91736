-- /// query
-- title = "Everything that changed in a window"
-- description = """
-- Compares every complete snapshot with the one before it, per SVM. What one snapshot merely
-- missed is not an event.
-- """
-- time = "window"
-- kind = "finding"
-- group = "Incident"
-- identity = ["cluster", "svm", "initiator", "initiator_address", "interface", "change",
-- "changed_by", "replaced_by", "detail"]
-- began = ["changed_after", "changed_by"]
-- ignore = { column = "change", names = "change_names" }
-- check = false
-- picture = "events"
-- page = 60
-- evidence = true
-- brief = ["changed_after", "change", "initiator", "severity", "interface", "sessions",
-- "initiator_address", "detail"]
-- cannot_see = "What happened and was undone between two snapshots without a new session handle."
-- [params.change]
-- kind = "pattern"
-- names = "change_names"
-- default = "*"
-- help = "Which change; * matches: reconnected, igroups_changed, *_renamed."
-- [columns]
-- cluster = "Cluster."
-- svm = "SVM, by its later name."
-- initiator = "Initiator; null where an object changed."
-- initiator_address = "Host address."
-- interface = "Interface, by its later name."
-- interface_address = "Address of the interface."
-- change = "As in the report changes."
-- sessions = "How many sessions; 0 for a change of the array itself."
-- changed_after = "Last complete snapshot before the change."
-- changed_by = "First complete snapshot after it."
-- replaced_by = "The path that took over, or that was taken over from."
-- detail = "What it was and what it is."
-- severity = "info, low, medium, high or critical."
-- ///
select
    cluster,
    svm,
    nullif(initiator, '') as initiator,
    nullif(initiator_address, '') as initiator_address,
    coalesce(interface, nullif(interface_id, '')) as interface,
    interface_address,
    change,
    sessions,
    changed_after,
    changed_by,
    replaced_by,
    detail,
    severity
from changed
where change like $change escape '^'
order by
    changed_by,
    changed_after,
    cluster,
    svm,
    change,
    initiator,
    initiator_address,
    interface,
    detail,
    severity,
    replaced_by,
    sessions,
    interface_address
