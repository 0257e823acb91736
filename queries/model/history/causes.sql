-- /// query
-- title = "The smallest explanation of each loss"
-- description = """
-- Greedy, per cluster and instant: among the objects that lost nearly everything, which explain
-- several paths not yet explained (of several initiators, above a host), the one that explains
-- most; on a tie the most specific. Again, until none is left; what remains is a path by itself.
-- """
-- [columns]
-- loss = "The loss, as numbered by losses."
-- cause_kind = "path, host_address, host, interface, igroup, node, subnet, svm or cluster."
-- cause = "Name of the object."
-- cause_id = "What identifies it."
-- ///
with recursive
    explanations as (
        -- Which loss each object that is pure enough could explain.
        select o.loss, o.cluster, o.lost_by, o.initiator, o.sessions, o.rank, o.kind, o.id, p.name
        from loss_objects o
        join
            pure_objects p
            on p.cluster = o.cluster
            and p.lost_by = o.lost_by
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
        from losses
        union all
        select
            s.step,
            s.cluster,
            s.lost_by,
            s.loss,
            coalesce(s.kind, e.kind),
            coalesce(s.id, e.id),
            coalesce(s.name, e.name)
        from (select step + 1 as step, cluster, lost_by, loss, kind, id, name from chosen) s
        join
            (
                select e.cluster, e.lost_by, e.rank, e.kind, e.id
                from explanations e
                cross join thresholds h
                join (select loss from chosen where kind is null) u on u.loss = e.loss
                group by e.cluster, e.lost_by, e.rank, e.kind, e.id, h.cause_members
                having
                    count(*) >= h.cause_members
                    and (e.rank <= 2 or count(distinct e.initiator) >= h.cause_members)
                qualify
                    row_number() over (
                        partition by e.cluster, e.lost_by
                        order by sum(e.sessions) desc, e.rank, e.id
                    )
                    = 1
            ) best
            on best.cluster = s.cluster
            and best.lost_by = s.lost_by
        left join explanations e on e.loss = s.loss and e.kind = best.kind and e.id = best.id
    ),
    settled as (
        select * from chosen qualify row_number() over (partition by loss order by step desc) = 1
    )
select
    l.loss,
    coalesce(s.kind, 'path') as cause_kind,
    coalesce(
        s.name, l.initiator_address || ' to ' || coalesce(l.interface, l.interface_id)
    ) as cause,
    coalesce(s.id, 'path' || chr(31) || l.loss) as cause_id
from losses l
join settled s on s.loss = l.loss
