-- /// query
-- title = "What the array's own log says"
-- description = """
-- One row for an event of the log (EMS), however often it was listed, with what it is about, as far
-- as its parameters say. Its time is the array's, set right by the skew of the clocks that was
-- measured when it was read.
-- """
-- [columns]
-- cluster = "Cluster."
-- happened_at = "When it happened, by the collector's clock."
-- known_after = "Last reading of the log without it; null in the first reading."
-- known_by = "First reading with it: later than it happened, where nobody collected."
-- node = "Node that logged it."
-- log_index = "Its number in the log of that node."
-- message = "Name of the message."
-- event = """taken_over, given_back, failover, panic, moved, interface_down, port_down, port_up,
-- svm_stopped, login_refused, login_missing or noted."""
-- about_node = "Node that it is about: for a failover the one whose partner served for it."
-- port = "Port that it is about."
-- interface = "Interface that it is about."
-- interface_address = "Address of the interface."
-- svm = "SVM that it is about, where it is named."
-- initiator = "Initiator that it is about, lower-cased."
-- initiator_address = "Address of the host."
-- words = "What it says: in words of ours where its parameters say what it is about."
-- text = "What the log says."
-- severity = "How much it matters."
-- ///
with
    entries as (
        select
            cluster,
            node,
            "index" as log_index,
            "time",
            message,
            max(text) as text,
            min(first_seen) as known_by,
            min_by(seen_after, first_seen) as known_after
        from ems
        where coalesce(severity, '') <> 'debug'
        group by cluster, node, "index", "time", message
    ),
    pairs as (
        select cluster, node, "index" as log_index, "time", unnest(parameters) as parameter from ems
    ),
    facts as (
        select
            cluster,
            node,
            log_index,
            "time",
            max(parameter.value) filter (where parameter.name = 'eventType') as step,
            max(parameter.value) filter (where parameter.name in ('port', 'ifname')) as port,
            max(parameter.value) filter (where parameter.name in ('vifname', 'lif')) as interface,
            max(parameter.value) filter (where parameter.name = 'vifip') as interface_address,
            -- Some messages have the SVM's number instead of its name.
            max(parameter.value) filter (
                where
                    parameter.name in ('vserver', 'vsrvid')
                    and try_cast(parameter.value as bigint) is null
            ) as svm,
            max(parameter.value) filter (where parameter.name = 'tonode') as to_node,
            lower(
                max(parameter.value) filter (
                    where parameter.name in ('initiator', 'initiator_name')
                )
            ) as initiator,
            max(parameter.value) filter (
                where parameter.name = 'initiator_ip_address'
            ) as initiator_address
        from pairs
        group by all
    ),
    partners as (
        -- A partner that is renamed keeps the name of then in what was logged of it.
        select
            cluster,
            name,
            ha_partner as partner,
            case when lag(first_seen) over in_time is not null then first_seen end as begins,
            lead(first_seen) over in_time as ends
        from nodes
        where ha_partner is not null
        window in_time as (partition by cluster, name order by first_seen)
    ),
    classified as (
        select
            e.cluster,
            e."time" - case
                when abs(a.clock_skew) >= h.least_skew_seconds then a.clock_skew::bigint else 0
            end
            * interval 1 second as happened_at,
            e.known_after,
            e.known_by,
            e.node,
            e.log_index,
            e.message,
            case
                when e.message = 'cf.transition.info' and lower(f.step) like '%takeover%'
                then 'taken_over'
                when e.message = 'cf.transition.info' and lower(f.step) like '%giveback%'
                then 'given_back'
                when e.message = 'cf.transition.info'
                then 'failover'
                when e.message = 'sk.panic'
                then 'panic'
                when e.message in ('vifmgr.lifdown.noports', 'vifmgr.unabletohostmovedlif')
                then 'interface_down'
                when
                    e.message like 'vifmgr.lifmoved.%'
                    or e.message in ('vifmgr.lifsuccessfullymoved', 'vifmgr.displaced.lifHomed')
                then 'moved'
                when e.message in ('vifmgr.portdown', 'netif.linkDown')
                then 'port_down'
                when e.message in ('vifmgr.portup', 'netif.linkUp')
                then 'port_up'
                when e.message = 'vserver.stop.succeeded'
                then 'svm_stopped'
                when e.message = 'iscsi.loginIpNotAuthorized'
                then 'login_refused'
                when e.message = 'san.initiator.login.missing'
                then 'login_missing'
                else 'noted'
            end as event,
            p.partner,
            f.port,
            f.interface,
            f.interface_address,
            f.svm,
            f.to_node,
            f.initiator,
            f.initiator_address,
            e.text
        from entries e
        cross join thresholds h
        left join
            facts f
            on f.cluster = e.cluster
            and f.node = e.node
            and f.log_index = e.log_index
            and f."time" = e."time"
        left join attempts a on a.cluster = e.cluster and a.taken_at = e.known_by
        left join
            partners p
            on p.cluster = e.cluster
            and p.name = e.node
            and coalesce(p.begins <= coalesce(e.known_after, e.known_by), true)
            and coalesce(p.ends > coalesce(e.known_after, e.known_by), true)
    )
select
    cluster,
    happened_at,
    known_after,
    known_by,
    node,
    log_index,
    message,
    event,
    -- The step of a failover follows from the node that served meanwhile.
    case when event in ('taken_over', 'given_back') then partner else node end as about_node,
    port,
    interface,
    interface_address,
    svm,
    initiator,
    initiator_address,
    case
        event
        when 'taken_over'
        then coalesce('node ' || partner || ' taken over by ' || node, 'takeover by ' || node)
        when 'given_back'
        then coalesce('node ' || partner || ' given back by ' || node, 'giveback by ' || node)
        when 'panic'
        then 'node ' || node || ' panicked'
        when 'moved'
        then 'interface ' || interface || ' moved' || coalesce(' to ' || to_node, '')
        when 'interface_down'
        then 'interface ' || interface || ' down' || coalesce(' on ' || to_node, '')
        when 'port_down'
        then 'port ' || port || ' of ' || node || ' down'
        when 'port_up'
        then 'port ' || port || ' of ' || node || ' up'
        when 'svm_stopped'
        then 'SVM ' || svm || ' stopped'
        when 'login_refused'
        then
            'login of '
            || initiator
            || coalesce(' at ' || initiator_address, '')
            || ' refused'
            || coalesce(' by ' || interface, '')
        when 'login_missing'
        then initiator || ' not logged in on ' || node
        when 'noted'
        then coalesce(nullif(replace(text, message || ': ', ''), ''), message)
        else message
    end as words,
    text,
    case
        when event = 'panic'
        then 'high'
        when event in ('taken_over', 'interface_down', 'port_down', 'svm_stopped', 'login_refused')
        then 'medium'
        when event in ('moved', 'login_missing', 'failover')
        then 'low'
        else 'info'
    end as severity
from classified
