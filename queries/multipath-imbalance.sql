-- /// query
-- title = "Multipath problems"
-- description = """
-- One row per fault at one instant. What an initiator should have comes from the first source
-- that exists: the policy, the nodes that ONTAP requires, the peers of its igroup, its own last
-- seven days, the interfaces in use; expected_from names it. An initiator that logged in within
-- the settle window is not judged yet. What many initiators share has one row of its own, with
-- no initiator: a node that is away, an interface that nobody reaches; members names them all.
-- """
-- time = "instant"
-- kind = "finding"
-- group = "Now and before a change"
-- identity = ["cluster", "svm", "initiator", "fault", "missing"]
-- page = 70
-- evidence = true
-- not_judged = "unjudged_rules"
-- brief = ["initiator", "fault", "severity", "detail", "members"]
-- needs = ["interfaces", "igroups", "nodes", "lun_maps", "portsets"]
-- cannot_see = "A session is not a LUN path: it does not say which LUNs a host reaches over it."
-- [params.settle]
-- default = 10
-- minimum = 0
-- maximum = 525600
-- help = "Minutes that an initiator has for its logins before it is judged."
-- [columns]
-- cluster = "Cluster."
-- svm = "SVM."
-- initiator = "Initiator, lower-cased; null where the finding is the SVM's."
-- fault = "Name of the fault."
-- severity = "info, low, medium, high or critical."
-- sessions = "Sessions of the initiator, or of the SVM."
-- interfaces = "Interfaces they are on."
-- subnets = "Subnets they are on; null without interface data."
-- nodes = "Nodes they are on; null without interface data."
-- host_addresses = "Addresses of the initiator."
-- missing = "What is missing, by name."
-- expected_from = "Where the expectation comes from; null where the rule needs none."
-- detail = "The finding in words."
-- members = "Every initiator that a finding without an initiator is about; else null."
-- ///
select
    cluster,
    svm,
    initiator,
    fault,
    f.severity,
    sessions,
    interfaces,
    subnets,
    nodes,
    host_addresses,
    missing,
    expected_from,
    detail,
    members
from faults f
join severities r on r.severity = f.severity
order by cluster, r.rank, svm nulls last, initiator nulls first, fault, missing, detail
