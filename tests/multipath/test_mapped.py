"""What a host should have follows from what is mapped: LUN maps, portsets, required nodes."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from support.array_builder import A1, A2, B1, B2, LIFS, Lif, World, linux
from support.steps import Steps
from support.together import asked_together

from analyzer import clock
from analyzer.inventories import INVENTORIES

A3 = Lif("sql_n3_a", "192.168.10.13", "n3")
B3 = Lif("sql_n3_b", "192.168.20.13", "n3")
A4 = Lif("sql_n4_a", "192.168.10.14", "n4")
B4 = Lif("sql_n4_b", "192.168.20.14", "n4")
FIRST_PAIR, SECOND_PAIR = ["n1", "n2"], ["n3", "n4"]
EIGHT = (*LIFS, A3, B3, A4, B4)


def four_nodes(root: Path) -> World:
    """Four nodes, an igroup on all eight interfaces and one on those of the first pair."""
    array = World(root, lifs=list(EIGHT), inventories=tuple(INVENTORIES))
    array.nodes |= {"n3": {"ha_partner": "n4"}, "n4": {"ha_partner": "n3"}}
    for number in range(1, 5):
        array.sessions += linux(number, EIGHT)
        array.sessions += linux(number + 4, LIFS, igroup="ig_first")
    array.igroups = {"ig_ora": {}, "ig_first": {}}
    array.lun_maps = {
        "ig_ora": {"reporting_nodes": [*FIRST_PAIR, *SECOND_PAIR]},
        "ig_first": {"reporting_nodes": FIRST_PAIR},
    }
    for name in array.igroups:
        array.igroups[name] = {"initiators": sorted(members(array, name))}
    return array


together = asked_together(four_nodes)


def members(world: World, igroup: str) -> set[str]:
    return {login.initiator for login in world.sessions if login.igroup == igroup}


def faults(world: World, host: str) -> dict[str, dict[str, Any]]:
    """The faults of one host, and those of the SVM that it is a member of."""
    name = f"iqn.2026-11.example:{host}"
    return {
        row["fault"]: row
        for row in world.ask("multipath-imbalance")
        if row["initiator"] == name or name in (row["members"] or [])
    }


@together
def test_hosts_whose_luns_one_pair_reports_miss_nothing_of_the_other(world: World) -> Steps:
    yield world.take()
    assert world.ask("multipath-imbalance") == []
    yield world.take(15)
    assert world.ask("multipath-imbalance") == []


@together
def test_a_path_to_a_reporting_node_is_missed_and_the_lun_maps_say_so(world: World) -> Steps:
    yield world.without("lnx5", B2).take()
    row = faults(world, "lnx5")["interface_missing"]
    assert (row["missing"], row["expected_from"]) == (["sql_n2_b"], "LUN maps")


@together
def test_what_most_peers_use_is_not_missed_where_no_lun_is_reported(world: World) -> Steps:
    """Three of four hosts log in to the second pair too: the fourth needs not."""
    for number in (5, 6, 7):
        world.sessions += linux(number, (A3, B3, A4, B4), igroup="ig_first")
    yield world.take()
    assert "interface_missing" not in faults(world, "lnx8")
    world.inventories = ("svms", "interfaces", "igroups", "nodes")
    world.now += (world.now - world.now.replace(hour=0)) * 20  # the LUN maps are older than a day
    yield world.take()
    row = faults(world, "lnx8")["interface_missing"]
    assert row["expected_from"] == "igroup peers"


@together
def test_what_a_host_used_before_its_luns_moved_is_not_missed(world: World) -> Steps:
    world.take(15)
    world.lun_maps["ig_ora"]["reporting_nodes"] = FIRST_PAIR
    yield world.without("lnx1", A3, B3, A4, B4).take(4)
    assert faults(world, "lnx1") == {}


@together
def test_an_interface_outside_the_portset_is_not_missed(world: World) -> Steps:
    world.portsets = {"ps_a": (A1, A2)}
    world.igroups["ig_first"]["portset"] = "ps_a"
    yield world.without("lnx5", B1, B2).take()
    assert "interface_missing" not in faults(world, "lnx5")
    yield world.without("lnx6", A2).take()
    row = faults(world, "lnx6")["interface_missing"]
    assert (row["missing"], row["expected_from"]) == (["sql_n2_a"], "LUN maps")


@together
def test_a_portset_hides_where_lun_maps_are_not_known_too(world: World) -> Steps:
    world.inventories = tuple(name for name in INVENTORIES if name != "lun_maps")
    world.portsets = {"ps_a": (A1, A2)}
    world.igroups["ig_first"]["portset"] = "ps_a"
    yield world.without("lnx5", B1, B2).take()
    assert "interface_missing" not in faults(world, "lnx5")
    yield world.without("lnx5", A2).take()
    row = faults(world, "lnx5")["interface_missing"]
    assert (row["missing"], row["expected_from"]) == (["sql_n2_a"], "igroup peers")


@together
def test_a_host_without_luns_misses_nothing(world: World) -> Steps:
    del world.lun_maps["ig_first"]
    yield world.without("lnx5", B2).take()
    assert "interface_missing" not in faults(world, "lnx5")


@together
def test_what_one_of_its_igroups_sees_is_expected(world: World) -> Steps:
    world.lun_maps["ig_ora"]["reporting_nodes"] = SECOND_PAIR
    both = "iqn.2026-11.example:lnx5"
    world.igroups["ig_ora"]["initiators"] = [*world.igroups["ig_ora"]["initiators"], both]
    world.sessions += linux(5, (A3, B3, A4), igroup="ig_first")
    yield world.take()
    row = faults(world, "lnx5")["interface_missing"]
    assert (row["missing"], row["expected_from"]) == (["sql_n4_b"], "LUN maps")
    yield world.without("lnx5", B2).take()
    row = faults(world, "lnx5")["interface_missing"]
    assert row["missing"] == ["sql_n2_b", "sql_n4_b"]


@together
def test_a_portset_that_was_not_listed_hides_and_demands_nothing(world: World) -> Steps:
    world.inventories = tuple(name for name in INVENTORIES if name != "portsets")
    world.igroups["ig_first"]["portset"] = "ps_a"
    yield world.without("lnx5", B2).take()
    row = faults(world, "lnx5")["interface_missing"]
    assert (row["missing"], row["expected_from"]) == (["sql_n2_b"], "igroup peers")


@together
def test_required_nodes_come_before_lun_maps(world: World) -> Steps:
    world.igroups["ig_first"] |= {"required_nodes": FIRST_PAIR, "connection_state": "partial"}
    yield world.without("lnx5", B2).take()
    row = faults(world, "lnx5")["interface_missing"]
    assert row["expected_from"] == "required nodes"


@together
def test_a_network_that_no_host_of_the_igroup_is_in_is_not_requested(world: World) -> Steps:
    """Two networks of the same nodes may belong to other hosts."""
    others = (Lif("bak_n1", "192.168.30.11", "n1"), Lif("bak_n2", "192.168.30.12", "n2"))
    world.lifs += others
    for number in (11, 12, 13):
        world.sessions += linux(number, others, igroup="ig_bak")
    world.lun_maps["ig_bak"] = {"reporting_nodes": FIRST_PAIR}
    world.igroups["ig_bak"] = {"initiators": sorted(members(world, "ig_bak"))}
    yield world.take()
    faults = {row["fault"] for row in world.ask("multipath-imbalance")}
    assert "interface_missing" not in faults


@together
def test_a_host_on_no_node_that_reports_its_luns_is_reported(world: World) -> Steps:
    world.lun_maps["ig_first"]["reporting_nodes"] = SECOND_PAIR
    yield world.take()
    row = faults(world, "lnx5")["required_node_missing"]
    assert (row["missing"], row["expected_from"], row["severity"]) == (
        SECOND_PAIR,
        "LUN maps",
        "high",
    )


@together
def test_one_node_is_enough_where_one_node_reports(world: World) -> Steps:
    world.lun_maps["ig_first"]["reporting_nodes"] = ["n1"]
    yield world.without("lnx5", A2, B2).take()
    assert faults(world, "lnx5") == {}
    world.lun_maps["ig_first"]["reporting_nodes"] = FIRST_PAIR
    yield world.take()
    row = faults(world, "lnx5")["single_node"]
    assert (row["missing"], "reported by n1, n2" in row["detail"]) == (["n2"], True)


@together
def test_a_host_without_luns_that_is_away_matters_little(world: World) -> Steps:
    world.take(3)
    yield world.without("lnx5").take()
    assert faults(world, "lnx5")["no_sessions"]["severity"] == "high"
    del world.lun_maps["ig_first"]
    yield world.take()
    row = faults(world, "lnx5")["no_sessions"]
    assert (row["severity"], "no LUN is mapped" in row["detail"]) == ("low", True)


@together
def test_of_an_igroup_that_is_younger_than_the_lun_maps_nothing_is_said(world: World) -> Steps:
    world.take()
    world.inventories = ("svms", "interfaces", "igroups", "nodes")
    for number in (21, 22, 23, 24):
        world.sessions += linux(number, LIFS, igroup="ig_new")
    world.igroups["ig_new"] = {"initiators": sorted(members(world, "ig_new"))}
    yield world.take(4).without("lnx21", B2).take()
    row = faults(world, "lnx21")["interface_missing"]
    assert row["expected_from"] == "igroup peers"


@together
def test_where_lun_maps_were_never_listed_the_coverage_says_what_is_not_judged(
    world: World,
) -> Steps:
    world.inventories = ("svms", "interfaces", "igroups", "nodes")
    yield world.take()
    rules = {row["rule"]: row["why"] for row in world.model("unjudged_rules")}
    assert rules["required_node_missing"] == "LUN maps were not collected"
    missing = {row["inventory"]: row["status"] for row in world.model("not_collected")}
    assert missing == dict.fromkeys(("lun_maps", "portsets", "ports", "metrocluster"), "not asked")


@together
def test_the_port_under_an_interface_that_is_down_is_named(world: World) -> Steps:
    world.ports = [{"node": "n1", "name": "a"}, {"node": "n2", "name": "a"}]
    world.take(3)
    world.ports[0] |= {"state": "down"}
    world.change(A1, state="down")
    for host in range(1, 9):
        world.without(f"lnx{host}", replace(A1, state="down"))
    yield world.take()
    row = faults(world, "lnx5")["interface_missing"]
    assert "sql_n1_a is down (port a of n1 is down): " in row["detail"]
    (outage,) = world.ask("outages")
    assert outage["evidence"] == "interface sql_n1_a down on n1: port a of n1 is down"


@pytest.mark.parametrize(
    ("ports", "down", "evidence"),
    [
        ({"a": {}}, "a", "port a of n1 down"),
        ({"a": {"type": "vlan", "base_port": "e0e"}}, "e0e", "port e0e of n1 down, under port a"),
        (
            {"a": {"type": "lag", "lag_ports": ["e0e", "e0f"]}},
            "e0f",
            "port e0f of n1 down, under port a",
        ),
        (
            {
                "a": {"type": "vlan", "base_port": "a0a"},
                "a0a": {"type": "lag", "lag_ports": ["e0e", "e0f"]},
            },
            "e0e",
            "port e0e of n1 down, under port a",
        ),
        ({"a": {"type": "vlan", "base_port": "e0e"}}, "e0f", None),
    ],
    ids=["its own", "a VLAN's", "a member", "a member under a VLAN", "another"],
)
@together
def test_a_port_that_goes_down_is_evidence_for_what_stands_on_it(
    world: World, ports: dict[str, dict[str, Any]], down: str, evidence: str | None
) -> Steps:
    world.ports = [{"node": "n1", "name": name, **port} for name, port in ports.items()]
    world.ports.append({"node": "n2", "name": "a", "type": "vlan", "base_port": "e0f"})
    world.take()
    parameters = [{"name": "port", "value": down}, {"name": "node", "value": "n1"}]
    world.events.append(
        {
            "node": "n1",
            "index": 1,
            "time": world.now - timedelta(minutes=2),
            "message": "vifmgr.portdown",
            "severity": "notice",
            "text": f"vifmgr.portdown: Port {down} is down.",
            "parameters": parameters,
        }
    )
    yield world.without("lnx1", A1).take()
    (outage,) = world.ask("outages")
    expected = None if evidence is None else f"{clock.iso(world.events[0]['time'])} {evidence} (vifmgr.portdown)"  # fmt: skip
    assert (outage["evidence"], outage["event_log"]) == (expected, "read")


@together
def test_a_port_that_was_down_before_explains_nothing(world: World) -> Steps:
    world.ports = [{"node": "n1", "name": "a", "state": "down"}]
    world.take()
    world.ports[0] |= {"state": "up"}
    world.take()
    world.change(A1, state="down")
    for host in range(1, 9):
        world.without(f"lnx{host}", replace(A1, state="down"))
    yield world.take()
    (outage,) = world.ask("outages")
    assert outage["evidence"] == "interface sql_n1_a down on n1"


@pytest.mark.parametrize(
    ("port", "words"),
    [
        ({"enabled": False}, "is disabled"),
        ({"reachability": "not_repairable"}, "is out of reach of its broadcast domain"),
        (
            {"type": "lag", "lag_ports": ["e0e", "e0f"], "lag_active_ports": ["e0e"]},
            "of its 2 members e0f carries nothing",
        ),
        (
            {"type": "vlan", "state": "down", "base_port": "e0e"},
            "is down: the port e0e under it is down",
        ),
        ({}, None),
    ],
)
@together
def test_what_is_wrong_with_a_port_is_said(
    world: World, port: dict[str, Any], words: str | None
) -> Steps:
    world.ports = [
        {"node": "n1", "name": "a", **port},
        {"node": "n1", "name": "e0e", "state": "down"},
    ]
    yield world.take()
    troubles = {row["port"]: row["trouble"] for row in world.model("port_troubles")}
    assert troubles.get("a") == words
