-- /// query
-- title = "A policy that the last seven days would meet"
-- description = """
-- For each igroup what most of its hosts had in at least 80 % of the complete snapshots of
-- the last seven days, and how many of them had it. It tells what was, not what ought to be: edit
-- it before it is a policy ('analyzer policy suggest' writes it as a file).
-- """
-- time = "instant"
-- group = "Now and before a change"
-- identity = ["cluster", "svm", "igroup"]
-- needs = ["interfaces"]
-- cannot_see = "Hosts that were already short all week: they look as if they were meant to be."
-- [columns]
-- cluster = "Cluster."
-- svm = "SVM."
-- igroup = "Igroup."
-- hosts = "Its hosts with sessions."
-- paths = "Interfaces that most of them use."
-- nodes = "Nodes that most of them stand on; null without interface data."
-- subnets = "Subnets that most of them use; null without interface data."
-- sessions_per_path = "Sessions that most of them have on each path."
-- agree = "Hosts that have all four just so."
-- ///
with
    used as (
        select
            p.cluster,
            p.svm_id,
            p.initiator,
            count(*) as paths,
            case when count(i.home_node) = count(*) then count(distinct i.home_node) end as nodes,
            case when count(i.fabric) = count(*) then count(distinct i.fabric) end as subnets
        from presence p
        join
            svm_interfaces i
            on i.cluster = p.cluster
            and i.svm_id = p.svm_id
            and i.interface_id = p.interface_id
        cross join thresholds t
        where p.share >= t.steady_share
        group by p.cluster, p.svm_id, p.initiator
    ),
    cells as (
        select cluster, svm_id, initiator, initiator_address, interface_id, count(*) as sessions
        from sessions_at
        group by all
    ),
    counted as (
        select cluster, svm_id, initiator, max(sessions) as sessions_per_path
        from cells
        group by all
    ),
    hosts as (
        select
            m.cluster,
            m.svm_id,
            m.svm,
            m.igroup_id,
            m.igroup,
            u.paths,
            u.nodes,
            u.subnets,
            c.sessions_per_path
        from members_at m
        join used u on u.cluster = m.cluster and u.svm_id = m.svm_id and u.initiator = m.initiator
        join
            counted c on c.cluster = m.cluster and c.svm_id = m.svm_id and c.initiator = m.initiator
    ),
    kinds as (
        select
            cluster,
            svm_id,
            max(svm) as svm,
            igroup_id,
            max(igroup) as igroup,
            paths,
            nodes,
            subnets,
            sessions_per_path,
            count(*) as agree,
            sum(count(*)) over (partition by cluster, svm_id, igroup_id)::bigint as hosts
        from hosts
        group by cluster, svm_id, igroup_id, paths, nodes, subnets, sessions_per_path
    )
select cluster, svm, igroup, hosts, paths, nodes, subnets, sessions_per_path, agree
from kinds
qualify
    row_number() over (
        partition by cluster, svm_id, igroup_id
        order by agree desc, paths desc, nodes desc, subnets desc, sessions_per_path
    )
    = 1
order by all
