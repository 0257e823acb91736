-- /// query
-- title = "The smallest explanation of each loss"
-- description = """
-- Greedy, per cluster and instant: among the objects of which at least nine in ten sessions were
-- lost, which explain at least two paths not yet explained (of two initiators, above a host), the
-- one that explains most; on a tie the most specific. Again, until none is left; what remains is a
-- path by itself. Nodes and subnets only where interfaces were collected.
-- """
--
-- [columns]
-- loss = "The loss, as numbered by losses."
-- cause_kind = "path, host_address, host, interface, igroup, node, subnet, svm or cluster."
-- cause = "Name of the object."
-- cause_id = "What identifies it."
-- ///
with recursive located as (
    select l.loss, l.cluster, l.svm_id, l.svm, l.initiator, l.initiator_address, l.interface_id,
        coalesce(l.interface, l.interface_id) as interface, l.lost_after, l.lost_by,
        l.sessions_lost as sessions, i.node, i.subnet
    from losses l
    left join interfaces i
        on i.cluster = l.cluster and i.uuid = l.interface_id
        and i.first_seen <= l.lost_after and i.last_seen >= l.lost_after
), membership as (
    select distinct l.loss, unnest(s.igroups) as igroup
    from located l
    join spells s
        on s.cluster = l.cluster and s.svm_id = l.svm_id and s.initiator = l.initiator
        and s.interface_id = l.interface_id and s.initiator_address = l.initiator_address
        and s.first_seen <= l.lost_after and s.last_seen >= l.lost_after
), object as (
    select loss, 1 as rank, 'host_address' as kind, initiator || chr(31) || initiator_address as id,
        initiator_address as name from located where initiator_address <> ''
    union all
    select loss, 2, 'host', initiator, initiator from located
    union all
    select loss, 3, 'interface', svm_id || chr(31) || interface_id, interface from located
    union all
    select loss, 4, 'igroup', coalesce(igroup.uuid, igroup.name),
        coalesce(igroup.name, igroup.uuid) from membership
    union all
    select loss, 5, 'node', node, node from located where node is not null
    union all
    select loss, 6, 'subnet', subnet, subnet from located where subnet is not null
    union all
    select loss, 7, 'svm', svm_id, svm from located
    union all
    select loss, 8, 'cluster', cluster, cluster from located
), candidate as (
    select l.cluster, l.lost_by, o.rank, o.kind, o.id, max(o.name) as name,
        sum(l.sessions) as lost, max(l.lost_after) as lost_after
    from object o
    join located l on l.loss = o.loss
    group by l.cluster, l.lost_by, o.rank, o.kind, o.id
    having count(*) >= 2 and (o.rank <= 2 or count(distinct l.initiator) >= 2)
), instant as (
    select distinct l.cluster, l.svm_id, l.lost_by, l.lost_after
    from located l
    join candidate c on c.cluster = l.cluster and c.lost_by = l.lost_by
    union all
    -- An SVM that lost nothing speaks for its share of the node, the host and the cluster.
    select o.cluster, o.svm_id, c.lost_by, max(c.lost_after)
    from (select distinct cluster, svm_id from spells) o
    join candidate c on c.cluster = o.cluster
    left join located l
        on l.cluster = o.cluster and l.svm_id = o.svm_id and l.lost_by = c.lost_by
    where l.loss is null
    group by o.cluster, o.svm_id, c.lost_by
), edge as (
    -- Sessions by path as they came and went, so that no instant has to be listed whole.
    select cluster, svm_id, initiator, initiator_address, interface_id, igroups,
        first_seen, coalesce(gone_by, last_seen + interval 1 microsecond) as gone_by,
        1.0 / greatest(connections, 1) as sessions
    from spells
    where first_seen <= (select max(lost_after) from instant)
        and (last_seen >= (select min(lost_after) from instant)
            or gone_by > (select min(lost_after) from instant))
), total as (
    select c.cluster, c.lost_by, c.kind, c.id, sum(e.sessions) as sessions
    from candidate c
    join instant t on t.cluster = c.cluster and t.lost_by = c.lost_by
    join edge e on e.cluster = t.cluster and e.svm_id = t.svm_id
        and e.first_seen <= t.lost_after and e.gone_by > t.lost_after
        and e.initiator = split_part(c.id, chr(31), 1)
        and (c.kind = 'host' or e.initiator_address = split_part(c.id, chr(31), 2))
    where c.rank <= 2
    group by all
    union all
    select c.cluster, c.lost_by, c.kind, c.id, sum(e.sessions)
    from candidate c
    join instant t on t.cluster = c.cluster and t.lost_by = c.lost_by
        and t.svm_id = split_part(c.id, chr(31), 1)
    join edge e on e.cluster = t.cluster and e.svm_id = t.svm_id
        and e.interface_id = split_part(c.id, chr(31), 2)
        and e.first_seen <= t.lost_after and e.gone_by > t.lost_after
    where c.kind = 'interface'
    group by all
    union all
    select c.cluster, c.lost_by, c.kind, c.id, sum(e.sessions)
    from candidate c
    join instant t on t.cluster = c.cluster and t.lost_by = c.lost_by
    join (select * exclude (igroups), unnest(igroups) as igroup from edge) e
        on e.cluster = t.cluster and e.svm_id = t.svm_id
        and coalesce(e.igroup.uuid, e.igroup.name) = c.id
        and e.first_seen <= t.lost_after and e.gone_by > t.lost_after
    where c.kind = 'igroup'
    group by all
    union all
    select c.cluster, c.lost_by, c.kind, c.id, sum(e.sessions)
    from candidate c
    join instant t on t.cluster = c.cluster and t.lost_by = c.lost_by
    join edge e on e.cluster = t.cluster and e.svm_id = t.svm_id
        and e.first_seen <= t.lost_after and e.gone_by > t.lost_after
    join interfaces i on i.cluster = e.cluster and i.uuid = e.interface_id
        and i.first_seen <= t.lost_after and i.last_seen >= t.lost_after
        and case when c.kind = 'node' then i.node else i.subnet end = c.id
    where c.kind in ('node', 'subnet')
    group by all
    union all
    select c.cluster, c.lost_by, c.kind, c.id, sum(e.sessions)
    from candidate c
    join instant t on t.cluster = c.cluster and t.lost_by = c.lost_by
        and (c.kind = 'cluster' or t.svm_id = c.id)
    join edge e on e.cluster = t.cluster and e.svm_id = t.svm_id
        and e.first_seen <= t.lost_after and e.gone_by > t.lost_after
    where c.kind in ('svm', 'cluster')
    group by all
), pure as (
    select c.cluster, c.lost_by, c.rank, c.kind, c.id, c.name
    from candidate c
    join total t on t.cluster = c.cluster and t.lost_by = c.lost_by and t.kind = c.kind
        and t.id = c.id
    where c.lost >= 0.9 * t.sessions
), member as (
    -- Which loss each object that is pure enough could explain.
    select o.loss, l.cluster, l.lost_by, l.initiator, l.sessions, p.rank, p.kind, p.id, p.name
    from object o
    join located l on l.loss = o.loss
    join pure p on p.cluster = l.cluster and p.lost_by = l.lost_by and p.kind = o.kind
        and p.id = o.id
), chosen as (
    select 0 as step, cluster, lost_by, loss, null::varchar as kind, null::varchar as id,
        null::varchar as name
    from located
    union all
    select s.step, s.cluster, s.lost_by, s.loss, coalesce(s.kind, m.kind),
        coalesce(s.id, m.id), coalesce(s.name, m.name)
    from (select step + 1 as step, cluster, lost_by, loss, kind, id, name from chosen) s
    join (
        select m.cluster, m.lost_by, m.rank, m.kind, m.id, m.name
        from member m
        join (select loss from chosen where kind is null) u on u.loss = m.loss
        group by m.cluster, m.lost_by, m.rank, m.kind, m.id, m.name
        having count(*) >= 2 and (m.rank <= 2 or count(distinct m.initiator) >= 2)
        qualify row_number() over (
            partition by m.cluster, m.lost_by order by sum(m.sessions) desc, m.rank, m.id
        ) = 1
    ) best on best.cluster = s.cluster and best.lost_by = s.lost_by
    left join member m on m.loss = s.loss and m.kind = best.kind and m.id = best.id
), settled as (
    select * from chosen
    qualify row_number() over (partition by loss order by step desc) = 1
)
select l.loss, coalesce(s.kind, 'path') as cause_kind,
    coalesce(s.name, l.initiator_address || ' to ' || l.interface) as cause,
    coalesce(s.id, 'path' || chr(31) || l.loss) as cause_id
from located l
join settled s on s.loss = l.loss
