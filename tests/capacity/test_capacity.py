"""Capacity on small histories whose numbers can be counted by hand."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from support.array_builder import A1, A2, B1, B2, LIFS, T0, World, linux


def by(rows: list[dict[str, Any]], *keys: str) -> dict[Any, dict[str, Any]]:
    return {tuple(row[key] for key in keys) if len(keys) > 1 else row[keys[0]]: row for row in rows}


LIMITS = '[[limits]]\nnode = "n1"\nsessions = 20\n'


def test_peak_and_p95_weigh_by_time(world: World) -> None:
    world.take(15)
    world.sessions += linux(5) + linux(6)
    world.take(1)
    world.without("lnx5").without("lnx6").without("lnx4", A1)
    world.take(9)
    rows = by(world.ask("sessions-by-node", LIMITS), "node")
    n1 = {key: rows["n1"][key] for key in ("sessions", "peak", "p95", "limit", "headroom")}
    assert n1 == {"sessions": 7, "peak": 12, "p95": 8, "limit": 20, "headroom": 8}
    assert (rows["n2"]["limit"], rows["n2"]["headroom"], rows["n2"]["severity"]) == (
        None, None, "info",
    )  # fmt: skip


def test_unknown_time_weighs_nothing(world: World) -> None:
    world.take(3)
    world.sessions += linux(5) + linux(6)
    world.take(1)
    world.take(10, status="failed")
    world.without("lnx5").without("lnx6").take(25)
    rows = by(world.ask("sessions-by-node"), "node")
    assert (rows["n1"]["peak"], rows["n1"]["p95"]) == (12, 8)


def test_a_session_of_many_connections_is_one_session(world: World) -> None:
    world.sessions += linux(9, connections=3)
    rows = by(world.take(2).ask("sessions-by-node"), "node")
    assert rows["n1"]["sessions"] == 10


def test_sessions_go_with_their_interface_to_another_node(world: World) -> None:
    world.take(3)
    world.change(A2, node="n1", home="n2").change(B2, node="n1", home="n2").take(3)
    rows = by(world.ask("sessions-by-node"), "node")
    assert {node: row["sessions"] for node, row in rows.items()} == {"n1": 16, "n2": 0}
    assert rows["n2"]["peak"] == 8


def test_without_interfaces_no_node_is_named(world: World) -> None:
    world.inventories = ("svms",)
    rows = world.take(3).ask("sessions-by-node")
    assert [(row["node"], row["sessions"]) for row in rows] == [(None, 16)]


def test_a_window_counts_from_its_own_beginning(world: World) -> None:
    world.sessions += linux(5)
    world.take(5)
    world.without("lnx5").take(5)
    rows = by(world.ask("sessions-by-node", since=T0 + timedelta(minutes=26)), "node")
    assert rows["n1"]["peak"] == 8


def test_paths_are_a_matrix_with_its_holes(world: World) -> None:
    names = '[[hosts]]\ninitiator = "IQN.2026-11.example:lnx2"\nname = "db-two"\n'
    rows = by(world.without("lnx2", B2).take().ask("paths", names), "host", "interface")
    assert len(rows) == 16
    assert rows["db-two", "sql_n2_b"]["sessions"] == 0
    cell = rows["db-two", "sql_n1_a"]
    assert (cell["sessions"], cell["host_addresses"], cell["node"], cell["subnet"]) == (
        1, ["192.168.10.102"], "n1", "192.168.10.0/24",
    )  # fmt: skip


def test_an_upgrade_waits_for_the_login_that_is_missing(world: World) -> None:
    assert world.take().ask("upgrade-readiness") == []
    rows = world.without("lnx2", A2, B2).take().ask("upgrade-readiness")
    assert [
        (row["initiator"][-4:], row["missing_node"], row["missing_interfaces"]) for row in rows
    ] == [("lnx2", "n2", ["sql_n2_a", "sql_n2_b"])]
    details = []
    for lif in (A2, B2):
        (row,) = world.change(lif, state="down").take().ask("upgrade-readiness")
        details.append(row["detail"].removeprefix("would lose all 2 sessions on n1 and has none "))
    assert details == [
        "on n2: log in to sql_n2_b", "on n2, where sql_n2_a and sql_n2_b must be up first",
    ]  # fmt: skip


def test_an_upgrade_that_cannot_be_judged_does_not_pass(world: World) -> None:
    world.inventories = ("svms", "interfaces")
    rows = world.take().ask("upgrade-readiness")
    assert [row["detail"] for row in rows] == ["cannot be judged: nodes were not collected"]


@pytest.mark.parametrize(
    ("kind", "name", "gone"),
    [
        ("node", "n2", (A2, B2)),
        ("interface", "sql_n1_a", (A1,)),
        ("subnet", "192.168.10.0/24", (A1, A2)),
    ],
)
def test_a_failure_leaves_what_failover_said(
    world: World, kind: str, name: str, gone: tuple[Any, ...]
) -> None:
    world.without("lnx2", A1, B1).without("lnx3", B1, B2)
    rows = by(world.take().ask("failover", kind=kind, name=name), "initiator", "node")
    rows = {who: row for (who, _), row in rows.items() if who}
    for number in range(1, 5):
        world.without(f"lnx{number}", *gone)
    after = by(world.take().ask("paths"), "initiator", "interface")
    for who, row in rows.items():
        left = sum(cell["sessions"] for (other, _), cell in after.items() if other == who)
        assert row["left"] == left, who
    assert {who[-4:] for who, row in rows.items() if row["severity"] == "critical"} == {
        "node": {"lnx2"}, "interface": set(), "subnet": {"lnx3"},
    }[kind]  # fmt: skip


def test_a_node_that_would_be_full_is_critical_whoever_says_so(world: World) -> None:
    limit = "[[limits]]\nnode = 'n1'\nsessions = 8\n"
    world.take()
    severities = {
        name: by(world.ask(name, limit), "node")["n1"]["severity"]
        for name in ("sessions-by-node", "what-if")
    }
    assert severities == {"sessions-by-node": "critical", "what-if": "critical"}


def test_a_failover_tells_the_worst_first(world: World) -> None:
    world.without("lnx3", A1, B1).take()
    rows = world.ask("failover")
    assert (rows[0]["severity"], rows[0]["initiator"][-4:]) == ("critical", "lnx3")
    assert [row["severity"] for row in rows].index("info") > 0


def test_where_interfaces_move_the_partner_carries_them(world: World) -> None:
    for lif in LIFS:
        world.change(lif, failover="sfo_partners_only")
    rows = by(world.take().ask("failover", LIMITS, kind="node", name="n2"), "initiator", "node")
    assert (rows[None, "n1"]["left"], rows[None, "n1"]["moved"]) == (16, 8)
    assert rows[None, "n1"]["severity"] == "medium"
    assert rows["iqn.2026-11.example:lnx1", None]["ended"] == 0


def test_growth_counts_who_came_and_who_went(world: World) -> None:
    world.step = timedelta(days=1)
    world.take(7)
    world.sessions += linux(5, igroup="ig_new")
    world.take(7)
    world.without("lnx1").take(7)
    rows = by(world.ask("growth"), "kind", "name", "week")
    svm = [row for (kind, _, _), row in rows.items() if kind == "svm"]
    assert [row["sessions"] for row in svm][-1] == 16
    assert sum(row["new_initiators"] for row in svm) == 1
    assert sum(row["gone_initiators"] for row in svm) == 1
    assert sum(row["change"] for row in svm) == 0
    assert {name for kind, name, _ in rows if kind == "igroup"} == {"ig_ora", "ig_new"}
    assert {name for kind, name, _ in rows if kind == "family"} == {"example"}


def test_a_worker_whose_sessions_only_grow_leaks(world: World) -> None:
    world.step = timedelta(days=7)
    for turn in range(6):
        world.sessions += [
            replace(login, tsih=5000 + turn, isid=f"00:02:3d:aa:00:{turn:02x}")
            for login in linux(9, (A1,), igroup="wrk")
        ]
        world.take()
    leaks = {tuple(row["leaks"]) for row in world.ask("growth") if row["leaking"]}
    assert leaks == {("iqn.2026-11.example:lnx9",)}


def test_more_hosts_bring_what_their_likes_have(world: World) -> None:
    rows = by(world.take().ask("what-if", LIMITS, hosts=3, like="*lnx*"), "node")
    n1 = {
        key: rows["n1"][key] for key in ("sessions", "added", "after", "with_partner", "headroom")
    }
    assert n1 == {"sessions": 8, "added": 6, "after": 14, "with_partner": 28, "headroom": 6}
    assert rows["n1"]["hosts_that_fit"] == 6
    assert rows["n2"]["hosts_that_fit"] is None, "without a limit nobody can say how many fit"
    rows = by(world.ask("what-if", interfaces=1), "node")
    assert (rows["n1"]["added"], rows["n2"]["added"]) == (4, 4)


def test_an_initiator_is_idle_only_as_long_as_history_can_vouch(world: World) -> None:
    world.step = timedelta(days=10)
    world.igroups["ig_ora"] = {
        "initiators": [f"iqn.2026-11.example:lnx{number}" for number in range(1, 6)]
    }
    world.take(2)
    world.without("lnx4").take(2)
    assert [row["initiator"][-4:] for row in world.ask("idle-initiators")] == ["lnx5"]
    world.take(1)
    rows = by(world.ask("idle-initiators"), "initiator")
    assert rows["iqn.2026-11.example:lnx4"]["idle_days"] == 30
    assert rows["iqn.2026-11.example:lnx5"]["last_seen"] is None


def test_compliance_is_counted_at_the_end_of_each_day(world: World) -> None:
    world.step = timedelta(hours=6)
    world.take(4)
    world.without("lnx1", A2, B2).without("lnx2").take(4)
    rows = by(world.ask("compliance"), "day")
    days = [(row["hosts"], row["compliant"], row["percent"]) for row in rows.values()]
    assert days[0] == (4, 4, 100.0)
    assert days[-1] == (3, 2, 66.7)
    assert sum(row["host_minutes_short"] for row in rows.values()) == 3 * 6 * 60


def test_compliance_asks_what_policy_asks(world: World) -> None:
    world.without("lnx1", A2, B2).take(3)
    assert [row["compliant"] for row in world.ask("compliance")] == [3]
    first = '[[expect]]\ninitiator = "*lnx1"\nnodes = 1\n'
    assert [row["compliant"] for row in world.ask("compliance", first)] == [4]


def test_the_same_store_gives_the_same_rows(world: World) -> None:
    world.take(4)
    world.without("lnx1", A2).take(3)
    names = ["sessions-by-node", "growth", "failover", "what-if", "compliance", "forecast", "paths"]
    # With another text of the policy the store is opened anew: nothing is remembered.
    first, again = (
        {name: world.ask(name, text) for name in names} for text in (LIMITS, f"{LIMITS}\n")
    )
    assert first == again


def test_hours_of_the_week_tell_the_morning_from_the_night(world: World) -> None:
    world.step = timedelta(minutes=30)
    world.take(4)
    world.sessions += linux(5)
    world.take(2)
    rows = by(world.ask("sessions-by-hour"), "node", "hour")
    hours = [(rows["n1", hour]["average"], rows["n1", hour]["peak"]) for hour in (2, 3, 4)]
    assert hours == [(8, 8), (8, 8), (10, 10)]
    assert rows["n1", 2]["weekday"] == 5


def test_an_hour_of_which_no_minute_is_known_has_no_row(world: World) -> None:
    world.step = timedelta(minutes=30)
    world.take(5)
    assert {row["hour"] for row in world.ask("sessions-by-hour")} == {2, 3}
    world.take(2)
    for seconds in (0, 10):
        rows = world.ask("sessions-by-hour", until=T0 + timedelta(hours=2, seconds=seconds))
        assert {row["hour"] for row in rows} == {2, 3}, "what follows the window is not of it"
