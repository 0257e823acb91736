-- /// query
-- title = "What changed about the array itself"
-- description = """
-- Nodes, interfaces for iSCSI and SVMs, as their inventories show them before and after: one row
-- for an object and change.
-- """
-- [columns]
-- cluster = "Cluster."
-- svm_id = "SVM; null for a node."
-- svm = "Name of the SVM."
-- node = "Name of the node, or of the one that the interface was on."
-- interface_id = "Interface."
-- interface = "Name of the interface."
-- interface_address = "Address of the interface."
-- change = "As in node_changes, interface_changes and svm_changes."
-- changed_after = "Last listing before."
-- changed_by = "First listing after."
-- detail = "In words."
-- severity = "How much it matters."
-- ///
select
    cluster,
    null::varchar as svm_id,
    null::varchar as svm,
    node,
    null::varchar as interface_id,
    null::varchar as interface,
    null::varchar as interface_address,
    change,
    changed_after,
    changed_by,
    detail,
    severity
from node_changes
union all
select
    cluster,
    svm_id,
    svm,
    node,
    interface_id,
    interface,
    interface_address,
    change,
    changed_after,
    changed_by,
    detail,
    severity
from interface_changes
union all
select
    cluster,
    svm_id,
    svm,
    null,
    null,
    null,
    null,
    change,
    changed_after,
    changed_by,
    detail,
    severity
from svm_changes
