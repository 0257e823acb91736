"""What many hosts share is one finding: an interface that is down, a node that is away."""

from datetime import timedelta

from multipath.test_fault import FAR, faults_of, two_pairs
from support.array_builder import A1, A2, B1, B2, LIFS, World, four_hosts, linux
from support.steps import Steps
from support.together import asked_together

together = asked_together(four_hosts)
pairs_together = asked_together(two_pairs)


@together
def test_an_interface_that_is_down_stays_a_finding_until_it_is_repaired_or_removed(
    world: World,
) -> Steps:
    world.take(12)
    for number in range(1, 5):
        world.without(f"lnx{number}", B2)
    world.step = timedelta(days=1)
    yield world.change(B2, state="down").take(20)
    assert faults_of(world) == {(None, "interface_missing")}
    world.lifs = [lif for lif in world.lifs if lif.name != B2.name]
    yield world.take()
    assert (None, "interface_missing") not in faults_of(world)


@together
def test_who_came_after_it_went_down_does_not_miss_it(world: World) -> Steps:
    world.take(12)
    for number in range(1, 5):
        world.without(f"lnx{number}", B2)
    world.change(B2, state="down").take(4)
    world.sessions += linux(9, (A1, B1, A2))
    yield world.take(4)
    (row,) = world.ask("multipath-imbalance")
    assert row["members"] == [f"iqn.2026-11.example:lnx{number}" for number in range(1, 5)]


@pairs_together
def test_a_node_that_is_away_is_one_finding_for_hosts_of_two_pairs(world: World) -> Steps:
    for number in range(1, 4):
        world.sessions += linux(number, (*LIFS, *FAR))
    world.take(12)
    for number in range(1, 4):
        world.without(f"lnx{number}", A2, B2)
    world.nodes["n2"]["state"] = "taken_over"
    yield world.change(A2, state="down").change(B2, state="down").take(4)
    (row,) = world.ask("multipath-imbalance")
    assert (row["initiator"], row["fault"], row["missing"]) == (
        None, "partner_node_missing", ["n2"],
    )  # fmt: skip
    assert len(row["members"]) == 3


@pairs_together
def test_a_pair_of_which_both_nodes_are_down_is_a_finding_of_each_of_its_interfaces(
    world: World,
) -> Steps:
    for number in range(1, 4):
        world.sessions += linux(number, (*LIFS, *FAR))
    world.take(12)
    for number in range(1, 4):
        world.without(f"lnx{number}", *FAR)
    for lif in FAR:
        world.nodes[lif.node]["state"] = "down"
        world.change(lif, state="down")
    yield world.take(4)
    rows = world.ask("multipath-imbalance")
    assert [(row["fault"], row["missing"], len(row["members"])) for row in rows] == [
        ("interface_missing", ["k3"], 3), ("interface_missing", ["k4"], 3),
    ]  # fmt: skip


@together
def test_a_takeover_gives_one_finding(world: World) -> Steps:
    world.take(12)
    for number in range(1, 5):
        world.without(f"lnx{number}", A2, B2)
    world.nodes["n2"]["state"] = "taken_over"
    world.nodes["n1"]["takeover_state"] = "in_takeover"
    yield world.change(A2, state="down").change(B2, state="down").take(3)
    rows = world.ask("multipath-imbalance")
    assert [(row["initiator"], row["fault"], row["missing"]) for row in rows] == [
        (None, "single_node", ["n2"])
    ]
    assert rows[0]["members"] == [f"iqn.2026-11.example:lnx{number}" for number in range(1, 5)]


@together
def test_a_takeover_that_gathers_all_interfaces_is_a_single_node(world: World) -> Steps:
    world.take(12)
    yield world.change(A2, node="n1", home="n2").change(B2, node="n1", home="n2").take(3)
    assert faults_of(world) == {(None, "single_node")}


@together
def test_a_takeover_does_not_excuse_who_never_was_on_that_node(world: World) -> Steps:
    world.sessions += linux(9, (A1, B1), igroup="ig_other")
    world.take(12)
    for number in range(1, 5):
        world.without(f"lnx{number}", A2, B2)
    world.nodes["n2"]["state"] = "taken_over"
    yield world.change(A2, state="down").change(B2, state="down").take(3)
    assert faults_of(world) == {(None, "single_node"), ("lnx9", "single_node")}


@together
def test_an_interface_that_is_down_is_one_finding_for_all_who_used_it(world: World) -> Steps:
    world.take(12)
    for number in range(1, 5):
        world.without(f"lnx{number}", B2)
    yield world.change(B2, state="down").take(4)
    rows = world.ask("multipath-imbalance")
    assert [(row["initiator"], row["fault"], row["missing"]) for row in rows] == [
        (None, "interface_missing", ["sql_n2_b"])
    ]
    assert rows[0]["members"] == [f"iqn.2026-11.example:lnx{number}" for number in range(1, 5)]


@together
def test_a_finding_that_many_share_is_found_by_each_of_them(world: World) -> Steps:
    world.sessions += linux(9, (A1, B1, A2), igroup="ig_other")
    world.take(12)
    for number in range(1, 5):
        world.without(f"lnx{number}", B2)
    yield world.change(B2, state="down").take(4)
    shared = [
        [
            row["fault"]
            for row in world.ask("multipath-imbalance", filters={"initiator": [name]})
            if row["initiator"] is None
        ]
        for name in ("*lnx2", "*lnx9")
    ]
    assert shared == [["interface_missing"], []]
