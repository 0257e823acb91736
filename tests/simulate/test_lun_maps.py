"""The simulated array answers what is mapped as ONTAP does, release by release."""

from typing import Any

import pytest

from analyzer import ontap
from analyzer.config.cluster import Cluster
from analyzer.ontap import Client, frame
from analyzer.ontap.resource import Release
from analyzer.simulate import SimulatedArray, World, apply, base_world

Ask = Any


@pytest.fixture
def world() -> World:
    return base_world()


@pytest.fixture
def ask(world: World, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """The stored rows of an inventory, by name."""
    monkeypatch.setenv("MAPPED_SECRET", "pretend")

    def rows(name: str, release: Release = (9, 19)) -> dict[str, dict[str, Any]]:
        with SimulatedArray(world, password="pretend", version=(*release, 1)) as array:
            cluster = Cluster("c1", array.url, "admin", password_env="MAPPED_SECRET")
            with Client(cluster) as client:
                listing = ontap.inventory(client, name, release)
        assert listing.status == "complete", listing.reason
        return {row["name"]: row for row in frame.inventory(name, listing.records).to_dicts()}

    return rows


def test_luns_are_reported_by_their_owner_and_its_partner(world: World, ask: Ask) -> None:
    apply(world, "map_luns", "ig_ora", "n3", "n3", "n3")
    maps = ask("lun_maps")
    assert (maps["ig_ora"]["luns"], maps["ig_ora"]["reporting_nodes"]) == (3, ["n3", "n4"])
    assert maps["ig_esx"]["reporting_nodes"] == ["n1", "n2"]
    apply(world, "map_luns", "ig_ora")
    assert "ig_ora" not in ask("lun_maps")


def test_a_portset_names_its_interfaces_and_the_igroup_its_portset(world: World, ask: Ask) -> None:
    assert ask("portsets") == {}
    apply(world, "bind", "ig_ora", "ps_a", "L1", "L3")
    uuids = sorted(world.interfaces[key].uuid for key in ("L1", "L3"))
    assert ask("portsets")["ps_a"]["interface_uuids"] == uuids
    igroups = ask("igroups")
    assert (igroups["ig_ora"]["portset"], igroups["ig_esx"]["portset"]) == ("ps_a", None)


def test_ports_go_down_with_the_switch_they_hang_on(world: World, ask: Ask) -> None:
    apply(world, "fabric_off", "b")
    ports = ask("ports")
    assert ports["e0e"]["state"] == "up"
    assert (ports["e0f"]["state"], ports["e0f"]["reachability"]) == ("down", "not_repairable")


def test_an_older_release_says_less(world: World, ask: Ask) -> None:
    assert {row["san_multipathing"] for row in ask("svms").values()} == {"local_active"}
    assert {row["san_multipathing"] for row in ask("svms", (9, 18)).values()} == {None}
    assert {row["reporting_nodes"] for row in ask("lun_maps", (9, 9)).values()} == {None}
    assert ask("ports", (9, 7))["e0e"]["reachability"] is None


def test_interfaces_are_in_the_ipspace_of_their_svm(world: World, ask: Ask) -> None:
    apply(world, "set", "S2", "ipspace", "ips_k8s")
    spaces = {(row["svm"], row["ipspace"]) for row in ask("interfaces").values()}
    assert spaces == {("svm_sql", "Default"), ("svm_k8s", "ips_k8s")}


def test_the_partners_of_a_metrocluster_are_those_of_the_map(world: World, ask: Ask) -> None:
    assert ask("metrocluster") == {}
    apply(world, "set", "S1", "subtype", "sync_source")
    apply(world, "set", "S1", "mirror", "sql_b")
    assert ask("metrocluster")["svm_sql"]["partner"] == "sql_b"
