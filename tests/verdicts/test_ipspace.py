"""Equal subnets in two IPspaces are two networks."""

from dataclasses import replace
from pathlib import Path

import pytest
from support.array_builder import A1, A2, LIFS, World, linux

OTHER = tuple(
    replace(lif, name=f"bak_{lif.name[4:]}", svm="svm_bak", ipspace="ips_bak") for lif in LIFS
)
SUBNET = "192.168.10.0/24"


def twins(root: Path) -> World:
    """Two SVMs whose interfaces have the same addresses, with four hosts each."""
    array = World(root, lifs=[*(replace(lif, ipspace="Default") for lif in LIFS), *OTHER])
    for number in range(1, 5):
        array.sessions += linux(number, LIFS)
        array.sessions += linux(number + 4, OTHER, igroup="ig_bak")
    return array.take(2)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return twins(tmp_path)


def test_a_network_that_fails_is_the_cause_though_its_twin_stays(world: World) -> None:
    for host in range(1, 5):
        world.without(f"lnx{host}", A1, A2)
    (row,) = world.take().ask("outages")
    assert (row["cause_kind"], row["cause"], row["initiators"]) == ("subnet", SUBNET, 4)


def test_the_one_that_is_not_the_default_is_named_by_its_ipspace(world: World) -> None:
    for host in range(5, 9):
        world.without(f"lnx{host}", OTHER[0], OTHER[2])
    (row,) = world.take().ask("outages")
    assert (row["cause_kind"], row["cause"]) == ("subnet", f"{SUBNET} in ips_bak")


@pytest.mark.parametrize(
    ("name", "svm"), [(SUBNET, "svm_sql"), (f"{SUBNET} in ips_bak", "svm_bak")]
)
def test_only_who_is_in_the_network_is_hit_when_it_fails(world: World, name: str, svm: str) -> None:
    rows = world.ask("failover", kind="subnet", name=name)
    assert {row["svm"] for row in rows if row["initiator"]} == {svm}
