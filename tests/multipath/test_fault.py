"""Each fault is found where it is, and only there."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from support.array_builder import A1, A2, B1, B2, LIFS, Lif, Login, World, linux


def faults_of(world: World, policy: str = "", **params: Any) -> set[tuple[str | None, str]]:
    """Who has which fault."""
    return {
        (row["initiator"] and row["initiator"].split(":")[1], row["fault"])
        for row in world.ask("multipath-imbalance", policy, **params)
    }


def test_a_healthy_fleet_has_no_finding(world: World) -> None:
    assert faults_of(world.take()) == set()
    assert faults_of(world.take(15)) == set()


def test_one_session_is_a_single_path(world: World) -> None:
    world.sessions += linux(9, (A1,), igroup="ig_other")
    faults = faults_of(world.take())
    assert {("lnx9", "single_path"), ("lnx9", "single_node"), ("lnx9", "single_subnet")} <= faults
    assert {host for host, _ in faults} == {"lnx9"}


def test_many_sessions_on_one_interface_are_a_single_interface(world: World) -> None:
    world.sessions += linux(9, (A1,), times=4, igroup="ig_other")
    faults = faults_of(world.take())
    assert ("lnx9", "single_interface") in faults
    assert ("lnx9", "single_path") not in faults


def test_both_interfaces_of_one_node_are_a_single_node(world: World) -> None:
    world.sessions += linux(9, (A1, B1), igroup="ig_other")
    row = next(
        row for row in world.take().ask("multipath-imbalance") if row["fault"] == "single_node"
    )
    assert row["initiator"] == "iqn.2026-11.example:lnx9"
    assert (row["nodes"], row["missing"], row["severity"]) == (["n1"], ["n2"], "high")
    assert (row["sessions"], row["interfaces"]) == (2, ["sql_n1_a", "sql_n1_b"])


def test_one_subnet_of_two_is_a_single_subnet(world: World) -> None:
    world.sessions += linux(9, (A1, A2), igroup="ig_other")
    faults = faults_of(world.take())
    assert ("lnx9", "single_subnet") in faults
    assert ("lnx9", "single_node") not in faults


def test_one_host_address_across_two_subnets_is_found_and_is_routed(world: World) -> None:
    world.sessions += linux(9, address="192.168.10.109", igroup="ig_other")
    rows = world.take().ask("multipath-imbalance")
    assert {(row["fault"], row["severity"]) for row in rows} == {
        ("single_host_address", "high"),
        ("routed_session", "medium"),
    }


def test_a_bonded_host_on_a_fabric_of_one_subnet_is_no_fault(tmp_path: Path) -> None:
    flat = (A1, A2)
    world = World(tmp_path, lifs=list(flat))
    for number in range(1, 5):
        world.sessions += linux(number, flat)
    assert faults_of(world.take()) == set()


def test_an_interface_that_peers_use_is_missing(world: World) -> None:
    world.without("lnx2", B2).take()
    row = next(
        row for row in world.ask("multipath-imbalance") if row["fault"] == "interface_missing"
    )
    assert row["initiator"].endswith("lnx2")
    assert (row["missing"], row["expected_from"]) == (["sql_n2_b"], "igroup peers")
    assert row["severity"] == "medium"


def test_an_interface_of_ones_own_history_is_missing_once_it_settled(tmp_path: Path) -> None:
    world = World(tmp_path, sessions=linux(1) + linux(2, igroup="ig_two")).take(20)
    world.without("lnx1", B2).take()
    assert ("lnx1", "interface_missing") not in faults_of(world)
    world.take(3)
    rows = world.ask("multipath-imbalance")
    assert [(row["initiator"][-4:], row["expected_from"]) for row in rows
            if row["fault"] == "interface_missing"] == [("lnx1", "own history")]  # fmt: skip


def test_uneven_counts_are_found_and_even_multiples_are_a_setting(world: World) -> None:
    world.sessions += linux(8, times=8, igroup="ig_fsx")
    world.sessions += linux(9, igroup="ig_other")
    world.sessions.append(replace(world.sessions[-4], tsih=7777, isid="00:02:3d:00:09:77"))
    faults = faults_of(world.take())
    assert ("lnx9", "uneven_interfaces") in faults
    assert ("lnx9", "duplicate_sessions") in faults
    assert not [fault for host, fault in faults if host == "lnx8" and fault != "too_many_sessions"]


def test_more_sessions_on_every_path_are_reported_for_as_long_as_they_are_new(world: World) -> None:
    world.step = timedelta(hours=12)
    world.take(2).without("lnx1")
    world.sessions += linux(1, times=4)
    rows = [row for row in world.take().ask("multipath-imbalance") if row["fault"] != "no_sessions"]
    assert [(row["initiator"][-4:], row["fault"], row["severity"]) for row in rows] == [
        ("lnx1", "duplicate_sessions", "info")
    ]
    assert rows[0]["detail"].startswith("4 sessions on each of 4 paths")
    assert "1 on each" in rows[0]["detail"]
    assert ("lnx1", "duplicate_sessions") not in faults_of(world.take(20))


def test_an_interface_that_is_down_stays_a_finding_until_it_is_repaired_or_removed(
    world: World,
) -> None:
    world.take(12)
    for number in range(1, 5):
        world.without(f"lnx{number}", B2)
    world.step = timedelta(days=1)
    world.change(B2, state="down").take(20)
    assert faults_of(world) == {(None, "interface_missing")}
    world.lifs = [lif for lif in world.lifs if lif.name != B2.name]
    assert (None, "interface_missing") not in faults_of(world.take())


def test_who_came_after_it_went_down_does_not_miss_it(world: World) -> None:
    world.take(12)
    for number in range(1, 5):
        world.without(f"lnx{number}", B2)
    world.change(B2, state="down").take(4)
    world.sessions += linux(9, (A1, B1, A2))
    (row,) = world.take(4).ask("multipath-imbalance")
    assert row["members"] == [f"iqn.2026-11.example:lnx{number}" for number in range(1, 5)]


def test_a_node_that_is_away_is_one_finding_for_hosts_of_two_pairs(tmp_path: Path) -> None:
    far = (Lif("k3", "192.168.10.13", "n3"), Lif("k4", "192.168.20.14", "n4"))
    world = World(tmp_path, lifs=[*LIFS, *far])
    world.nodes |= {"n3": {"ha_partner": "n4"}, "n4": {"ha_partner": "n3"}}
    for number in range(1, 4):
        world.sessions += linux(number, (*LIFS, *far))
    world.take(12)
    for number in range(1, 4):
        world.without(f"lnx{number}", A2, B2)
    world.nodes["n2"]["state"] = "taken_over"
    world.change(A2, state="down").change(B2, state="down").take(4)
    (row,) = world.ask("multipath-imbalance")
    assert (row["initiator"], row["fault"], row["missing"]) == (
        None, "partner_node_missing", ["n2"],
    )  # fmt: skip
    assert len(row["members"]) == 3


def test_a_pair_of_which_both_nodes_are_down_is_a_finding_of_each_of_its_interfaces(
    tmp_path: Path,
) -> None:
    far = (Lif("k3", "192.168.10.13", "n3"), Lif("k4", "192.168.20.14", "n4"))
    world = World(tmp_path, lifs=[*LIFS, *far])
    world.nodes |= {"n3": {"ha_partner": "n4"}, "n4": {"ha_partner": "n3"}}
    for number in range(1, 4):
        world.sessions += linux(number, (*LIFS, *far))
    world.take(12)
    for number in range(1, 4):
        world.without(f"lnx{number}", *far)
    for lif in far:
        world.nodes[lif.node]["state"] = "down"
        world.change(lif, state="down")
    rows = world.take(4).ask("multipath-imbalance")
    assert [(row["fault"], row["missing"], len(row["members"])) for row in rows] == [
        ("interface_missing", ["k3"], 3), ("interface_missing", ["k4"], 3),
    ]  # fmt: skip


@pytest.mark.parametrize("inventories", [("svms", "interfaces", "nodes"), ("svms", "igroups")])
def test_nobody_is_said_to_be_in_no_igroup_where_none_were_listed(
    world: World, inventories: tuple[str, ...]
) -> None:
    members = [login.initiator for login in world.sessions]
    world.igroups["ig_ora"] = {"initiators": members}
    world.inventories = inventories
    world.sessions = [replace(login, igroup=None) for login in world.sessions]
    assert "no_igroup" not in {fault for _, fault in faults_of(world.take(3))}
    world.inventories = ("svms", "igroups")
    world.igroups["ig_ora"] = {"initiators": members[4:]}
    assert ("lnx1", "no_igroup") in faults_of(world.take(2))


def test_an_initiator_without_igroup_is_found_in_its_second_snapshot(world: World) -> None:
    world.take(2)
    world.sessions += linux(9, igroup=None)
    assert ("lnx9", "no_igroup") not in faults_of(world.take())
    rows = world.take().ask("multipath-imbalance")
    assert [(row["initiator"][-4:], row["severity"]) for row in rows
            if row["fault"] == "no_igroup"] == [("lnx9", "high")]  # fmt: skip


def test_a_host_that_is_just_logging_in_is_not_judged(world: World) -> None:
    world.take(12)
    world.sessions += linux(9, (A1, B1), igroup="ig_other")
    assert faults_of(world.take()) == set()
    assert ("lnx9", "single_node") in faults_of(world.take(3))


def test_a_takeover_gives_one_finding(world: World) -> None:
    world.take(12)
    for number in range(1, 5):
        world.without(f"lnx{number}", A2, B2)
    world.nodes["n2"]["state"] = "taken_over"
    world.nodes["n1"]["takeover_state"] = "in_takeover"
    world.change(A2, state="down").change(B2, state="down").take(3)
    rows = world.ask("multipath-imbalance")
    assert [(row["initiator"], row["fault"], row["missing"]) for row in rows] == [
        (None, "single_node", ["n2"])
    ]
    assert rows[0]["members"] == [f"iqn.2026-11.example:lnx{number}" for number in range(1, 5)]


def test_a_takeover_that_gathers_all_interfaces_is_a_single_node(world: World) -> None:
    world.take(12)
    world.change(A2, node="n1", home="n2").change(B2, node="n1", home="n2").take(3)
    assert faults_of(world) == {(None, "single_node")}


def test_a_takeover_does_not_excuse_who_never_was_on_that_node(world: World) -> None:
    world.sessions += linux(9, (A1, B1), igroup="ig_other")
    world.take(12)
    for number in range(1, 5):
        world.without(f"lnx{number}", A2, B2)
    world.nodes["n2"]["state"] = "taken_over"
    world.change(A2, state="down").change(B2, state="down").take(3)
    assert faults_of(world) == {(None, "single_node"), ("lnx9", "single_node")}


def test_an_interface_that_is_down_is_one_finding_for_all_who_used_it(world: World) -> None:
    world.take(12)
    for number in range(1, 5):
        world.without(f"lnx{number}", B2)
    world.change(B2, state="down").take(4)
    rows = world.ask("multipath-imbalance")
    assert [(row["initiator"], row["fault"], row["missing"]) for row in rows] == [
        (None, "interface_missing", ["sql_n2_b"])
    ]
    assert rows[0]["members"] == [f"iqn.2026-11.example:lnx{number}" for number in range(1, 5)]


def test_a_finding_that_many_share_is_found_by_each_of_them(world: World) -> None:
    world.sessions += linux(9, (A1, B1, A2), igroup="ig_other")
    world.take(12)
    for number in range(1, 5):
        world.without(f"lnx{number}", B2)
    world.change(B2, state="down").take(4)
    shared = [
        [
            row["fault"]
            for row in world.ask("multipath-imbalance", filters={"initiator": [name]})
            if row["initiator"] is None
        ]
        for name in ("*lnx2", "*lnx9")
    ]
    assert shared == [["interface_missing"], []]


def test_a_worker_that_logged_out_and_a_libiscsi_disk_are_no_faults(world: World) -> None:
    world.igroups["wrk1-0f0e0d0c-0b0a-0908-0706-050403020100"] = {
        "initiators": ["iqn.2026-11.example:wrk1"]
    }
    world.sessions.append(
        Login("qemu1", A1, "192.168.10.150", 901, "80:12:34:56:00:01", igroup="ig_pve")
    )
    assert faults_of(world.take(3)) == set()


def test_half_of_a_large_svm_is_enough_for_a_host_of_one_pair(tmp_path: Path) -> None:
    far = (Lif("k3", "192.168.10.13", "n3"), Lif("k4", "192.168.20.14", "n4"))
    world = World(tmp_path, lifs=[*LIFS, *far])
    world.nodes |= {"n3": {"ha_partner": "n4"}, "n4": {"ha_partner": "n3"}}
    world.sessions = [
        *linux(1, LIFS, igroup="wrk1-0f0e0d0c-0b0a-0908-0706-050403020100"),
        *linux(2, far, igroup="wrk2-0f0e0d0c-0b0a-0908-0706-050403020101"),
    ]
    assert faults_of(world.take()) == set()


def test_the_partner_of_a_second_pair_is_missing(tmp_path: Path) -> None:
    far = (Lif("k3", "192.168.10.13", "n3"), Lif("k4", "192.168.20.14", "n4"))
    world = World(tmp_path, lifs=[*LIFS, *far])
    world.nodes |= {"n3": {"ha_partner": "n4"}, "n4": {"ha_partner": "n3"}}
    world.sessions = linux(1, (*LIFS, far[0]), igroup="a") + linux(2, (*LIFS, *far), igroup="b")
    rows = [
        r for r in world.take().ask("multipath-imbalance") if r["fault"] == "partner_node_missing"
    ]
    assert [(row["initiator"][-4:], row["missing"]) for row in rows] == [("lnx1", ["n4"])]


def test_a_member_of_an_igroup_without_sessions_is_found(world: World) -> None:
    members = [f"iqn.2026-11.example:lnx{number}" for number in range(1, 6)]
    world.igroups["ig_ora"] = {"initiators": [*members, "21:00:00:e0:8b:05:05:04"]}
    rows = world.take().ask("multipath-imbalance")
    assert [(r["initiator"], r["fault"], r["severity"], r["sessions"]) for r in rows] == [
        ("iqn.2026-11.example:lnx5", "no_sessions", "high", 0)
    ]


def test_a_steady_host_that_is_gone_is_found_from_its_history(world: World) -> None:
    world.take(20)
    world.without("lnx3").take(2)
    rows = world.ask("multipath-imbalance")
    assert [(r["initiator"][-4:], r["fault"], r["expected_from"]) for r in rows] == [
        ("lnx3", "no_sessions", "own history")
    ]


def test_a_required_node_is_missing(world: World) -> None:
    world.igroups["ig_other"] = {
        "initiators": ["iqn.2026-11.example:lnx9"], "required_nodes": ["n1", "n2"]
    }  # fmt: skip
    world.sessions += linux(9, (A1, B1), igroup="ig_other")
    assert ("lnx9", "required_node_missing") in faults_of(world.take())


def test_chap_and_none_in_one_igroup_are_mixed(world: World) -> None:
    world.sessions += linux(9, authentication="none")
    assert faults_of(world.take()) == {("lnx9", "authentication_mixed")}


def test_a_session_that_lost_a_connection_is_short(world: World) -> None:
    world.sessions += linux(9, connections=2, igroup="ig_mcs")
    world.take(3)
    world.sessions = [
        replace(login, connections=1) if login.host == "lnx9" and login.lif == A1 else login
        for login in world.sessions
    ]
    assert faults_of(world.take()) == {("lnx9", "short_session")}


def test_an_interface_that_nobody_uses_is_skew(world: World) -> None:
    idle = Lif("sql_n1_c", "192.168.10.13", "n1")
    world.lifs.append(idle)
    assert (None, "interface_skew") in faults_of(world.take())
    (row,) = world.ask("multipath-imbalance")
    assert "sql_n1_c is up and has no session" in row["detail"]
    listed, world.inventories = world.now - world.step, ("svms",)
    (row,) = world.take().ask("multipath-imbalance")
    assert f"was up when last listed, {listed.isoformat()}Z, and has no session" in row["detail"]


def test_without_interfaces_nodes_and_subnets_are_not_guessed(world: World) -> None:
    world.inventories = ("svms",)
    world.sessions += linux(9, (A1, B1), igroup="ig_other") + linux(8, (A1,), igroup="ig_one")
    rows = world.take().ask("multipath-imbalance")
    assert {row["fault"] for row in rows if row["initiator"][-4:] == "lnx8"} >= {"single_path"}
    assert not {row["fault"] for row in rows} & {"single_node", "single_subnet", "routed_session"}
    assert all(row["nodes"] is None and row["subnets"] is None for row in rows)


def test_policy_settles_what_is_enough_and_what_is_not(world: World) -> None:
    world.sessions += linux(9, (A1, B1), igroup="ig_backup")
    enough = '[[expect]]\nigroup = "ig_back*"\npaths = 2\nnodes = 1\n'
    assert faults_of(world.take(), enough) == set()
    more = '[[expect]]\ninitiator = "*:lnx1"\npaths = 6\n'
    rows = world.ask("multipath-imbalance", more)
    missing = [row for row in rows if row["fault"] == "interface_missing"]
    assert ("iqn.2026-11.example:lnx1", "policy") in {
        (row["initiator"], row["expected_from"]) for row in missing
    }


def test_an_accepted_finding_is_info_until_its_date(world: World) -> None:
    world.sessions += linux(9, (A1, B1), igroup="ig_other")
    world.take()
    text = '[[accept]]\nfault = "single_node"\ninitiator = "*lnx9"\nuntil = {}\nreason = "lab"\n'
    rows = world.ask("multipath-imbalance", text.format("2999-01-01"))
    finding = next(row for row in rows if row["fault"] == "single_node")
    assert finding["severity"] == "info"
    assert finding["detail"].endswith("accepted until 2999-01-01T00:00:00Z: lab")
    rows = world.ask("multipath-imbalance", text.format("2020-01-01"))
    assert next(row for row in rows if row["fault"] == "single_node")["severity"] == "high"


def test_more_than_eight_sessions_to_one_node_are_too_many_unless_it_is_a_setting(
    world: World,
) -> None:
    world.sessions += linux(9, times=5, igroup="ig_other")
    assert ("lnx9", "too_many_sessions") not in faults_of(world.take())
    world.sessions += [
        replace(login, isid=login.isid + "0", tsih=login.tsih + 5000)
        for login in linux(9, (A1,), igroup="ig_other")
    ]
    assert ("lnx9", "too_many_sessions") in faults_of(world.take())


def test_a_node_with_most_of_the_sessions_is_skew(world: World) -> None:
    assert (None, "node_skew") not in faults_of(world.take())
    for number in range(10, 22):
        world.sessions += linux(number, (A1, B1), igroup="ig_other")
    assert (None, "node_skew") in faults_of(world.take())


def test_a_path_twice_beside_paths_once_is_a_duplicate(world: World) -> None:
    world.sessions += linux(9, igroup="ig_other") + [
        replace(login, isid=login.isid + "0", tsih=login.tsih + 5000)
        for login in linux(9, (A1,), igroup="ig_other")
    ]
    world.sessions += linux(8, times=2, igroup="ig_more")
    faults = faults_of(world.take())
    assert ("lnx9", "duplicate_sessions") in faults
    assert ("lnx8", "duplicate_sessions") not in faults
