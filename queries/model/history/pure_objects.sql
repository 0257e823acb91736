-- /// query
-- title = "Objects of which nearly everything was lost"
-- description = """
-- Per cluster and instant, the objects that explain several lost paths (of several initiators,
-- above a host) and that lost nearly all of the sessions that they had: the thresholds
-- cause_members and cause_purity.
-- """
--
-- [columns]
-- cluster = "Cluster."
-- lost_by = "First complete snapshot without the sessions."
-- rank = "1 for the most specific kind."
-- kind = "host_address, host, interface, igroup, node, subnet, svm or cluster."
-- id = "What identifies the object."
-- name = "Its name."
-- ///
with
    candidates as (
        select
            cluster,
            lost_by,
            rank,
            kind,
            id,
            max(name) as name,
            sum(sessions) as lost,
            max(lost_after) as lost_after
        from loss_objects
        cross join thresholds h
        group by cluster, lost_by, rank, kind, id, h.cause_members
        having
            count(*) >= h.cause_members
            and (rank <= 2 or count(distinct initiator) >= h.cause_members)
    ),
    losing_svms as (select distinct cluster, svm_id, lost_by, lost_after from loss_objects),
    losing as (
        select l.cluster, l.svm_id, l.lost_by, l.lost_after
        from losing_svms l
        join
            (select distinct cluster, lost_by from candidates) c
            on c.cluster = l.cluster
            and c.lost_by = l.lost_by
    ),
    bounds as (select min(lost_after) as earliest, max(lost_after) as latest from losing),
    around as (
        -- Two scans, each by a bound that whole row groups can be left out by.
        select *
        from spells
        where gone_by is null and last_seen >= (select earliest from bounds)
        union all
        select *
        from spells
        where gone_by > (select earliest from bounds)
    ),
    pieces as (
        -- Rows of spells, by when they came and went, so that no instant has to be listed whole.
        select
            cluster,
            svm_id,
            initiator,
            initiator_address,
            interface_id,
            igroups,
            first_seen as begins,
            coalesce(gone_by, last_seen + interval 1 microsecond) as ends,
            1.0 / greatest(connections, 1) as sessions
        from around
        where first_seen <= (select latest from bounds)
    ),
    instants as (
        -- When the sessions of an SVM are counted.
        select cluster, svm_id, lost_by, lost_after
        from losing
        union all
        -- An SVM that lost nothing speaks for its share of the node, the host and the cluster.
        select s.cluster, s.svm_id, c.lost_by, max(c.lost_after)
        from (select distinct cluster, svm_id from pieces) s
        join candidates c on c.cluster = s.cluster
        left join
            losing_svms l on l.cluster = s.cluster and l.svm_id = s.svm_id and l.lost_by = c.lost_by
        where l.lost_by is null
        group by s.cluster, s.svm_id, c.lost_by
    ),
    placed as (
        select
            p.cluster,
            p.svm_id,
            i.node,
            i.subnet || coalesce(' in ' || nullif(i.ipspace, 'Default'), '') as subnet,
            greatest(p.begins, i.first_seen) as begins,
            least(p.ends, i.last_seen + interval 1 microsecond) as ends,
            p.sessions
        from pieces p
        join
            interfaces i
            on i.cluster = p.cluster
            and i.uuid = p.interface_id
            and i.first_seen < p.ends
            and i.last_seen >= p.begins
    ),
    members as (
        select
            cluster,
            svm_id,
            'host_address' as kind,
            initiator || chr(31) || initiator_address as id,
            begins,
            ends,
            sessions
        from pieces
        union all
        select cluster, svm_id, 'host', initiator, begins, ends, sessions
        from pieces
        union all
        select
            cluster, svm_id, 'interface', svm_id || chr(31) || interface_id, begins, ends, sessions
        from pieces
        union all
        select cluster, svm_id, 'igroup', coalesce(igroup.uuid, igroup.name), begins, ends, sessions
        from (select * exclude (igroups), unnest(igroups) as igroup from pieces)
        union all
        select cluster, svm_id, 'node', node, begins, ends, sessions
        from placed
        union all
        select cluster, svm_id, 'subnet', subnet, begins, ends, sessions
        from placed
        union all
        select cluster, svm_id, 'svm', svm_id, begins, ends, sessions
        from pieces
        union all
        select cluster, svm_id, 'cluster', cluster, begins, ends, sessions
        from pieces
    ),
    numbered as (
        select *, dense_rank() over (order by cluster, kind, id) as object from candidates
    ),
    events as (
        -- Interval overlap count by sweep line.
        select o.object, m.svm_id, m.begins, m.ends, m.sessions
        from members m
        join
            (select distinct object, cluster, kind, id from numbered) o
            on o.cluster = m.cluster
            and o.kind = m.kind
            and o.id = m.id
    ),
    likely as (
        -- Of what more sessions stayed all the time than nearly all leaves, none are counted.
        select o.object
        from (select object, max(lost) as lost from numbered group by object) o
        cross join thresholds h
        left join
            events e
            on e.object = o.object
            and e.begins <= (select earliest from bounds)
            and e.ends > (select latest from bounds)
        group by o.object, o.lost, h.cause_purity
        having o.lost + 0.01 >= h.cause_purity * coalesce(sum(e.sessions), 0)
    ),
    measured as (
        select n.object, n.lost_by, i.svm_id, i.lost_after
        from numbered n
        join likely l on l.object = n.object
        join instants i on i.cluster = n.cluster and i.lost_by = n.lost_by
    ),
    deltas as (
        select e.object, e.svm_id, e.begins as instant, e.sessions
        from events e
        join likely l on l.object = e.object
        union all
        select e.object, e.svm_id, e.ends, - e.sessions
        from events e
        join likely l on l.object = e.object
        union all
        select object, svm_id, lost_after, 0
        from measured
    ),
    running as (
        select
            object,
            svm_id,
            instant,
            sum(sum(sessions)) over (partition by object, svm_id order by instant) as sessions
        from deltas
        group by object, svm_id, instant
    ),
    turns as (
        -- How many sessions each candidate had when the loss began.
        select a.object, a.lost_by, sum(r.sessions) as sessions
        from measured a
        join running r on r.object = a.object and r.svm_id = a.svm_id and r.instant = a.lost_after
        group by a.object, a.lost_by
    )
select n.cluster, n.lost_by, n.rank, n.kind, n.id, n.name
from numbered n
join turns t on t.object = n.object and t.lost_by = n.lost_by
cross join thresholds h
where n.lost >= h.cause_purity * t.sessions
