-- /// query
-- title = "Numbers for monitors"
-- description = """
-- What /metrics, check --format openmetrics and export openmetrics write, as rows: one for each
-- number and instant. Where the last complete snapshot is too old, what it showed is left out.
-- """
-- time = "window"
-- group = "Data quality"
-- needs = ["interfaces"]
-- cannot_see = "What happened between two snapshots; findings, which only a check has."
-- [params.step_seconds]
-- default = 3600
-- minimum = 1
-- maximum = 31536000
-- help = "Seconds from one instant to the next."
-- [columns]
-- family = "Name of the number, as monitors know it."
-- cluster = "Cluster."
-- node = "Node; null where the number is of none."
-- svm = "SVM; likewise."
-- severity = "Severity; likewise."
-- state = "State; likewise."
-- instant = "The instant: a multiple of the step, or the one instant of the window."
-- value = "The number."
-- ///
select family, cluster, node, svm, severity, state, instant, value
from metric_samples
order by family, cluster, node, svm, severity, state, instant
