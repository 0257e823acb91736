"""What operations do to a world; sessions are counted where counting is enough."""

from collections import Counter
from datetime import date, datetime
from typing import Any

import pytest

from analyzer.errors import UsageError
from analyzer.simulate import Drift, Replay, World, apply, base_world, fleet, replay, script

DAY = date(2026, 11, 20)


@pytest.fixture
def world() -> World:
    return base_world()


def per_interface(world: World) -> Counter[str]:
    return Counter(session["target_portal_group"] for session in world.sessions())


def of(world: World, host: str) -> list[dict[str, Any]]:
    name = world.hosts[host].initiator
    return [session for session in world.sessions() if session["initiator"]["name"] == name]


def test_the_base_world_has_52_and_24_sessions(world: World):
    svms = Counter(session["svm"]["name"] for session in world.sessions())
    assert svms == {"svm_sql": 52, "svm_k8s": 24}


def test_keys_are_unique(world: World):
    keys = {
        (session["svm"]["uuid"], session["target_portal_group"], session["tsih"])
        for session in world.sessions()
    }
    assert len(keys) == 76


def test_the_same_seed_gives_the_same_world_and_another_one_does_not(world: World):
    assert base_world().sessions() == world.sessions()
    assert base_world(seed=2).sessions() != world.sessions()


def test_isids_look_like_their_makers(world: World):
    assert of(world, "lnx1")[0]["isid"].startswith("00:02:3d:")
    assert of(world, "win1")[0]["isid"].startswith("40:00:01:37:")


def test_a_reconnect_keeps_the_isid_and_changes_the_tsih_and_the_port(world: World):
    before = of(world, "esx1")
    apply(world, "relogin", "esx1")
    after = of(world, "esx1")
    assert [session["isid"] for session in after] == [session["isid"] for session in before]
    for old, new in zip(before, after, strict=True):
        assert old["tsih"] != new["tsih"]
        assert old["connections"] != new["connections"]


def test_a_lost_path_comes_back_with_its_isid(world: World):
    before = {session["target_portal_group"]: session["isid"] for session in of(world, "lnx1")}
    apply(world, "drop", "lnx1", "L2")
    assert len(of(world, "lnx1")) == 3
    apply(world, "recover", "lnx1")
    assert {
        session["target_portal_group"]: session["isid"] for session in of(world, "lnx1")
    } == before


def test_a_reboot_begins_isids_again_in_another_order(world: World):
    apply(world, "relogin", "lnx3")
    before = of(world, "lnx3")
    apply(world, "reboot", "lnx3")
    after = of(world, "lnx3")
    assert {session["isid"] for session in after} == {session["isid"] for session in before}
    assert not {session["tsih"] for session in after} & {session["tsih"] for session in before}


def test_in_a_takeover_local_interfaces_are_gone_until_giveback(world: World):
    apply(world, "takeover", "n2")
    assert not per_interface(world) & Counter({"sql_n2_a": 1, "sql_n2_b": 1, "k8s_n2_a": 1})
    states = {record["name"]: record["state"] for record in world.inventory("interfaces")}
    assert (states["sql_n2_a"], states["sql_n1_a"]) == ("down", "up")
    apply(world, "recover")
    assert len(world.sessions()) == 44
    apply(world, "giveback", "n2")
    assert len(world.sessions()) == 44
    apply(world, "recover")
    assert len(world.sessions()) == 76


def test_in_a_takeover_moving_interfaces_go_to_the_partner_and_home_again():
    world = base_world(moves=True)
    before = {record["uuid"]: record for record in world.inventory("interfaces")}
    old = world.sessions()
    apply(world, "takeover", "n2")
    assert len(world.sessions()) == 76
    assert world.sessions() != old
    away = [record for record in world.inventory("interfaces") if not record["location"]["is_home"]]
    assert {record["location"]["node"]["name"] for record in away} == {"n1"}
    assert {record["uuid"] for record in away} <= set(before)
    apply(world, "giveback", "n2")
    assert all(record["location"]["is_home"] for record in world.inventory("interfaces"))


def test_the_partner_says_that_it_took_over(world: World):
    apply(world, "takeover", "n2")
    nodes = {record["name"]: record for record in world.inventory("nodes")}
    assert nodes["n2"]["state"] == "taken_over"
    assert nodes["n1"]["ha"]["takeover"]["state"] == "in_takeover"
    assert nodes["n3"]["ha"]["takeover"]["state"] == "not_in_takeover"


def test_a_fabric_takes_its_interfaces_in_every_svm(world: World):
    apply(world, "fabric_off", "b")
    assert all(name.endswith("_a") for name in per_interface(world))
    apply(world, "fabric_on", "b")
    apply(world, "recover")
    assert len(world.sessions()) == 76


def test_a_stopped_service_takes_one_svm(world: World):
    apply(world, "service_off", "S1")
    apply(world, "recover")
    assert {session["svm"]["name"] for session in world.sessions()} == {"svm_k8s"}


def test_a_renamed_interface_keeps_its_uuid_and_the_group_follows_or_stays(world: World):
    old = world.interfaces["L1"].uuid
    apply(world, "rename_interface", "L1", "one", "stays")
    apply(world, "rename_interface", "L2", "two", "follows")
    assert world.interfaces["L1"].uuid == old
    assert {"sql_n1_a", "two"} <= set(per_interface(world))


def test_a_recreated_interface_has_its_address_and_another_uuid(world: World):
    old = world.interfaces["L1"].uuid
    apply(world, "recreate_interface", "L1")
    interface = world.interfaces["L1"]
    assert interface.uuid != old
    assert interface.address == "192.168.10.11"
    assert per_interface(world)["sql_n1_a"] == 13


def test_a_clone_alternates_with_its_template_under_one_name(world: World):
    apply(world, "clone", "lnx4", "lnx9", "144")
    seen = []
    for _ in range(3):
        apply(world, "alternate", "lnx4", "lnx9")
        sessions = of(world, "lnx4")
        assert len(sessions) == 4
        seen.append(
            {session["connections"][0]["initiator_address"]["address"] for session in sessions}
        )
    assert seen[0] == {"192.168.10.144", "192.168.20.144"}
    assert seen[1] == {"192.168.10.104", "192.168.20.104"}
    assert seen[2] == seen[0]


def test_more_sessions_per_interface_are_even(world: World):
    apply(world, "sessions_per_interface", "lnx1", "8")
    assert Counter(
        session["target_portal_group"] for session in of(world, "lnx1")
    ) == dict.fromkeys(["sql_n1_a", "sql_n1_b", "sql_n2_a", "sql_n2_b"], 8)


def test_a_second_connection_comes_and_goes_within_the_session(world: World):
    tsih = of(world, "win2")[0]["tsih"]
    apply(world, "connect", "win2", "L1")
    assert [session["cid"] for session in of(world, "win2")[0]["connections"]] == [1, 2]
    apply(world, "disconnect", "win2", "L1", "1")
    assert [session["cid"] for session in of(world, "win2")[0]["connections"]] == [2]
    assert of(world, "win2")[0]["tsih"] == tsih


def test_a_rogue_has_no_igroup_and_no_chap(world: World):
    apply(world, "rogue", "x", "iqn.2020-01.example:x", "192.168.10.200", "L1")
    (session,) = of(world, "x")
    assert "igroups" not in session
    assert session["connections"][0]["authentication_type"] == "none"


def test_leaving_an_igroup_leaves_the_sessions(world: World):
    apply(world, "igroup_remove", "ig_ora", "lnx1")
    assert len(of(world, "lnx1")) == 4
    assert all("igroups" not in session for session in of(world, "lnx1"))


def test_the_array_has_its_own_verdict_on_an_igroup(world: World):
    def verdict() -> str:
        groups = {record["name"]: record for record in world.inventory("igroups")}
        state: str = groups["ig_ora"]["connectivity_tracking"]["connection_state"]
        return state

    assert verdict() == "full"
    apply(world, "drop", "lnx1", "L3")
    assert verdict() == "full"
    apply(world, "drop", "lnx1", "L4")
    assert verdict() == "partial"
    apply(world, "drop", "lnx*")
    assert verdict() == "none"


def test_a_tsih_never_is_zero_and_begins_again_after_the_last(world: World):
    world.interfaces["L1"].last_tsih = 0xFFFF
    apply(world, "relogin", "lnx1", "L1")
    assert of(world, "lnx1")[0]["tsih"] == 1


def test_what_does_not_fit_is_refused(world: World):
    for wrong in (
        ["explode"], ["drop", "nobody"], ["takeover", "n9"], ["drop"], ["set", "L1", "color", "1"],
    ):  # fmt: skip
        with pytest.raises(UsageError):
            apply(world, *wrong)


INCIDENT = """
    02:12 takeover n2           # a comment
    02:41:30 giveback n2
    02:43 recover
    +1d 02:00 set lnx1 comment "rack 4"
    2026-11-22T01:00 rename_svm S1 svm_other
"""


def test_a_script_can_be_replayed_to_any_instant(world: World):
    steps = script(DAY, INCIDENT)
    counts = [
        len(replay(world, steps, datetime(2026, 11, 20, 2, minute)).sessions())
        for minute in (11, 12, 42, 43)
    ]
    assert counts == [76, 44, 44, 76]
    assert len(world.sessions()) == 76
    late = replay(world, steps)
    assert late.svms["S1"].name == "svm_other"
    assert late.hosts["lnx1"].comment == "rack 4"


def test_going_forward_in_steps_is_the_same_as_at_once(world: World):
    steps = script(DAY, INCIDENT)
    moving = Replay(base_world(), steps)
    for hour in range(24):
        moving.advance(datetime(2026, 11, 20, hour))
    moving.advance(datetime(2026, 11, 23))
    assert moving.world.sessions() == replay(world, steps).sessions()


def test_a_line_that_is_no_step_is_refused():
    for wrong in ("drop lnx1 L2", "25:00 drop lnx1", '02:12 set a b "c'):
        with pytest.raises(UsageError):
            script(DAY, wrong)


def test_drift_goes_on_and_is_the_same_for_the_same_seed():
    runs = []
    for _ in range(2):
        world = base_world()
        drift = Drift(world, seed=7, rate=0.9)
        runs.append([drift.tick() for _ in range(200)])
        assert world.sessions()
    assert runs[0] == runs[1]
    assert any(runs[0])


def test_a_fleet_has_as_many_sessions_as_requested():
    assert len(fleet(41).sessions()) == 41
