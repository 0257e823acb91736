-- /// query
-- title = "The matching cascade"
-- description = """
-- Pairs each session that ended with the one that took its place, one to one, from the surest
-- sign to the weakest; in every round only what is still unpaired takes part, and
-- equal keys are paired by number, so that counts are conserved. What is left is lost or new.
-- The last two rounds are links, not acquittals: such a session is still lost, and names the other.
-- """
-- [columns]
-- gone = "Session of changed_sessions that ended; null for one that is new."
-- came = "Session of changed_sessions that began; null for one that was lost."
-- round = "The round that paired them: 0 to 5, or 6."
-- ///
with recursive
    sessions as (
        -- An interface made anew counts as the one that it replaced.
        select
            s.*,
            coalesce(r.new_id, s.interface_id) as lif,
            concat_ws(
                chr(31), s.cluster, s.svm_id, s.changed_after, s.changed_by, s.initiator
            ) as host
        from changed_sessions s
        left join
            replaced_interfaces r
            on s.side = 'gone'
            and r.cluster = s.cluster
            and r.svm_id = s.svm_id
            and r.changed_after = s.changed_after
            and r.changed_by = s.changed_by
            and r.old_id = s.interface_id
    ),
    keys as (
        -- R0, the same TCP connection: whatever was renamed around it, it lives.
        select
            session,
            0 as round,
            concat_ws(
                chr(31),
                host,
                isid,
                tsih,
                cid,
                initiator_address,
                initiator_port,
                coalesce(interface_address, '')
            ) as key
        from sessions
        union all
        -- R1, the same session: another connection in it.
        select session, 1, concat_ws(chr(31), host, isid, portal_group, tsih)
        from sessions
        union all
        -- R2, the same nexus from the same address to the same interface: reinstated, new TSIH.
        -- Without an ISID there is no nexus, and the key is nobody else's.
        select
            session,
            2,
            case
                when isid <> ''
                then concat_ws(chr(31), host, isid, initiator_address, lif)
                else session::varchar
            end
        from sessions
        union all
        -- R3, the same path with another ISID: a reboot or a logout. Before R4, since a rebooted
        -- host may swap the ISIDs of its ports.
        select session, 3, concat_ws(chr(31), host, initiator_address, lif)
        from sessions
        union all
        -- R4, the same interface from another host address.
        select session, 4, concat_ws(chr(31), host, lif)
        from sessions
        union all
        -- R5, the same host address to another interface.
        select session, 5, concat_ws(chr(31), host, initiator_address)
        from sessions
    ),
    rounds as (
        -- Each round takes what the one before left unpaired; equal keys are paired in order.
        select
            -1 as round,
            case when side = 'gone' then session end as gone,
            case when side = 'came' then session end as came
        from sessions
        union all
        select
            round,
            max(session) filter (where side = 'gone') as gone,
            max(session) filter (where side = 'came') as came
        from
            (
                select
                    k.round,
                    k.key,
                    s.side,
                    s.session,
                    row_number() over (
                        partition by k.key, s.side
                        order by s.initiator_address, s.lif, s.tsih, s.initiator_port, s.session
                    ) as number
                from rounds r
                join keys k on k.session = coalesce(r.gone, r.came) and k.round = r.round + 1
                join sessions s on s.session = k.session
                where r.gone is null or r.came is null
            ) numbered
        group by round, key, number
    )
select gone, came, case when gone is null or came is null then round + 1 else round end as round
from rounds
where (gone is not null and came is not null) or round = (select max(round) from keys)
