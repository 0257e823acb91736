"""Who fails over is what the SVM's multipathing says; the interface's policy is the second choice."""

from dataclasses import replace
from typing import Any

import pytest
from support.array_builder import A1, A2, B1, B2, LIFS, World, linux
from support.steps import Steps
from support.together import asked_together

from analyzer.inventories import INVENTORIES

together = asked_together(World)
LNX, LNX2 = "iqn.2026-11.example:lnx1", "iqn.2026-11.example:lnx2"
HOME, PARTNER = "home_node_only", "sfo_partners_only"
# multipathing, the interfaces' own policy, and whether they fail over
MODES = [
    ("local_active", PARTNER, False),
    ("active_active", HOME, True),
    ("active_active_scsi_only", HOME, True),
    (None, HOME, False),
    (None, PARTNER, True),
]
# what fails: kind and name, the sessions that stand on it
FAILURES = [("node", "n1", 2), ("interface", "sql_n1_a", 1), ("subnet", "192.168.10.0/24", 2)]


def set_up(world: World, multipathing: str | None, failover: str, *hosts: Any) -> World:
    world.multipathing, world.inventories = multipathing, tuple(INVENTORIES)
    world.lifs = [replace(lif, failover=failover) for lif in LIFS]
    for number, used in enumerate(hosts, 1):
        world.sessions += linux(number, tuple(replace(lif, failover=failover) for lif in used))
    return world


@pytest.mark.parametrize(("multipathing", "policy", "moves"), MODES)
@together
def test_sessions_end_or_move_as_the_mode_says(
    array: World, multipathing: str | None, policy: str, *, moves: bool
) -> Steps:
    yield set_up(array, multipathing, policy, LIFS).take()
    for kind, name, hit in FAILURES:
        rows = array.ask("failover", kind=kind, name=name)
        (row,) = [row for row in rows if row["initiator"] == LNX]
        moved = hit if moves and kind == "node" else 0
        assert (row["sessions"], row["ended"], row["moved"], row["left"]) == (
            4,
            hit - moved,
            moved,
            4 - hit + moved,
        )


@together
def test_nothing_moves_to_a_partner_that_is_away(array: World) -> Steps:
    set_up(array, "active_active", HOME, (A1, B1)).nodes["n2"] |= {"state": "taken_over"}
    yield array.take()
    (row,) = [row for row in array.ask("failover", name="n1") if row["initiator"] == LNX]
    assert (row["ended"], row["left"], row["severity"]) == (2, 0, "critical")


@together
def test_sessions_that_reach_no_lun_save_nobody(array: World) -> Steps:
    """Four sessions stay, and the two that reach the LUNs end."""
    set_up(array, "local_active", HOME, LIFS)
    array.igroups = {"ig_ora": {"initiators": [LNX]}}
    array.lun_maps = {"ig_ora": {"reporting_nodes": ["n1"]}}
    yield array.take()
    (row,) = [row for row in array.ask("failover", name="n1") if row["initiator"] == LNX]
    assert (row["left"], row["severity"]) == (2, "critical")
    assert row["detail"].startswith("keeps 2 of 4 sessions, 0 of which reach its LUNs")


@pytest.mark.parametrize(("multipathing", "policy", "moves"), MODES)
@together
def test_an_upgrade_cuts_off_who_stands_on_one_node_where_nothing_moves(
    array: World, multipathing: str | None, policy: str, *, moves: bool
) -> Steps:
    yield set_up(array, multipathing, policy, LIFS, (A1, B1)).take()
    cut = [row["initiator"] for row in array.ask("upgrade-readiness")]
    assert cut == ([] if moves else [LNX2])


@together
def test_an_upgrade_does_not_wait_for_a_pair_that_reports_no_lun(array: World) -> Steps:
    set_up(array, None, HOME, LIFS, (A1, B1))
    array.igroups = {
        "ig_ora": {"initiators": sorted({login.initiator for login in array.sessions})}
    }
    array.lun_maps = {"ig_ora": {"reporting_nodes": ["n1", "n2"]}}
    yield array.take()
    assert len(array.ask("upgrade-readiness")) == 1
    array.lun_maps = {"ig_ora": {"reporting_nodes": ["n3", "n4"]}}
    yield array.take()
    assert array.ask("upgrade-readiness") == []


@pytest.mark.parametrize(("multipathing", "policy", "moves"), MODES)
@together
def test_an_interface_that_fails_over_stands_for_both_nodes_while_both_can_serve(
    array: World, multipathing: str | None, policy: str, *, moves: bool
) -> Steps:
    yield set_up(array, multipathing, policy, LIFS, (A1, B1)).take(4)
    single = [(row["initiator"][-1], row["state"]) for row in array.ask("without-redundancy")]
    assert single == ([] if moves else [("2", "single_node")])
    (day,) = array.ask("compliance")
    assert (day["hosts"], day["compliant"]) == (2, 2 if moves else 1)
    array.nodes["n2"] |= {"state": "taken_over"}
    for lif in (A2, B2):
        lost = replace(lif, failover=policy)
        array.change(lost, **({"node": "n1", "home": "n2"} if moves else {"state": "down"}))
        if not moves:
            array.without("lnx1", lost)
    down = array.now
    yield array.take(4)
    rows = {row["initiator"][-1]: row for row in array.ask("without-redundancy")}
    assert {host: row["state"] for host, row in rows.items()} == {
        "1": "single_node",
        "2": "single_node",
    }
    assert rows["1"]["began_by"] == down
    assert rows["2"]["began_by"] == (down if moves else down - 4 * array.step)
