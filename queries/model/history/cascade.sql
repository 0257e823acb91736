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
    changed_hosts as (
        -- Hosts that lost sessions and got some at one instant; those of others pair in no round.
        select host from sessions group by host having min(side) < max(side)
    ),
    keyed as (
        -- What two sessions must have alike to be paired in each round.
        select
            session,
            side,
            host,
            row_number() over (
                order by initiator_address, lif, tsih, initiator_port, session
            ) as place,
            -- R0, the same TCP connection: whatever was renamed around it, it lives.
            concat_ws(
                chr(31),
                host,
                isid,
                tsih,
                cid,
                initiator_address,
                initiator_port,
                coalesce(interface_address, '')
            ) as r0,
            -- R1, the same session: another connection in it.
            concat_ws(chr(31), host, isid, portal_group, tsih) as r1,
            -- R2, the same nexus from the same address to the same interface: reinstated, new TSIH.
            -- Without an ISID there is no nexus, and the key is nobody else's.
            case
                when isid <> ''
                then concat_ws(chr(31), host, isid, initiator_address, lif)
                else session::varchar
            end as r2,
            -- R3, the same path with another ISID: a reboot or a logout. Before R4, since a
            -- rebooted host may swap the ISIDs of its ports.
            concat_ws(chr(31), host, initiator_address, lif) as r3,
            -- R4, the same interface from another host address.
            concat_ws(chr(31), host, lif) as r4,
            -- R5, the same host address to another interface.
            concat_ws(chr(31), host, initiator_address) as r5
        from sessions
    ),
    rounds as (
        -- Each round takes what the one before left unpaired; equal keys are paired in order.
        select
            case when h.host is null then 5 else -1 end as round,
            case when k.side = 'gone' then k.session end as gone,
            case when k.side = 'came' then k.session end as came
        from keyed k
        left join changed_hosts h on h.host = k.host
        union all
        select
            round,
            max(session) filter (where side = 'gone') as gone,
            max(session) filter (where side = 'came') as came
        from
            (
                select
                    round,
                    key,
                    side,
                    session,
                    row_number() over (partition by key, side order by place) as number
                from
                    (
                        select
                            r.round + 1 as round,
                            k.session,
                            k.side,
                            k.place,
                            case
                                r.round
                                when -1
                                then k.r0
                                when 0
                                then k.r1
                                when 1
                                then k.r2
                                when 2
                                then k.r3
                                when 3
                                then k.r4
                                else k.r5
                            end as key
                        from rounds r
                        join keyed k on k.session = coalesce(r.gone, r.came)
                        where (r.gone is null or r.came is null) and r.round < 5
                    ) unpaired
            ) numbered
        group by round, key, number
    )
select gone, came, case when gone is null or came is null then 6 else round end as round
from rounds
where (gone is not null and came is not null) or round = 5
