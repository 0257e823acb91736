"""Each fault is found where it is, and only there."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from support.array_builder import A1, A2, B1, B2, LIFS, Lif, Login, World, four_hosts, linux
from support.steps import Steps
from support.together import asked_together

together = asked_together(four_hosts)
bare_together = asked_together(World)
FAR = (Lif("k3", "192.168.10.13", "n3"), Lif("k4", "192.168.20.14", "n4"))


def two_pairs(root: Path) -> World:
    """An SVM on two HA pairs, which nobody uses yet."""
    world = World(root, lifs=[*LIFS, *FAR])
    world.nodes |= {"n3": {"ha_partner": "n4"}, "n4": {"ha_partner": "n3"}}
    return world


pairs_together = asked_together(two_pairs)


def faults_of(world: World) -> set[tuple[str | None, str]]:
    """Who has which fault."""
    return {
        (row["initiator"] and row["initiator"].split(":")[1], row["fault"])
        for row in world.ask("multipath-imbalance")
    }


@together
def test_a_healthy_fleet_has_no_finding(world: World) -> Steps:
    yield world.take()
    assert faults_of(world) == set()
    yield world.take(15)
    assert faults_of(world) == set()


@together
def test_one_session_is_a_single_path(world: World) -> Steps:
    world.sessions += linux(9, (A1,), igroup="ig_other")
    yield world.take()
    faults = faults_of(world)
    assert {("lnx9", "single_path"), ("lnx9", "single_node"), ("lnx9", "single_subnet")} <= faults
    assert {host for host, _ in faults} == {"lnx9"}


@together
def test_many_sessions_on_one_interface_are_a_single_interface(world: World) -> Steps:
    world.sessions += linux(9, (A1,), times=4, igroup="ig_other")
    yield world.take()
    faults = faults_of(world)
    assert ("lnx9", "single_interface") in faults
    assert ("lnx9", "single_path") not in faults


@together
def test_both_interfaces_of_one_node_are_a_single_node(world: World) -> Steps:
    world.sessions += linux(9, (A1, B1), igroup="ig_other")
    yield world.take()
    row = next(row for row in world.ask("multipath-imbalance") if row["fault"] == "single_node")
    assert row["initiator"] == "iqn.2026-11.example:lnx9"
    assert (row["nodes"], row["missing"], row["severity"]) == (["n1"], ["n2"], "high")
    assert (row["sessions"], row["interfaces"]) == (2, ["sql_n1_a", "sql_n1_b"])


@together
def test_one_subnet_of_two_is_a_single_subnet(world: World) -> Steps:
    world.sessions += linux(9, (A1, A2), igroup="ig_other")
    yield world.take()
    faults = faults_of(world)
    assert ("lnx9", "single_subnet") in faults
    assert ("lnx9", "single_node") not in faults


@together
def test_one_host_address_across_two_subnets_is_found_and_is_routed(world: World) -> Steps:
    world.sessions += linux(9, address="192.168.10.109", igroup="ig_other")
    yield world.take()
    rows = world.ask("multipath-imbalance")
    assert {(row["fault"], row["severity"]) for row in rows} == {
        ("single_host_address", "high"),
        ("routed_session", "medium"),
    }


@bare_together
def test_a_bonded_host_on_a_fabric_of_one_subnet_is_no_fault(world: World) -> Steps:
    world.lifs = [A1, A2]
    for number in range(1, 5):
        world.sessions += linux(number, (A1, A2))
    yield world.take()
    assert faults_of(world) == set()


@together
def test_an_interface_that_peers_use_is_missing(world: World) -> Steps:
    yield world.without("lnx2", B2).take()
    row = next(
        row for row in world.ask("multipath-imbalance") if row["fault"] == "interface_missing"
    )
    assert row["initiator"].endswith("lnx2")
    assert (row["missing"], row["expected_from"]) == (["sql_n2_b"], "igroup peers")
    assert row["severity"] == "medium"


@bare_together
def test_an_interface_of_ones_own_history_is_missing_once_it_settled(world: World) -> Steps:
    world.sessions = linux(1) + linux(2, igroup="ig_two")
    yield world.take(20).without("lnx1", B2).take()
    assert ("lnx1", "interface_missing") not in faults_of(world)
    yield world.take(3)
    rows = world.ask("multipath-imbalance")
    assert [(row["initiator"][-4:], row["expected_from"]) for row in rows
            if row["fault"] == "interface_missing"] == [("lnx1", "own history")]  # fmt: skip


@together
def test_uneven_counts_are_found_and_even_multiples_are_a_setting(world: World) -> Steps:
    world.sessions += linux(8, times=8, igroup="ig_fsx")
    world.sessions += linux(9, igroup="ig_other")
    world.sessions.append(replace(world.sessions[-4], tsih=7777, isid="00:02:3d:00:09:77"))
    yield world.take()
    faults = faults_of(world)
    assert ("lnx9", "uneven_interfaces") in faults
    assert ("lnx9", "duplicate_sessions") in faults
    assert not [fault for host, fault in faults if host == "lnx8" and fault != "too_many_sessions"]


@together
def test_more_sessions_on_every_path_are_reported_for_as_long_as_they_are_new(
    world: World,
) -> Steps:
    world.step = timedelta(hours=12)
    world.take(2).without("lnx1")
    world.sessions += linux(1, times=4)
    yield world.take()
    rows = [row for row in world.ask("multipath-imbalance") if row["fault"] != "no_sessions"]
    assert [(row["initiator"][-4:], row["fault"], row["severity"]) for row in rows] == [
        ("lnx1", "duplicate_sessions", "info")
    ]
    assert rows[0]["detail"].startswith("4 sessions on each of 4 paths")
    assert "1 on each" in rows[0]["detail"]
    yield world.take(20)
    assert ("lnx1", "duplicate_sessions") not in faults_of(world)


@pytest.mark.parametrize("inventories", [("svms", "interfaces", "nodes"), ("svms", "igroups")])
@together
def test_nobody_is_said_to_be_in_no_igroup_where_none_were_listed(
    world: World, inventories: tuple[str, ...]
) -> Steps:
    members = [login.initiator for login in world.sessions]
    world.igroups["ig_ora"] = {"initiators": members}
    world.inventories = inventories
    world.sessions = [replace(login, igroup=None) for login in world.sessions]
    yield world.take(3)
    assert "no_igroup" not in {fault for _, fault in faults_of(world)}
    world.inventories = ("svms", "igroups")
    world.igroups["ig_ora"] = {"initiators": members[4:]}
    yield world.take(2)
    assert ("lnx1", "no_igroup") in faults_of(world)


@together
def test_an_initiator_without_igroup_is_found_in_its_second_snapshot(world: World) -> Steps:
    world.take(2)
    world.sessions += linux(9, igroup=None)
    yield world.take()
    assert ("lnx9", "no_igroup") not in faults_of(world)
    yield world.take()
    rows = world.ask("multipath-imbalance")
    assert [(row["initiator"][-4:], row["severity"]) for row in rows
            if row["fault"] == "no_igroup"] == [("lnx9", "high")]  # fmt: skip


@together
def test_a_host_that_is_just_logging_in_is_not_judged(world: World) -> Steps:
    world.take(12)
    world.sessions += linux(9, (A1, B1), igroup="ig_other")
    yield world.take()
    assert faults_of(world) == set()
    yield world.take(3)
    assert ("lnx9", "single_node") in faults_of(world)


@together
def test_a_worker_that_logged_out_and_a_libiscsi_disk_are_no_faults(world: World) -> Steps:
    world.igroups["wrk1-0f0e0d0c-0b0a-0908-0706-050403020100"] = {
        "initiators": ["iqn.2026-11.example:wrk1"]
    }
    world.sessions.append(
        Login("qemu1", A1, "192.168.10.150", 901, "80:12:34:56:00:01", igroup="ig_pve")
    )
    yield world.take(3)
    assert faults_of(world) == set()


@pairs_together
def test_half_of_a_large_svm_is_enough_for_a_host_of_one_pair(world: World) -> Steps:
    world.sessions = [
        *linux(1, LIFS, igroup="wrk1-0f0e0d0c-0b0a-0908-0706-050403020100"),
        *linux(2, FAR, igroup="wrk2-0f0e0d0c-0b0a-0908-0706-050403020101"),
    ]
    yield world.take()
    assert faults_of(world) == set()


@pairs_together
def test_the_partner_of_a_second_pair_is_missing(world: World) -> Steps:
    world.sessions = linux(1, (*LIFS, FAR[0]), igroup="a") + linux(2, (*LIFS, *FAR), igroup="b")
    yield world.take()
    rows = [r for r in world.ask("multipath-imbalance") if r["fault"] == "partner_node_missing"]
    assert [(row["initiator"][-4:], row["missing"]) for row in rows] == [("lnx1", ["n4"])]


@together
def test_a_member_of_an_igroup_without_sessions_is_found(world: World) -> Steps:
    members = [f"iqn.2026-11.example:lnx{number}" for number in range(1, 6)]
    world.igroups["ig_ora"] = {"initiators": [*members, "21:00:00:e0:8b:05:05:04"]}
    yield world.take()
    rows = world.ask("multipath-imbalance")
    assert [(r["initiator"], r["fault"], r["severity"], r["sessions"]) for r in rows] == [
        ("iqn.2026-11.example:lnx5", "no_sessions", "high", 0)
    ]


@together
def test_a_steady_host_that_is_gone_is_found_from_its_history(world: World) -> Steps:
    world.take(20)
    yield world.without("lnx3").take(2)
    rows = world.ask("multipath-imbalance")
    assert [(r["initiator"][-4:], r["fault"], r["expected_from"]) for r in rows] == [
        ("lnx3", "no_sessions", "own history")
    ]


@together
def test_a_required_node_is_missing(world: World) -> Steps:
    world.igroups["ig_other"] = {
        "initiators": ["iqn.2026-11.example:lnx9"], "required_nodes": ["n1", "n2"]
    }  # fmt: skip
    world.sessions += linux(9, (A1, B1), igroup="ig_other")
    yield world.take()
    assert ("lnx9", "required_node_missing") in faults_of(world)


@together
def test_chap_and_none_in_one_igroup_are_mixed(world: World) -> Steps:
    world.sessions += linux(9, authentication="none")
    yield world.take()
    assert faults_of(world) == {("lnx9", "authentication_mixed")}


@together
def test_a_session_that_lost_a_connection_is_short(world: World) -> Steps:
    world.sessions += linux(9, connections=2, igroup="ig_mcs")
    world.take(3)
    world.sessions = [
        replace(login, connections=1) if login.host == "lnx9" and login.lif == A1 else login
        for login in world.sessions
    ]
    yield world.take()
    assert faults_of(world) == {("lnx9", "short_session")}


@together
def test_an_interface_that_nobody_uses_is_skew(world: World) -> Steps:
    idle = Lif("sql_n1_c", "192.168.10.13", "n1")
    world.lifs.append(idle)
    yield world.take()
    assert (None, "interface_skew") in faults_of(world)
    (row,) = world.ask("multipath-imbalance")
    assert "sql_n1_c is up and has no session" in row["detail"]
    listed, world.inventories = world.now - world.step, ("svms",)
    yield world.take()
    (row,) = world.ask("multipath-imbalance")
    assert f"was up when last listed, {listed.isoformat()}Z, and has no session" in row["detail"]


@together
def test_without_interfaces_nodes_and_subnets_are_not_guessed(world: World) -> Steps:
    world.inventories = ("svms",)
    world.sessions += linux(9, (A1, B1), igroup="ig_other") + linux(8, (A1,), igroup="ig_one")
    yield world.take()
    rows = world.ask("multipath-imbalance")
    assert {row["fault"] for row in rows if row["initiator"][-4:] == "lnx8"} >= {"single_path"}
    assert not {row["fault"] for row in rows} & {"single_node", "single_subnet", "routed_session"}
    assert all(row["nodes"] is None and row["subnets"] is None for row in rows)


@together
def test_more_than_eight_sessions_to_one_node_are_too_many_unless_it_is_a_setting(
    world: World,
) -> Steps:
    world.sessions += linux(9, times=5, igroup="ig_other")
    yield world.take()
    assert ("lnx9", "too_many_sessions") not in faults_of(world)
    world.sessions += [
        replace(login, isid=login.isid + "0", tsih=login.tsih + 5000)
        for login in linux(9, (A1,), igroup="ig_other")
    ]
    yield world.take()
    assert ("lnx9", "too_many_sessions") in faults_of(world)


@together
def test_a_node_with_most_of_the_sessions_is_skew(world: World) -> Steps:
    yield world.take()
    assert (None, "node_skew") not in faults_of(world)
    for number in range(10, 22):
        world.sessions += linux(number, (A1, B1), igroup="ig_other")
    yield world.take()
    assert (None, "node_skew") in faults_of(world)


@together
def test_a_path_twice_beside_paths_once_is_a_duplicate(world: World) -> Steps:
    world.sessions += linux(9, igroup="ig_other") + [
        replace(login, isid=login.isid + "0", tsih=login.tsih + 5000)
        for login in linux(9, (A1,), igroup="ig_other")
    ]
    world.sessions += linux(8, times=2, igroup="ig_more")
    yield world.take()
    faults = faults_of(world)
    assert ("lnx9", "duplicate_sessions") in faults
    assert ("lnx8", "duplicate_sessions") not in faults
