"""What is out of the ordinary about interfaces, igroups, addresses and names: F17, F22, F25–F30."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from support.array_builder import A1, A2, B1, B2, Login, World, four_hosts, linux
from support.steps import Steps
from support.together import asked_together

from analyzer.config import policy
from analyzer.demo import at
from analyzer.output.table import coverage
from analyzer.report import run
from analyzer.report.catalog import Catalog
from analyzer.store.layout import Store

together = asked_together(four_hosts)
bare_together = asked_together(World)


@dataclass(frozen=True)
class Named(Login):
    """A login under any name."""

    name: str = ""

    @property
    def initiator(self) -> str:
        return self.name


@dataclass(frozen=True)
class Bare(Login):
    """A session that lists no connection."""

    def rows(self) -> list[dict[str, Any]]:
        return [row | {"connections": 0, "cid": None} for row in super().rows()]


def rows(world: World, fault: str) -> list[dict[str, Any]]:
    return [row for row in world.ask("multipath-imbalance") if row["fault"] == fault]


@together
def test_sessions_on_an_interface_that_is_not_at_home(world: World) -> Steps:
    yield world.take(2).change(A1, node="n2", home="n1").take()
    (row,) = rows(world, "interface_not_home")
    assert (row["initiator"], row["severity"]) == (None, "info")
    assert row["detail"].startswith(
        "sql_n1_a is on n2, its home is n1; 4 sessions are on it; since"
    )
    yield world.take(13)
    assert [row["severity"] for row in rows(world, "interface_not_home")] == ["medium"]


@together
def test_a_takeover_is_no_disorder_of_interfaces(world: World) -> Steps:
    world.take(2)
    for lif in (A1, B1):
        world.change(lif, node="n2", home="n1")
    yield world.take(14)
    assert rows(world, "interface_not_home") == []
    assert rows(world, "single_node_after_migration") == []


@together
def test_an_igroup_whose_member_is_gone_since_this_week(world: World) -> Steps:
    world.igroups = {"ig_ora": {"initiators": [f"iqn.2026-11.example:lnx{n}" for n in range(1, 5)]}}
    yield world.take(2)
    assert rows(world, "igroup_partly_alive") == []
    yield world.without("lnx4").take(4)
    (row,) = rows(world, "igroup_partly_alive")
    assert (row["severity"], row["missing"]) == ("medium", ["iqn.2026-11.example:lnx4"])
    assert row["detail"].startswith("ig_ora: 3 members are connected, and not")


@together
def test_a_spare_member_that_never_logged_in_is_none_of_them(world: World) -> Steps:
    world.igroups = {"ig_ora": {"initiators": ["iqn.2026-11.example:spare"]}}
    yield world.take(4)
    assert rows(world, "igroup_partly_alive") == []


@together
def test_one_address_of_two_names_is_reported_and_louder_while_new(world: World) -> Steps:
    world.take(2)
    world.sessions += linux(9, (A1, B1), address="192.168.10.101")
    yield world.take()
    (row,) = rows(world, "shared_address")
    assert row["severity"] == "medium"
    assert (
        "192.168.10.101 is used by iqn.2026-11.example:lnx1, iqn.2026-11.example:lnx9"
        in row["detail"]
    )
    world.step = timedelta(hours=13)
    yield world.take(3)
    assert [row["severity"] for row in rows(world, "shared_address")] == ["info"]


@bare_together
def test_hosts_behind_one_gateway_from_the_first_look_are_only_reported(world: World) -> Steps:
    for number in (1, 2):
        world.sessions += linux(number, address="192.168.10.1")
    yield world.take(2)
    assert [row["severity"] for row in rows(world, "shared_address")] == ["info"]


@together
def test_a_session_without_connection_in_two_snapshots(world: World) -> Steps:
    world.take()
    world.sessions[0] = Bare(**vars(world.sessions[0]))
    yield world.take()
    assert rows(world, "session_without_connection") == []
    yield world.take()
    (row,) = rows(world, "session_without_connection")
    assert (row["initiator"], row["severity"]) == ("iqn.2026-11.example:lnx1", "low")


@together
def test_a_session_that_outlived_its_host_is_a_ghost(world: World) -> Steps:
    world.sessions += linux(7, (A1, B1, A2, B2), times=1)
    world.sessions = [
        replace(login, isid="00:02:3d:00:07:7f")
        if login.host == "lnx7" and login.lif is A2
        else login
        for login in world.sessions
    ]
    world.take(3)
    left = [login for login in world.sessions if login.host == "lnx7" and login.lif is A2]
    world.without("lnx7")
    world.sessions += [replace(login, tsih=login.tsih + 5000) for login in linux(7)] + left
    yield world.take()
    (row,) = rows(world, "ghost_session")
    assert (row["initiator"], row["severity"]) == ("iqn.2026-11.example:lnx7", "info")
    assert "sql_n2_a" in row["detail"]


@together
def test_more_sessions_on_purpose_are_no_ghosts(world: World) -> Steps:
    world.take(3)
    world.sessions += [
        replace(login, isid=login.isid[:-2] + "f0", tsih=login.tsih + 5000) for login in linux(1)
    ]
    yield world.take()
    assert rows(world, "ghost_session") == []


@together
def test_one_of_several_sessions_that_reconnects_is_no_ghost(world: World) -> Steps:
    world.sessions += linux(9, times=4)
    world.take(3)
    first = next(login for login in world.sessions if login.host == "lnx9" and login.lif is A2)
    again = replace(first, tsih=first.tsih + 5000)
    world.sessions = [again if login is first else login for login in world.sessions]
    yield world.take()
    assert rows(world, "ghost_session") == []


@bare_together
def test_odd_names(world: World) -> Steps:
    regular = [
        "iqn.1993-08.org.debian:01:abc",
        "iqn.2004-10.com.example",
        "eui.0123456789abcdef",
        "naa.0123456789abcdef",
    ]
    odd = ["iqn.1994-05.com.redhat:localhost", "iqn.94-05.com.redhat:x", "server12"]
    for number, name in enumerate(regular + odd):
        world.sessions += [Named(**vars(login), name=name) for login in linux(number)]
    yield world.take()
    assert sorted(row["initiator"] for row in rows(world, "odd_name")) == sorted(odd)


@together
def test_hosts_that_a_migration_gathered_on_one_node(world: World) -> Steps:
    world.sessions += linux(8, (A1, A2), igroup="ig_other")
    yield world.take(4).change(A2, node="n1", home="n1").take()
    findings = rows(world, "single_node_after_migration")
    assert [(row["initiator"], row["missing"]) for row in findings] == [
        ("iqn.2026-11.example:lnx8", ["n2"])
    ]
    assert findings[0]["detail"].startswith("sql_n2_a moved to n1")
    assert findings[0]["severity"] == "high"


def test_what_had_no_data_is_said(world: World) -> None:
    world.inventories = ()
    world.take()
    with at(world.now):
        catalog = Catalog(Store(world.root), tables=policy.tables(None))
        report = run.run(catalog, catalog.reports["multipath-imbalance"])
        catalog.close()
    silent = {rule.rule: rule.why for rule in report.coverage[0].not_judged or ()}
    assert silent["single_node"] == "interfaces were not collected"
    assert silent["igroup_partly_alive"] == "igroups were not collected"
    assert "single_path" not in silent
    assert "interface_not_home, interface_skew, " in coverage(report)
    assert "(interfaces were not collected)" in coverage(report)
