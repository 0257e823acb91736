"""The scenarios that everybody who looks after iSCSI knows: what must be said, and what not."""

import pytest
from support.scene import Watch, like, record_together
from support.steps import Steps, in_steps

from analyzer.simulate import World, base_world

together = in_steps(Watch, record_together)


@together
def test_i01_a_quiet_night(watch: Watch) -> Steps:
    night = watch()
    yield watch
    for name in ("events", "dropped-connections", "outages", "new-initiators", "flapping"):
        night.never(name)
    night.never("changes")
    night.only("coverage", status="complete")
    night.say("snapshots", 5, sessions=76, status="complete")


@together
def test_i02_one_cable(watch: Watch) -> Steps:
    night = watch("02:12 drop lnx1 L2\n 02:31 recover lnx1 L2", until="02:40")
    yield watch
    night.only(
        "dropped-connections",
        initiator="lnx1", interface="L2", initiator_address="192.168.20.101",
        lost_after="02:10", lost_by="02:15", back_after="02:30", back_by="02:35",
        outage_min_seconds=15 * 60, outage_max_seconds=25 * 60, status="recovered",
        sessions_lost=1, path_sessions_left=0, initiator_sessions_left=3,
        cause_kind="path", severity="medium",
    )  # fmt: skip
    night.only("outages", cause_kind="path", paths=1, members=["lnx1"], hosts_without_path=0)
    night.only("events", 2, initiator="lnx1")
    night.say("events", change="lost", changed_after="02:10", changed_by="02:15")
    night.say("events", change="appeared", changed_after="02:30", changed_by="02:35")
    night.never("new-initiators")


@together
def test_i03_a_host_loses_its_port_in_one_fabric(watch: Watch) -> Steps:
    night = watch("02:12 drop lnx2 L2\n 02:12 drop lnx2 L4")
    yield watch
    night.only("outages", cause_kind="host_address", cause="192.168.20.102", paths=2,
               members=["lnx2"], severity="high", status="open",
               detail=like("host address 192.168.20.102: 1 initiator lost 2 paths over 2"
                           " interfaces*"))  # fmt: skip
    night.only("dropped-connections", 2, initiator="lnx2", severity="high")
    night.say("multipath-imbalance", initiator="lnx2", fault="single_subnet")
    night.say("multipath-imbalance", initiator="lnx2", fault="single_host_address")


@together
def test_i04_a_silent_reconnect(watch: Watch) -> Steps:
    night = watch("02:12 relogin esx1")
    yield watch
    night.only("events", 4, initiator="esx1", change="reconnected",
               changed_after="02:10", changed_by="02:15")  # fmt: skip
    for name in ("dropped-connections", "outages", "new-initiators", "flapping"):
        night.never(name)


@together
def test_i06_a_reboot_after_which_one_path_stays_away(watch: Watch) -> Steps:
    script = "02:11 shutdown lnx3\n 02:18 boot lnx3 L3\n 02:33 login lnx3 L3"
    early, night = watch(script, until="02:25"), watch(script, until="02:40")
    yield watch
    early.only("outages", status="partly_back", paths=4, paths_back=3, back_after="02:15",
               back_by="02:20")  # fmt: skip
    night.only("dropped-connections", 4, initiator="lnx3", severity="critical",
               lost_after="02:10", lost_by="02:15", cause_kind="host")  # fmt: skip
    night.say("dropped-connections", 3, back_after="02:15", back_by="02:20")
    night.say("dropped-connections", interface="L3", back_after="02:30", back_by="02:35")
    night.only("outages", cause_kind="host", cause="lnx3", hosts_without_path=1,
               back_after="02:30", back_by="02:35", status="recovered")  # fmt: skip
    night.only("new-initiators", initiator="lnx3", kind="returned", severity="info")


BARE = ("svms", "interfaces", "igroups", "nodes")  # as if nobody had asked for the event log
TAKEOVER = """
    02:12 takeover n2
    02:24 giveback n2
    02:24 recover lnx*
    02:27 recover
"""


@together
def test_i07_a_takeover_where_interfaces_stay(watch: Watch) -> Steps:
    night = watch(TAKEOVER, until="02:35")
    yield watch
    night.only("outages", cause_kind="node", cause="n2", lost_after="02:10", lost_by="02:15",
               paths=32, initiators=16, hosts_without_path=0, status="recovered",
               back_after="02:25", back_by="02:30")  # fmt: skip
    night.say("dropped-connections", 32, cause_kind="node")
    night.say("dropped-connections", 8, back_by="02:25")
    night.never("events", change="interface_replaced")
    night.never("dropped-connections", severity="critical")


@together
def test_a_takeover_is_reported_and_is_the_evidence_of_what_it_explains(watch: Watch) -> Steps:
    night = watch(TAKEOVER, until="02:35", inventories=BARE)
    yield watch
    taken = {"changed_after": "02:10", "changed_by": "02:15", "initiator": None}
    night.say("events", change="node_taken_over", detail="node n2 taken over by n1", **taken)
    night.say("changes", change="node_taken_over", before="02:10", after="02:15", **taken)
    night.say("events", 4, change="interface_down", severity="medium", **taken)
    night.say("events", change="node_given_back", changed_by="02:25", severity="info")
    night.say("timeline", event="node_taken_over", happened_by="02:15",
              params={"initiator": "*lnx1"})  # fmt: skip
    night.say("timeline", 2, event="interface_down", params={"initiator": "*lnx1"})
    for since in ("02:05", "02:20"):
        night.only("outages", since=since, evidence="node n2 taken over by n1",
                   detail="; node n2 taken over by n1")  # fmt: skip


@together
def test_what_follows_from_a_takeover_goes_without_saying(watch: Watch) -> Steps:
    night = watch(TAKEOVER, until="02:35")
    yield watch
    words = "2026-11-23T02:12:00Z node n2 taken over by n1 (cf.transition.info)"
    night.only("outages", evidence=words, event_log="read")
    night.say("dropped-connections", 32, evidence=words, event_log="read")


@together
def test_the_log_of_another_node_is_no_evidence_and_its_silence_is_said(watch: Watch) -> Steps:
    night = watch("02:12 takeover n3\n 02:12 shutdown lnx1")
    bare = watch("02:12 takeover n3\n 02:12 shutdown lnx1", inventories=BARE)
    yield watch
    night.say("outages", cause="lnx1", evidence=None, event_log="read",
              detail="; the array's log says nothing of it")  # fmt: skip
    bare.say("outages", cause="lnx1", evidence=None, event_log="not read",
              detail=lambda text: "the array's log" not in text)  # fmt: skip


@together
def test_an_event_before_the_interval_is_no_evidence(watch: Watch) -> Steps:
    night = watch("02:08 fabric_off b\n 02:08 fabric_on b\n 02:08 recover\n 02:12 drop lnx1 L2")
    yield watch
    night.only("dropped-connections", initiator="lnx1", interface="L2", evidence=None)


@together
def test_a_port_is_the_evidence_of_its_own_interfaces(watch: Watch) -> Steps:
    night = watch("02:12 fabric_off b\n 02:12 drop lnx1 L1")
    yield watch
    night.say("dropped-connections", initiator="lnx1", interface="L1", evidence=None)
    night.say("dropped-connections", 13, interface="L2",
              evidence="2026-11-23T02:12:00Z port e0f of n1 down (vifmgr.portdown)")  # fmt: skip


@together
def test_a_refused_login_stands_beside_the_path_that_its_host_misses(watch: Watch) -> Steps:
    night = watch("02:12 drop lnx1 L2\n 02:12 drop lnx2 L2\n 02:17 refuse lnx1 L2")
    yield watch
    night.say("dropped-connections", initiator="lnx1", refused_logins=1,
              detail="1 logins refused there")  # fmt: skip
    night.say("dropped-connections", initiator="lnx2", refused_logins=0)
    night.say("dropped-hosts", initiator="lnx1", refused_logins=1)
    night.say("timeline", event="iscsi.loginIpNotAuthorized", params={"initiator": "*lnx1"})


@together
def test_what_did_not_change_about_the_array_is_no_evidence(watch: Watch) -> Steps:
    night = watch("02:12 takeover n3\n 02:12 shutdown lnx1\n 02:12 drop_lif L2")
    yield watch
    night.say("outages", cause_kind="host", cause="lnx1", evidence=None)
    night.say("outages", cause_kind="interface", cause="L2",
              evidence="interface sql_n1_b disabled on n1")  # fmt: skip


@together
def test_what_an_account_no_longer_sees_was_not_removed(watch: Watch) -> Steps:
    night = watch(looks={"02:15": "only S2", "02:20": "only S2"})
    removed = watch("02:12 remove_interface L2", looks={"02:20": "only S2"})
    yield watch
    night.only("events", 2, change=like("svm_*listed*"), svm="svm_sql")
    removed.say("events", change="interface_removed", interface="sql_n1_b", changed_by="02:15")
    removed.say("events", 1, interface="sql_n1_b", initiator=None)


@together
def test_i07_a_takeover_without_interface_data_names_no_node(watch: Watch) -> Steps:
    night = watch(TAKEOVER, until="02:35", inventories=("svms", "igroups"))
    yield watch
    night.never("outages", cause_kind="node")
    night.never("outages", cause_kind="subnet")
    night.say("outages", 4, cause_kind="interface", lost_by="02:15")
    night.say("outages", 4)


@together
def test_i09_a_rolling_upgrade_leaves_one_path_behind(watch: Watch) -> Steps:
    night = watch(
        """
        02:07 takeover n1
        02:17 giveback n1
        02:17 recover
        02:27 takeover n2
        02:37 giveback n2
        02:37 recover
        02:37 logout lnx4 L1
        """,
        until="02:45",
    )
    yield watch
    night.only("not-recovered", initiator="lnx4", interface="L1", sessions_before=1,
               sessions_after=0, initiator_sessions_after=3, before="02:05", after="02:45")  # fmt: skip
    night.say("outages", 2, cause_kind="node", status="recovered")
    night.say("outages", cause_kind="path", lost_by="02:40", status="open")
    night.say("outages", 3)


@together
def test_i10_a_fabric_switch(watch: Watch) -> Steps:
    night = watch("02:12 fabric_off b\n 02:17 fabric_on b\n 02:17 recover")
    yield watch
    night.say("outages", 2, cause_kind="subnet")
    night.say("outages", cause="192.168.20.0/24", paths=26, initiators=13)
    night.say("outages", cause="192.168.40.0/24", paths=12, initiators=6)
    night.say("outages", 2, status="recovered", hosts_without_path=0)


@together
def test_i11_the_collector_may_not_log_in(watch: Watch) -> Steps:
    night = watch(looks={"02:15": "failed HTTP 401", "02:20": "failed HTTP 401"}, http=True)
    yield watch
    for name in ("events", "dropped-connections", "outages"):
        night.never(name)
    night.say("coverage", status="unknown", **{"from": "02:10", "to": "02:25"}, reason="401")
    night.say("coverage", status="complete")


@together
def test_i12_a_truncated_page_over_http(watch: Watch) -> Steps:
    night = watch(looks={"02:15": "partial 30"}, http=True)
    yield watch
    for name in ("events", "dropped-connections", "outages"):
        night.never(name)
    night.say("coverage", status="unknown", **{"from": "02:10", "to": "02:20"}, reason="partial")


@together
def test_i12_a_truncated_page(watch: Watch) -> Steps:
    night = watch("02:12 drop lnx1 L2", looks={"02:15": "partial 30"})
    yield watch
    night.only("dropped-connections", initiator="lnx1", lost_after="02:10", lost_by="02:20")
    night.say("snapshots", status="partial", sessions=30)


RENAMES = {
    "the portal group follows": "02:12 rename_interface L1 sql_a1",
    "the portal group keeps its name": "02:12 rename_interface L1 sql_a1 stays",
}


@pytest.mark.parametrize("rename", RENAMES.values(), ids=RENAMES)
@together
def test_i15_an_svm_and_an_interface_are_renamed(watch: Watch, rename: str) -> Steps:
    night = watch(f"02:12 rename_svm S1 svm_sql_prod\n {rename}")
    yield watch
    night.only("events", 2, initiator=None, severity="info")
    night.say("events", change="svm_renamed", svm="svm_sql_prod", sessions=52)
    night.say("events", change="interface_renamed", interface="sql_a1", sessions=13)
    night.never("dropped-connections")
    night.never("new-initiators")


@together
def test_i17_the_service_of_an_svm_stops(watch: Watch) -> Steps:
    night = watch("02:12 service_off S1\n 02:19 service_on S1\n 02:19 recover")
    yield watch
    night.only("outages", cause_kind="svm", cause="S1", initiators=13, paths=52,
               hosts_without_path=13, lost_after="02:10", lost_by="02:15",
               back_after="02:15", back_by="02:20", severity="critical")  # fmt: skip
    night.say("dropped-connections", 52, severity="critical", svm="S1")
    night.say("new-initiators", 13, kind="returned", severity="info")
    night.say("new-initiators", 13)


@together
def test_i19_a_cloned_host_with_the_same_name(watch: Watch) -> Steps:
    turns = "\n".join(f"02:{minute} alternate lnx4 lnx9" for minute in (12, 17, 22, 27))
    night = watch(f"02:01 clone lnx4 lnx9 144\n {turns}", until="02:30")
    yield watch
    night.say("multipath-imbalance", initiator="lnx4", fault="cloned_initiator",
              severity="critical", detail="192.168.10.104 and 192.168.10.144")  # fmt: skip
    night.never("new-initiators")
    night.never("dropped-connections", initiator_sessions_left=0)
    night.never("dropped-connections", severity={"medium", "high", "critical"})


@together
def test_i23_a_rogue_initiator(watch: Watch) -> Steps:
    night = watch("02:12 rogue stranger iqn.2019-03.io.unknown:guest 172.16.9.200 L1")
    yield watch
    night.only("new-initiators", initiator="stranger", kind="new", severity="critical", sessions=1,
               igroups=None, authentication="none", addresses=["172.16.9.200"],
               interfaces=["L1"], seen_after="02:10", seen_by="02:15")  # fmt: skip
    night.say("events", initiator="stranger", change="appeared", severity="info")
    night.say("events")
    night.say("multipath-imbalance", initiator="stranger", fault="no_igroup")


@together
def test_i23_a_known_subnet_makes_a_rogue_high_only(watch: Watch) -> Steps:
    night = watch("02:12 rogue stranger iqn.2019-03.io.unknown:guest 192.168.10.200 L1")
    yield watch
    night.only("new-initiators", initiator="stranger", kind="new", severity="high")


@together
def test_i25_a_host_leaves_its_igroup_and_stays(watch: Watch) -> Steps:
    night = watch("02:12 igroup_remove ig_ora lnx1")
    yield watch
    night.only("events", 4, initiator="lnx1", change="igroups_changed", severity="high",
               detail="ig_ora, now none")  # fmt: skip
    night.never("dropped-connections")
    night.never("new-initiators")


@together
def test_i29_more_sessions_on_every_path(watch: Watch) -> Steps:
    night = watch("02:12 sessions_per_interface lnx1 8")
    yield watch
    night.only("events", 4, initiator="lnx1", change="appeared", sessions=7, severity="info")
    night.never("dropped-connections")
    night.never("multipath-imbalance", fault="uneven_interfaces")


@together
def test_some_of_the_sessions_of_a_path_are_lost(watch: Watch) -> Steps:
    night = watch("02:01 sessions_per_interface lnx1 8\n 02:12 sessions_per_interface lnx1 5\n"
                  " 02:22 sessions_per_interface lnx1 8")  # fmt: skip
    yield watch
    night.only("dropped-connections", 4, initiator="lnx1", sessions_lost=3, path_sessions_left=5,
               initiator_sessions_left=20, lost_after="02:10", lost_by="02:15", status="recovered",
               back_after="02:20", back_by="02:25", severity="low")  # fmt: skip
    night.say("events", 4, change="lost", sessions=3)
    night.say("events", 4, change="appeared", sessions=3)
    night.say("events", 8)
    night.never("flapping")


@together
def test_what_is_still_missing_was_last_seen_before_it_went(watch: Watch) -> Steps:
    night = watch(
        """
        02:04 sessions_per_interface lnx1 4
        02:12 shutdown lnx1
        02:17 set lnx1 nr_sessions 2
        02:18 boot lnx1
        """
    )
    yield watch
    night.only(
        "not-recovered", rows=4, initiator="lnx1", sessions_before=4, sessions_after=2,
        lost_after="02:10", before="02:05", after="02:25",
    )  # fmt: skip


@together
def test_a_host_under_new_addresses_may_come_back_path_by_path(watch: Watch) -> Steps:
    night = watch(
        """
        02:12 shutdown lnx1
        02:12 renumber lnx1 192.168.10.201 192.168.20.201
        02:13 boot lnx1 L4
        02:17 login lnx1 L4
        """
    )
    yield watch
    night.only("dropped-connections", 4, initiator="lnx1", status="replaced")
    night.say("dropped-connections", interface="L4", back_after="02:15", back_by="02:20")


@together
def test_nobody_is_sent_to_an_interface_that_is_down_or_removed(watch: Watch) -> Steps:
    night = watch("02:12 drop_lif L2\n 02:12 drop_lif L3\n 02:17 remove_interface L3")
    remade = watch("02:12 drop_lif L2\n 02:17 recreate_interface L2\n 02:22 raise_lif L2")
    yield watch
    pair = {"before": "02:05", "after": "02:25"}
    night.say("not-recovered", 13, interface="L2", detail="sql_n1_b must be up first", **pair)
    night.say(
        "not-recovered", 13, interface="sql_n2_a",
        detail="sql_n2_a is not at 192.168.10.12 any more: removed", **pair,
    )  # fmt: skip
    remade.say("not-recovered", 13, detail="log in to sql_n1_b again from", **pair)


@together
def test_i31_one_connection_of_a_session(watch: Watch) -> Steps:
    night = watch("02:01 connect win2 *\n 02:12 disconnect win2 L1 2")
    yield watch
    night.only("events", initiator="win2", interface="L1", change="connection_lost",
               severity="medium", detail="2 connections, now 1")  # fmt: skip
    night.never("dropped-connections")
    night.never("outages")


@together
def test_i32_a_flapping_path(watch: Watch) -> Steps:
    flaps = "\n".join(
        f"02:{7 + 5 * k:02} {'recover' if k % 2 else 'drop'} esx2 L2" for k in range(8)
    )
    night = watch(flaps, until="02:45")
    yield watch
    night.only("flapping", initiator="esx2", interface="L2", transitions=8, reconnects=0,
               first="02:10", last="02:45", severity="medium")  # fmt: skip
    night.only("dropped-connections", 4, initiator="esx2", interface="L2", status="recovered")
    night.only("outages", 4, cause_kind="path")


@together
def test_a_path_that_reconnects_again_and_again_is_flapping(watch: Watch) -> Steps:
    twice = watch("02:07 relogin esx1 L2\n 02:12 relogin esx1 L2\n 02:22 relogin esx1 L2",
                  until="02:30")  # fmt: skip
    night = watch("02:07 relogin esx1 L2\n 02:12 relogin esx1 L2\n 02:17 relogin esx1 L2",
                  until="02:30")  # fmt: skip
    gap = watch("02:07 relogin esx1 L2\n 02:12 relogin esx1 L2\n 02:22 relogin esx1 L2",
                until="02:30", looks={"02:20": "failed"})  # fmt: skip
    yield watch
    twice.never("flapping")
    night.only("flapping", initiator="esx1", interface="L2", transitions=0, reconnects=3,
               first="02:10", last="02:20", severity="medium",
               detail="reconnected between 3 pairs of snapshots in a row")  # fmt: skip
    gap.only("flapping", initiator="esx1", reconnects=3, first="02:10", last="02:25")


@together
def test_i33_an_interface_is_added(watch: Watch) -> Steps:
    night = watch("02:12 add_interface K9 K1 n1 192.168.30.19\n 02:13 login wrk1 K9")
    yield watch
    night.say("events", initiator="wrk1", interface="K9", change="appeared")
    night.say("events", initiator=None, interface="K9", change="interface_added", severity="info")
    night.say("events", 2)
    night.never("multipath-imbalance", fault="interface_missing")
    night.never("dropped-connections")


@together
def test_a_path_missed_by_one_snapshot_was_never_away(watch: Watch) -> Steps:
    night = watch(looks={"02:15": "misses lnx1 L2 lnx1 L4 pve3 L1"})
    yield watch
    for name in ("events", "dropped-connections", "outages", "new-initiators", "flapping"):
        night.never(name)
    night.only("dropped-connections", 3, status="retracted", severity="info",
               lost_after="02:10", lost_by="02:15", back_by="02:20",
               params={"include_retracted": True})  # fmt: skip
    night.say("changes", 3, change="lost", before="02:10", after="02:15")
    night.say("changes", 3, change="appeared", before="02:15", after="02:20")


@together
def test_a_path_back_with_another_handle_was_away(watch: Watch) -> Steps:
    night = watch("02:12 drop lnx1 L2\n 02:17 recover lnx1 L2")
    yield watch
    night.only("dropped-connections", initiator="lnx1", outage_min_seconds=0,
               outage_max_seconds=10 * 60, back_after="02:15", back_by="02:20")  # fmt: skip


@together
def test_an_empty_answer_that_the_next_one_disproves(watch: Watch) -> Steps:
    night = watch(looks={"02:15": "empty"})
    yield watch
    for name in ("events", "dropped-connections", "outages", "new-initiators"):
        night.never(name)
    night.say("coverage", status="unknown", **{"from": "02:10", "to": "02:20"})


@together
def test_an_empty_answer_that_is_true(watch: Watch) -> Steps:
    night = watch("02:12 service_off S1\n 02:12 service_off S2\n 02:19 service_on S1\n"
                  " 02:19 service_on S2\n 02:22 recover")  # fmt: skip
    yield watch
    night.only("outages", cause_kind="cluster", cause="prod-a", initiators=19, paths=76,
               lost_after="02:10", lost_by="02:15", back_after="02:20", back_by="02:25")  # fmt: skip


@together
def test_an_svm_that_one_account_cannot_see_is_unknown(watch: Watch) -> Steps:
    night = watch(looks={"02:15": "only S2", "02:20": "only S2"})
    yield watch
    night.say("events", change="svm_not_listed", svm="svm_sql", changed_by="02:15", severity="high",
              detail=like("*not visible to the account; what became of its 52 sessions is unknown"))  # fmt: skip
    night.say(
        "events", change="svm_listed_again", svm="svm_sql", changed_by="02:25", severity="info"
    )
    night.say("events", 2)
    for name in ("dropped-connections", "outages", "new-initiators"):
        night.never(name)


@together
def test_a_loss_while_the_svm_was_out_of_scope_has_wider_bounds(watch: Watch) -> Steps:
    night = watch("02:12 drop lnx1 L2", looks={"02:15": "only S2", "02:20": "only S2"})
    yield watch
    night.only("dropped-connections", lost_after="02:10", lost_by="02:25", initiator="lnx1")


@together
def test_a_gap_widens_an_interval_and_does_not_split_it(watch: Watch) -> Steps:
    night = watch("02:12 drop lnx1 L2\n 02:27 recover lnx1", until="02:40",
                  looks={"02:15": "failed", "02:30": "partial 10", "02:35": "skipped"})  # fmt: skip
    yield watch
    night.only("dropped-connections", lost_after="02:10", lost_by="02:20", back_after="02:25",
               back_by="02:40", outage_min_seconds=300, outage_max_seconds=1800)  # fmt: skip
    night.say("coverage", 2, status="unknown")


@together
def test_an_interface_made_anew_loses_nobody(watch: Watch) -> Steps:
    night = watch("02:12 recreate_interface L2")
    yield watch
    night.only("events", change="interface_replaced", interface="L2", sessions=13, initiator=None)
    night.never("dropped-connections")
    night.never("outages")


@together
def test_an_interface_made_anew_loses_who_does_not_come_back(watch: Watch) -> Steps:
    night = watch("02:12 recreate_interface L2\n 02:13 drop lnx1 L2\n 02:22 recover lnx1")
    yield watch
    night.say("events", change="interface_replaced", interface="L2", sessions=12)
    night.only("dropped-connections", initiator="lnx1", interface="L2", lost_by="02:15",
               back_by="02:25", status="recovered")  # fmt: skip
    night.never("new-initiators")


@together
def test_an_interface_at_another_address_loses_nobody(watch: Watch) -> Steps:
    night = watch("02:12 readdress L2 192.168.20.211")
    yield watch
    night.only("events", 13, change="reconnected", interface="L2",
               interface_address="192.168.20.211")  # fmt: skip
    night.never("dropped-connections")
    night.never("outages")


@together
def test_a_path_lost_before_its_interface_moved_is_back_at_the_new_address(watch: Watch) -> Steps:
    night = watch("02:07 drop lnx1 L2\n 02:12 readdress L2 192.168.20.211\n 02:17 recover lnx1 L2")
    yield watch
    night.only("dropped-connections", initiator="lnx1", lost_by="02:10", back_by="02:20",
               status="recovered")  # fmt: skip


def moving() -> World:
    return base_world(moves=True)


@together
def test_a_takeover_where_interfaces_move(watch: Watch) -> Steps:
    night = watch("02:12 takeover n2", world=moving)
    back = watch("02:07 takeover n2\n 02:17 giveback n2", world=moving)
    yield watch
    night.say("events", 32, change="reconnected")
    night.say("events", 4, change="interface_moved", initiator=None, sessions=0)
    night.say("events", change="interface_moved", interface="L3", severity="low",
              detail="interface sql_n2_a moved from n2 to n1")  # fmt: skip
    night.say("events", change="node_taken_over")
    night.say("events", 37)
    night.never("dropped-connections")
    night.never("outages")
    back.say("events", 4, change="interface_home", changed_by="02:20", severity="info")
    back.never("changes", before="02:05", after="02:25", change="interface_moved")


@together
def test_two_causes_at_once_are_two_findings(watch: Watch) -> Steps:
    night = watch("02:12 drop_lif L2\n 02:12 shutdown pve1\n 02:12 drop esx1 L3")
    yield watch
    night.say("outages", cause_kind="interface", cause="L2", paths=13)
    night.say("outages", cause_kind="host", cause="pve1", hosts_without_path=1)
    night.say("outages", cause_kind="path", members=["esx1"])
    night.say("outages", 3)
    night.say("dropped-connections", 17)


@together
def test_an_initiator_under_a_new_name(watch: Watch) -> Steps:
    night = watch("02:12 shutdown lnx1\n 02:13 set lnx1 initiator iqn.1994-05.com.redhat:other\n"
                  " 02:13 boot lnx1")  # fmt: skip
    yield watch
    night.only("new-initiators", initiator="iqn.1994-05.com.redhat:other", kind="renamed",
               previously="iqn.1994-05.com.redhat:lnx1", severity="high")  # fmt: skip
    night.only("dropped-connections", 4, initiator="iqn.1994-05.com.redhat:lnx1",
               status="replaced", replaced_by="iqn.1994-05.com.redhat:other", severity="medium",
               detail="; probably goes on as iqn.1994-05.com.redhat:other")  # fmt: skip
    night.only("outages", status="replaced", cause="iqn.1994-05.com.redhat:lnx1")
    night.say("not-recovered", 4, before="02:05", after="02:25",
              detail="logged in elsewhere: iqn.1994-05.com.redhat:other")  # fmt: skip


@together
def test_an_initiator_under_a_new_name_path_by_path(watch: Watch) -> Steps:
    script = """
        02:01 clone lnx1 fresh 101
        02:02 set fresh initiator iqn.1994-05.com.redhat:other
        02:07 logout lnx1 L1
        02:07 login fresh L1
        02:12 logout lnx1 L2
        02:12 login fresh L2
        02:22 logout lnx1
        02:27 login fresh L3
    """
    night, halfway = watch(script, until="02:35"), watch(script, until="02:15")
    yield watch
    night.only("new-initiators", initiator="fresh", kind="renamed", seen_by="02:10",
               previously="iqn.1994-05.com.redhat:lnx1")  # fmt: skip
    night.say("dropped-connections", 3, initiator="lnx1", status="replaced",
              replaced_by="iqn.1994-05.com.redhat:other")  # fmt: skip
    night.say("dropped-connections", interface="L4", initiator="lnx1", status="open",
              severity="critical")  # fmt: skip
    halfway.only("new-initiators", initiator="fresh", kind="new")


@together
def test_an_igroup_made_anew_says_so(watch: Watch) -> Steps:
    night = watch("02:12 recreate_igroup ig_ora")
    yield watch
    night.only("events", 16, change="igroups_changed", severity="medium",
               detail="ig_ora deleted and made anew")  # fmt: skip


@together
def test_authentication_is_lost(watch: Watch) -> Steps:
    night = watch("02:12 set lnx1 chap false")
    yield watch
    night.only("events", 4, initiator="lnx1", change="authentication_changed", severity="high")


@together
def test_who_authenticated_how_and_since_when(watch: Watch) -> Steps:
    night = watch("02:12 set lnx1 chap false")
    yield watch
    night.say("authentication", initiator="lnx1", authentication="none", previously="chap",
              since_after="02:10", since_by="02:15", until_by=None, severity="high")  # fmt: skip
    night.say("authentication", 1, initiator="lnx1", since="02:16")
    night.say("authentication", 2, initiator="lnx1")
    night.say("authentication", previously="chap")
    night.say("initiators", initiator="lnx1", authentication="none", note=None, at="02:15")


@together
def test_an_address_that_two_initiators_use(watch: Watch) -> Steps:
    night = watch(
        """
        02:01 clone lnx4 lnx9 144
        02:02 set lnx9 initiator iqn.2019-03.io.unknown:guest
        02:12 login lnx9 L1
        02:17 logout lnx4
        02:17 rogue late iqn.2019-03.io.unknown:late 192.168.10.104 L1
        """,
        until="02:30",
    )
    shared = watch("02:12 rogue guest iqn.2019-03.io.unknown:guest 192.168.10.101 L1")
    yield watch
    night.say("addresses", initiator_address="192.168.10.144", initiator="lnx9", shared_with=None,
              first_seen="02:15", there_now=True, params={"address": "192.168.10.144"})  # fmt: skip
    night.say("addresses", initiator_address="192.168.10.104", initiator="lnx4", shared_with=None,
              last_seen="02:15", there_now=False)  # fmt: skip
    night.say("addresses", initiator_address="192.168.10.104", initiator="late", shared_with=None,
              first_seen="02:20")  # fmt: skip
    shared.say("addresses", initiator="guest", shared_with=["lnx1"])
    shared.say("addresses", initiator="lnx1", initiator_address="192.168.10.101",
               shared_with=["guest"])  # fmt: skip
    shared.say("initiators", initiator="guest", igroups=None, note="in no igroup", sessions=1)


@together
def test_one_initiator_in_two_svms(watch: Watch) -> Steps:
    night = watch("02:12 rogue other iqn.1994-05.com.redhat:lnx1 192.168.30.101 K1")
    yield watch
    night.say("initiators", initiator="lnx1", svms=["S1", "S2"], sessions=5,
              note=like("in 2 SVMs; *"))  # fmt: skip
    night.say("new-initiators", initiator="lnx1", svm="S2", kind="new")


@together
def test_minutes_on_one_leg(watch: Watch) -> Steps:
    night = watch(
        "02:12 takeover n2\n 02:32 giveback n2\n 02:32 recover\n 02:41 shutdown pve1",
        until="02:55",
        looks={"02:20": "failed"},
    )
    yield watch
    night.say("without-redundancy", initiator="lnx1", state="single_node", left_on="n1",
              began_after="02:10", began_by="02:15", ended_after="02:30", ended_by="02:35",
              minutes_min=5, minutes_max=25, minutes_unknown=10)  # fmt: skip
    night.say("without-redundancy", initiator="pve1", state="no_sessions", left_on=None,
              began_after="02:40", began_by="02:45", ended_by=None, minutes_min=10,
              minutes_max=15)  # fmt: skip
    night.say("without-redundancy", 17)


@together
def test_minutes_on_one_leg_where_interfaces_move(watch: Watch) -> Steps:
    night = watch("02:12 takeover n2\n 02:17 giveback n2", world=moving)
    yield watch
    night.say("without-redundancy", 16, state="single_node", left_on="n1", began_by="02:15",
              ended_by="02:20")  # fmt: skip
    night.say("without-redundancy", 16)


@together
def test_a_leg_that_one_snapshot_missed_was_there(watch: Watch) -> Steps:
    night = watch(looks={"02:15": "misses lnx1 L3 lnx1 L4"})
    yield watch
    night.never("without-redundancy")


@together
def test_the_sessions_of_an_instant(watch: Watch) -> Steps:
    night = watch("02:12 drop lnx1 L2")
    yield watch
    night.say("sessions", 4, initiator="lnx1", at="02:14", taken_at="02:10")
    night.say("sessions", 3, initiator="lnx1", at="02:15", authentication="chap",
              igroups=["ig_ora"])  # fmt: skip
    night.say("sessions", initiator="lnx1", interface="L1", node="n1", subnet="192.168.10.0/24")


@together
def test_a_host_that_moves_to_another_interface_names_it(watch: Watch) -> Steps:
    night = watch(
        "02:01 logout lnx1\n 02:02 login lnx1 L1\n 02:12 logout lnx1\n 02:13 login lnx1 L3"
    )
    yield watch
    night.only("dropped-connections", initiator="lnx1", interface="L1", status="replaced",
               replaced_by="192.168.10.101 to sql_n2_a", initiator_sessions_left=1)  # fmt: skip
    night.say("events", change="appeared", interface="L3", replaced_by="192.168.10.101 to sql_n1_a")


@together
def test_a_loss_that_is_still_open_belongs_to_every_later_window(watch: Watch) -> Steps:
    night = watch("02:07 drop lnx1 L2\n 02:12 drop lnx2 L2\n 02:17 recover lnx2", until="02:35")
    yield watch
    for name in ("dropped-connections", "outages"):
        night.only(name, since="02:30", status="open", lost_by="02:10")
    night.only("dropped-connections", 2, since="02:15")
    night.only("dropped-connections", 2, since="02:16")
    night.only("dropped-connections", since="02:21", initiator="lnx1")
    night.only("dropped-connections", until="02:09", initiator="lnx1")
    night.never("dropped-connections", until="02:05")


@together
def test_a_window_within_an_outage_has_all_of_it(watch: Watch) -> Steps:
    night, early = watch(TAKEOVER, until="02:35"), watch(TAKEOVER, until="02:20")
    yield watch
    for scene, status in ((night, "recovered"), (early, "open")):
        scene.only("dropped-connections", 32, since="02:16", until="02:20", status=status)
        scene.only("outages", since="02:16", until="02:20", cause="n2", paths=32, status=status)
    night.only("outages", since="02:26", until="02:29", paths=32, paths_back=32)
    night.only("dropped-connections", 24, since="02:26", until="02:29")
    night.never("outages", since="02:31")


@together
def test_a_host_that_is_taken_out_of_service_is_abandoned(watch: Watch) -> Steps:
    night = watch("02:07 shutdown lnx1\n 02:12 shutdown lnx2\n 02:17 igroup_remove ig_ora lnx1",
                  until="02:35")  # fmt: skip
    narrow = watch("02:12 shutdown lnx1", until="02:35",
                   looks={"02:20": "only S2", "02:25": "only S2", "02:30": "only S2"})  # fmt: skip
    yield watch
    night.say("dropped-connections", 4, initiator="lnx1", status="abandoned", severity="info",
              back_by=None, detail="abandoned at 2026-11-23T02:20:00Z")  # fmt: skip
    night.say("outages", cause="lnx1", status="abandoned", severity="info")
    night.say("not-recovered", 4, before="02:05", after="02:30", initiator="lnx1", severity="info")
    for name in ("dropped-connections", "outages"):
        night.never(name, since="02:25", status="abandoned")
    night.only("outages", since="02:25", cause="lnx2", status="open", severity="critical")
    narrow.never("outages", status="abandoned")


@together
def test_a_port_bound_host_that_reboots_and_swaps_its_isids(watch: Watch) -> Steps:
    night = watch(
        """
        02:01 clone esx1 vmk2 150
        02:02 set vmk2 counter 4
        02:03 login vmk2
        02:11 shutdown esx1
        02:11 shutdown vmk2
        02:12 set esx1 counter 4
        02:12 set vmk2 counter 0
        02:13 login esx1
        02:13 login vmk2
        """
    )
    yield watch
    night.only("events", 8, initiator="esx1", change="relogged_in", sessions=1)
    night.never("dropped-connections")


@together
def test_a_node_and_a_path_at_once_are_not_the_svm(watch: Watch) -> Steps:
    night = watch("02:01 remove_host wrk*\n 02:12 takeover n2\n 02:12 drop lnx1 L1")
    yield watch
    night.say("outages", cause_kind="node", cause="n2", paths=26, initiators=13)
    night.say("outages", cause_kind="path", paths=1, members=["lnx1"])
    night.say("outages", 2)


@together
def test_failures_in_a_row_are_unknown_and_nothing_else(watch: Watch) -> Steps:
    night = watch(looks={"02:15": "failed HTTP 500", "02:20": "failed HTTP 500"})
    yield watch
    for name in ("events", "dropped-connections", "outages"):
        night.never(name)


@together
def test_nobody_is_new_in_the_first_snapshot_of_an_svm(watch: Watch) -> Steps:
    night = watch(looks={"02:05": "only S2", "02:10": "only S2"})
    yield watch
    for name in ("new-initiators", "events", "dropped-connections"):
        night.never(name)


@together
def test_a_count_that_comes_back_in_steps(watch: Watch) -> Steps:
    night = watch(
        """
        02:01 sessions_per_interface lnx1 4
        02:07 sessions_per_interface lnx1 1
        02:12 sessions_per_interface lnx1 2
        02:17 sessions_per_interface lnx1 4
        """
    )
    yield watch
    night.only("dropped-connections", 4, sessions_lost=3, back_after="02:15", back_by="02:20")
