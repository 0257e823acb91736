-- /// query
-- title = "What the array itself logged"
-- description = """
-- Events of the array's own log (EMS) that concern sessions: takeovers, moves, ports, services,
-- refused logins. The log is read on from its last stored event, so that it fills the gaps of the
-- collector.
-- """
-- time = "window"
-- kind = "finding"
-- brief = ["happened_at", "message", "node", "interface", "initiator", "severity", "detail"]
-- group = "Incident"
-- identity = ["cluster", "node", "log_index", "happened_at"]
-- began = ["happened_at", "happened_at"]
-- check = false
-- evidence = true
-- needs = ["ems"]
-- cannot_see = """What the array has forgotten before it was read, and messages that are not
-- requested. A time is as exact as the clocks: their skew is measured to a second."""
-- [params.message]
-- kind = "pattern"
-- names = "message_names"
-- default = "*"
-- help = "Which message; * matches: vifmgr.*, iscsi.*, *.portdown."
-- [columns]
-- cluster = "Cluster."
-- happened_at = "When it happened, by the collector's clock."
-- node = "Node that logged it."
-- log_index = "Its number in the log of that node."
-- message = "Name of the message."
-- svm = "SVM that it is about, where it is named."
-- interface = "Interface that it is about."
-- port = "Port that it is about."
-- initiator = "Initiator that it is about."
-- initiator_address = "Address of the host."
-- severity = "info, low, medium or high."
-- detail = "In words."
-- text = "What the log says."
-- known_by = "Snapshot that read it."
-- in_gap = """Whether no complete snapshot was taken between the last reading without it and this
-- one's instant: the log filled a gap of the collector."""
-- ///
select
    e.cluster,
    e.happened_at,
    e.node,
    e.log_index,
    e.message,
    e.svm,
    e.interface,
    e.port,
    e.initiator,
    e.initiator_address,
    e.severity,
    e.words as detail,
    e.text,
    e.known_by,
    coalesce(g.is_gap, e.known_after is null) as in_gap
from array_events e
left join
    coverage_spans g
    on g.cluster = e.cluster
    and g.starts < e.happened_at
    and coalesce(g.ends >= e.happened_at, true)
where
    e.happened_at >= $since
    and e.happened_at <= $until
    and lower(e.message) like $message escape '^'
order by e.happened_at, e.cluster, e.node, e.log_index
