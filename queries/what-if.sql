-- /// query
-- title = "What more hosts or more interfaces would do to each node"
-- description = """
-- Hosts like those that --like names bring the median of those hosts' sessions to each node;
-- another interface on each node of an SVM brings a session of every host that is on that node
-- already, as hosts log in to all that they discover. A node's worst case is its own sessions and
-- those of its HA partner together.
-- """
-- time = "instant"
-- brief = ["node", "sessions", "added", "after", "limit", "headroom", "severity", "detail"]
-- group = "Now and before a change"
-- identity = ["cluster", "node"]
-- needs = ["interfaces", "nodes"]
-- cannot_see = "Load: sessions are counted, not what goes through them."
-- [params.hosts]
-- default = 0
-- minimum = 0
-- maximum = 1000000000
-- help = "How many hosts more."
-- [params.like]
-- kind = "pattern"
-- names = "initiator_names"
-- default = "*"
-- help = "Initiators that they are like; * stands for anything."
-- [params.interfaces]
-- default = 0
-- minimum = 0
-- maximum = 1000000
-- help = "How many interfaces more on each node."
-- [params.within]
-- kind = "pattern"
-- names = "svm_names"
-- default = "*"
-- help = "SVMs that the change is made in; * stands for anything."
-- [columns]
-- cluster = "Cluster."
-- node = "Node."
-- sessions = "Sessions now."
-- added = "Sessions that the change adds."
-- after = "Sessions then."
-- with_partner = "Then, together with the sessions of the HA partner; null without one."
-- limit = "Sessions that policy allows; null where it does not say."
-- headroom = "Limit less sessions then; null without a limit."
-- hosts_that_fit = "Such hosts that fit until the limit, from now; null without a limit."
-- severity = "critical at the limit, high from 90 %, medium from 80 %, else info."
-- detail = "In words."
-- ///
with
    stands as (
        select cluster, svm_id, max(svm) as svm, initiator, node, count(*) as sessions
        from sessions_at
        where node is not null
        group by cluster, svm_id, initiator, node
    ),
    chosen as (select * from stands where lower(svm) like $within escape '^'),
    likened as (
        select *
        from chosen
        where initiator in (select initiator from initiator_names where name like $like escape '^')
    ),
    per_node as (
        -- Hosts that are not on the node count as none, or two pairs would each get all.
        select n.cluster, n.node, median(coalesce(l.sessions, 0)) as each_host
        from (select distinct cluster, node from stands) n
        join (select distinct cluster, svm_id, initiator from likened) h on h.cluster = n.cluster
        left join
            likened l
            on l.cluster = n.cluster
            and l.node = n.node
            and l.svm_id = h.svm_id
            and l.initiator = h.initiator
        group by n.cluster, n.node
    ),
    logins as (
        select cluster, node, count(distinct(svm_id, initiator)) as hosts from chosen group by all
    ),
    reckoned as (
        select
            s.cluster,
            s.node,
            sum(s.sessions)::bigint as sessions,
            ceil($hosts::bigint * coalesce(max(p.each_host), 0))::bigint
            + $interfaces::bigint
            * (
                coalesce(max(l.hosts), 0)
                + case when coalesce(max(p.each_host), 0) > 0 then $hosts::bigint else 0 end
            ) as added,
            max(p.each_host) as each_host
        from stands s
        left join per_node p on p.cluster = s.cluster and p.node = s.node
        left join logins l on l.cluster = s.cluster and l.node = s.node
        group by s.cluster, s.node
    ),
    then_held as (
        select
            r.*,
            r.sessions + r.added as held,
            r.sessions + r.added + o.sessions + o.added as with_partner,
            l.most
        from reckoned r
        left join nodes_at n on n.cluster = r.cluster and n.node = r.node
        left join reckoned o on o.cluster = r.cluster and o.node = n.partner
        left join node_limits l on l.cluster = r.cluster and l.node = r.node
    )
select
    t.cluster,
    t.node,
    t.sessions,
    t.added,
    t.held as after,
    t.with_partner,
    t.most as "limit",
    t.most - t.held as headroom,
    case
        when t.each_host > 0 and t.most is not null
        then greatest(floor((t.most - t.sessions) / t.each_host), 0)::bigint
    end as hosts_that_fit,
    case
        when t.held >= n.limit_critical * t.most
        then 'critical'
        when t.held >= n.limit_high * t.most
        then 'high'
        when t.held >= n.limit_medium * t.most
        then 'medium'
        else 'info'
    end as severity,
    t.node
    || ': '
    || t.sessions
    || ' and '
    || t.added
    || ' more'
    || case
        when t.most is null
        then '; no limit configured'
        when t.held > t.most
        then ', ' || (t.held - t.most) || ' too many'
        else ', ' || (t.most - t.held) || ' left'
    end as detail
from then_held t
cross join thresholds n
order by all
