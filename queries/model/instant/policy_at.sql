-- /// query
-- title = "What the policy declares for each initiator"
-- description = "The first entry of the policy that matches an initiator and one of its igroups."
-- [columns]
-- cluster = "Cluster."
-- svm_id = "SVM."
-- initiator = "Initiator."
-- paths = "Interfaces that it must use."
-- nodes = "Nodes that it must reach."
-- subnets = "Subnets that it must use."
-- sessions_per_path = "Sessions on each path."
-- ///
with
    candidates as (
        select cluster, svm_id, initiator, igroup
        from members_at
        union
        select cluster, svm_id, initiator, null
        from connections_at
    )
select c.cluster, c.svm_id, c.initiator, p.paths, p.nodes, p.subnets, p.sessions_per_path
from candidates c
join
    policy p
    on (p.pattern is null or c.initiator like p.pattern escape '^')
    and (p.igroup is null or lower(c.igroup) like p.igroup escape '^')
qualify row_number() over (partition by c.cluster, c.svm_id, c.initiator order by p.place) = 1
