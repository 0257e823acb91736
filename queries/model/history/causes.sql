-- /// query
-- title = "The smallest explanation of each loss"
-- description = """
-- Greedy, per cluster and instant: among the objects of which at least nine in ten sessions were
-- lost, which explain at least two paths not yet explained (of two initiators, above a host), the
-- one that explains most; on a tie the most specific. Again, until none is left; what remains is a
-- path by itself. Nodes and subnets only where interfaces were collected.
-- """
-- [columns]
-- loss = "The loss, as numbered by losses."
-- cause_kind = "path, host_address, host, interface, igroup, node, subnet, svm or cluster."
-- cause = "Name of the object."
-- cause_id = "What identifies it."
-- ///
with recursive
    located as (
        select
            l.loss,
            l.cluster,
            l.svm_id,
            l.svm,
            l.initiator,
            l.initiator_address,
            l.interface_id,
            coalesce(l.interface, l.interface_id) as interface,
            l.lost_after,
            l.lost_by,
            l.sessions_lost as sessions,
            i.node,
            i.subnet
        from losses l
        left join
            interfaces i
            on i.cluster = l.cluster
            and i.uuid = l.interface_id
            and i.first_seen <= l.lost_after
            and i.last_seen >= l.lost_after
    ),
    membership as (
        select distinct l.loss, unnest(s.igroups) as igroup
        from located l
        join
            spells s
            on s.cluster = l.cluster
            and s.svm_id = l.svm_id
            and s.initiator = l.initiator
            and s.interface_id = l.interface_id
            and s.initiator_address = l.initiator_address
            and s.first_seen <= l.lost_after
            and s.last_seen >= l.lost_after
    ),
    object as (
        select
            loss,
            1 as rank,
            'host_address' as kind,
            initiator || chr(31) || initiator_address as id,
            initiator_address as name
        from located
        where initiator_address <> ''
        union all
        select loss, 2, 'host', initiator, initiator
        from located
        union all
        select loss, 3, 'interface', svm_id || chr(31) || interface_id, interface
        from located
        union all
        select
            loss,
            4,
            'igroup',
            coalesce(igroup.uuid, igroup.name),
            coalesce(igroup.name, igroup.uuid)
        from membership
        union all
        select loss, 5, 'node', node, node
        from located
        where node is not null
        union all
        select loss, 6, 'subnet', subnet, subnet
        from located
        where subnet is not null
        union all
        select loss, 7, 'svm', svm_id, svm
        from located
        union all
        select loss, 8, 'cluster', cluster, cluster
        from located
    ),
    candidate as (
        select
            l.cluster,
            l.lost_by,
            o.rank,
            o.kind,
            o.id,
            max(o.name) as name,
            sum(l.sessions) as lost,
            max(l.lost_after) as lost_after
        from object o
        join located l on l.loss = o.loss
        group by l.cluster, l.lost_by, o.rank, o.kind, o.id
        having count(*) >= 2 and (o.rank <= 2 or count(distinct l.initiator) >= 2)
    ),
    instant as (
        select distinct l.cluster, l.svm_id, l.lost_by, l.lost_after
        from located l
        join candidate c on c.cluster = l.cluster and c.lost_by = l.lost_by
        union all
        -- An SVM that lost nothing speaks for its share of the node, the host and the cluster.
        select o.cluster, o.svm_id, c.lost_by, max(c.lost_after)
        from (select distinct cluster, svm_id from spells) o
        join candidate c on c.cluster = o.cluster
        left join
            located l on l.cluster = o.cluster and l.svm_id = o.svm_id and l.lost_by = c.lost_by
        where l.loss is null
        group by o.cluster, o.svm_id, c.lost_by
    ),
    edge as (
        -- Sessions by path as they came and went, so that no instant has to be listed whole.
        select
            cluster,
            svm_id,
            initiator,
            initiator_address,
            interface_id,
            igroups,
            first_seen,
            coalesce(gone_by, last_seen + interval 1 microsecond) as gone_by,
            1.0 / greatest(connections, 1) as sessions
        from spells
        where
            first_seen <= (select max(lost_after) from instant)
            and (
                last_seen >= (select min(lost_after) from instant)
                or gone_by > (select min(lost_after) from instant)
            )
    ),
    wanted as (select distinct cluster, kind, id from candidate),
    part as (
        -- Which objects each of them belongs to, and for how long.
        select w.cluster, e.svm_id, w.kind, w.id, e.first_seen, e.gone_by, e.sessions
        from edge e
        join
            wanted w
            on w.cluster = e.cluster
            and w.kind = 'host_address'
            and w.id = e.initiator || chr(31) || e.initiator_address
        union all
        select w.cluster, e.svm_id, w.kind, w.id, e.first_seen, e.gone_by, e.sessions
        from edge e
        join wanted w on w.cluster = e.cluster and w.kind = 'host' and w.id = e.initiator
        union all
        select w.cluster, e.svm_id, w.kind, w.id, e.first_seen, e.gone_by, e.sessions
        from edge e
        join
            wanted w
            on w.cluster = e.cluster
            and w.kind = 'interface'
            and w.id = e.svm_id || chr(31) || e.interface_id
        union all
        select w.cluster, e.svm_id, w.kind, w.id, e.first_seen, e.gone_by, e.sessions
        from (select * exclude (igroups), unnest(igroups) as igroup from edge) e
        join
            wanted w
            on w.cluster = e.cluster
            and w.kind = 'igroup'
            and w.id = coalesce(e.igroup.uuid, e.igroup.name)
        union all
        select
            w.cluster,
            e.svm_id,
            w.kind,
            w.id,
            greatest(e.first_seen, i.first_seen),
            least(e.gone_by, i.last_seen + interval 1 microsecond),
            e.sessions
        from edge e
        join
            interfaces i
            on i.cluster = e.cluster
            and i.uuid = e.interface_id
            and i.first_seen < e.gone_by
            and i.last_seen >= e.first_seen
        join
            wanted w
            on w.cluster = e.cluster
            and ((w.kind = 'node' and w.id = i.node) or (w.kind = 'subnet' and w.id = i.subnet))
        union all
        select w.cluster, e.svm_id, w.kind, w.id, e.first_seen, e.gone_by, e.sessions
        from edge e
        join wanted w on w.cluster = e.cluster and w.kind = 'svm' and w.id = e.svm_id
        union all
        select w.cluster, e.svm_id, w.kind, w.id, e.first_seen, e.gone_by, e.sessions
        from edge e
        join wanted w on w.cluster = e.cluster and w.kind = 'cluster' and w.id = e.cluster
    ),
    step as (
        select
            cluster,
            svm_id,
            kind,
            id,
            first_seen as instant,
            sessions as moved,
            null::timestamp as lost_by
        from part
        union all
        select cluster, svm_id, kind, id, gone_by, - sessions, null
        from part
        union all
        select c.cluster, t.svm_id, c.kind, c.id, t.lost_after, 0, c.lost_by
        from candidate c
        join instant t on t.cluster = c.cluster and t.lost_by = c.lost_by
    ),
    running as (
        select
            cluster,
            kind,
            id,
            lost_by,
            sum(moved) over (
                partition by cluster, svm_id, kind, id
                order by instant
                range between unbounded preceding and current row
            ) as sessions
        from step
    ),
    total as (
        -- How many sessions each candidate had when the loss began.
        select cluster, lost_by, kind, id, sum(sessions) as sessions
        from running
        where lost_by is not null
        group by all
    ),
    pure as (
        select c.cluster, c.lost_by, c.rank, c.kind, c.id, c.name
        from candidate c
        join
            total t
            on t.cluster = c.cluster
            and t.lost_by = c.lost_by
            and t.kind = c.kind
            and t.id = c.id
        cross join thresholds n
        where c.lost >= n.cause_purity * t.sessions
    ),
    member as (
        -- Which loss each object that is pure enough could explain.
        select o.loss, l.cluster, l.lost_by, l.initiator, l.sessions, p.rank, p.kind, p.id, p.name
        from object o
        join located l on l.loss = o.loss
        join
            pure p
            on p.cluster = l.cluster
            and p.lost_by = l.lost_by
            and p.kind = o.kind
            and p.id = o.id
    ),
    chosen as (
        select
            0 as step,
            cluster,
            lost_by,
            loss,
            null::varchar as kind,
            null::varchar as id,
            null::varchar as name
        from located
        union all
        select
            s.step,
            s.cluster,
            s.lost_by,
            s.loss,
            coalesce(s.kind, m.kind),
            coalesce(s.id, m.id),
            coalesce(s.name, m.name)
        from (select step + 1 as step, cluster, lost_by, loss, kind, id, name from chosen) s
        join
            (
                select m.cluster, m.lost_by, m.rank, m.kind, m.id, m.name
                from member m
                join (select loss from chosen where kind is null) u on u.loss = m.loss
                group by m.cluster, m.lost_by, m.rank, m.kind, m.id, m.name
                having count(*) >= 2 and (m.rank <= 2 or count(distinct m.initiator) >= 2)
                qualify
                    row_number() over (
                        partition by m.cluster, m.lost_by
                        order by sum(m.sessions) desc, m.rank, m.id
                    )
                    = 1
            ) best
            on best.cluster = s.cluster
            and best.lost_by = s.lost_by
        left join member m on m.loss = s.loss and m.kind = best.kind and m.id = best.id
    ),
    settled as (
        select * from chosen qualify row_number() over (partition by loss order by step desc) = 1
    )
select
    l.loss,
    coalesce(s.kind, 'path') as cause_kind,
    coalesce(s.name, l.initiator_address || ' to ' || l.interface) as cause,
    coalesce(s.id, 'path' || chr(31) || l.loss) as cause_id
from located l
join settled s on s.loss = l.loss
