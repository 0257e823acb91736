-- /// query
-- title = "The matching cascade"
-- description = """
-- Pairs each session that ended with the one that took its place, one to one, from the surest
-- sign to the weakest (R0 to R5); in every round only what is still unpaired takes part, and
-- equal keys are paired by number, so that counts are conserved. What is left is lost or new (R6).
-- R4 and R5 are links, not acquittals: such a session is still lost, and names the other.
-- """
-- [columns]
-- gone = "Session of changed_sessions that ended; null for one that is new."
-- came = "Session of changed_sessions that began; null for one that was lost."
-- round = "The round that paired them: 0 to 5, or 6."
-- ///
with
    side as (
        -- An interface made anew counts as the one that it replaced.
        select
            t.*,
            coalesce(r.new_id, t.interface_id) as lif,
            concat_ws(
                chr(31), t.cluster, t.svm_id, t.changed_after, t.changed_by, t.initiator
            ) as who
        from changed_sessions t
        left join
            replaced_interfaces r
            on t.side = 'gone'
            and r.cluster = t.cluster
            and r.svm_id = t.svm_id
            and r.changed_after = t.changed_after
            and r.changed_by = t.changed_by
            and r.old_id = t.interface_id
    ),
    r0_keys as (
        -- The same TCP connection: whatever was renamed around it, it lives.
        select
            session,
            side,
            concat_ws(
                chr(31),
                who,
                isid,
                tsih,
                cid,
                initiator_address,
                initiator_port,
                coalesce(interface_address, '')
            ) as key,
            tsih,
            initiator_port
        from side
    ),
    r0_numbered as (
        select
            *,
            row_number() over (partition by side, key order by tsih, initiator_port, session) as n
        from r0_keys
    ),
    r0 as (
        select g.session as gone, c.session as came, 0 as round
        from r0_numbered g
        join r0_numbered c on c.key = g.key and c.n = g.n
        where g.side = 'gone' and c.side = 'came'
    ),
    r1_numbered as (
        -- The same session, another connection in it.
        select session, side, key, row_number() over (partition by side, key order by session) as n
        from
            (
                select session, side, concat_ws(chr(31), who, isid, portal_group, tsih) as key
                from side
                where
                    session not in (
                        select gone
                        from r0
                        union all
                        select came
                        from r0
                    )
            )
    ),
    r1 as (
        select *
        from r0
        union all
        select g.session, c.session, 1
        from r1_numbered g
        join r1_numbered c on c.key = g.key and c.n = g.n
        where g.side = 'gone' and c.side = 'came'
    ),
    r2_numbered as (
        -- The same nexus from the same address to the same interface: reinstated, new TSIH.
        select
            session,
            side,
            key,
            row_number() over (partition by side, key order by tsih, initiator_port, session) as n
        from
            (
                select
                    session,
                    side,
                    tsih,
                    initiator_port,
                    concat_ws(chr(31), who, isid, initiator_address, lif) as key
                from side
                where
                    isid <> ''
                    and session not in (
                        select gone
                        from r1
                        union all
                        select came
                        from r1
                    )
            )
    ),
    r2 as (
        select *
        from r1
        union all
        select g.session, c.session, 2
        from r2_numbered g
        join r2_numbered c on c.key = g.key and c.n = g.n
        where g.side = 'gone' and c.side = 'came'
    ),
    r3_numbered as (
        -- The same path with another ISID: a reboot or a logout. Before R4, since a rebooted host
        -- may swap the ISIDs of its ports.
        select
            session,
            side,
            key,
            row_number() over (partition by side, key order by tsih, initiator_port, session) as n
        from
            (
                select
                    session,
                    side,
                    tsih,
                    initiator_port,
                    concat_ws(chr(31), who, initiator_address, lif) as key
                from side
                where
                    session not in (
                        select gone
                        from r2
                        union all
                        select came
                        from r2
                    )
            )
    ),
    r3 as (
        select *
        from r2
        union all
        select g.session, c.session, 3
        from r3_numbered g
        join r3_numbered c on c.key = g.key and c.n = g.n
        where g.side = 'gone' and c.side = 'came'
    ),
    r4_numbered as (
        -- The same interface from another host address.
        select
            session,
            side,
            key,
            row_number() over (
                partition by side, key order by initiator_address, tsih, initiator_port, session
            ) as n
        from
            (
                select
                    session,
                    side,
                    initiator_address,
                    tsih,
                    initiator_port,
                    concat_ws(chr(31), who, lif) as key
                from side
                where
                    session not in (
                        select gone
                        from r3
                        union all
                        select came
                        from r3
                    )
            )
    ),
    r4 as (
        select *
        from r3
        union all
        select g.session, c.session, 4
        from r4_numbered g
        join r4_numbered c on c.key = g.key and c.n = g.n
        where g.side = 'gone' and c.side = 'came'
    ),
    r5_numbered as (
        -- The same host address to another interface.
        select
            session,
            side,
            key,
            row_number() over (
                partition by side, key order by lif, tsih, initiator_port, session
            ) as n
        from
            (
                select
                    session,
                    side,
                    lif,
                    tsih,
                    initiator_port,
                    concat_ws(chr(31), who, initiator_address) as key
                from side
                where
                    session not in (
                        select gone
                        from r4
                        union all
                        select came
                        from r4
                    )
            )
    ),
    r5 as (
        select *
        from r4
        union all
        select g.session, c.session, 5
        from r5_numbered g
        join r5_numbered c on c.key = g.key and c.n = g.n
        where g.side = 'gone' and c.side = 'came'
    )
select gone, came, round
from r5
union all
select session, null, 6
from side
where side = 'gone' and session not in (select gone from r5)
union all
select null, session, 6
from side
where side = 'came' and session not in (select came from r5)
