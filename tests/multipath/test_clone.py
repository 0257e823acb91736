"""One name on two hosts: told where there are two, and only there."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from support.array_builder import A1, A2, LIFS, Login, World, four_hosts, linux
from support.steps import Steps
from support.together import asked_together

together = asked_together(four_hosts)
bare_together = asked_together(World)


def clones(world: World) -> list[tuple[str, str]]:
    """Who is told as a clone, and how severe that is."""
    return [
        (row["initiator"].split(":")[1], row["severity"])
        for row in world.ask("multipath-imbalance")
        if row["fault"] == "cloned_initiator"
    ]


def of(world: World, host: str) -> tuple[list[Login], list[Login]]:
    """The logins of one host, and those of all others."""
    mine = [login for login in world.sessions if login.host == host]
    return mine, [login for login in world.sessions if login.host != host]


def elsewhere(logins: Sequence[Login], turn: int = 1) -> list[Login]:
    """The same logins from addresses that end in 201 instead of 101."""
    return [
        replace(
            login,
            address=login.address.replace(".101", ".201"),
            tsih=login.tsih + 7000 + turn,
            isid=login.isid[:-2] + "f" + login.isid[-1],
        )
        for login in logins
    ]


@together
def test_two_hosts_that_throw_each_other_out_again_and_again(world: World) -> Steps:
    mine, rest = of(world, "lnx1")
    theirs = [
        replace(login, address=login.address.replace(".101", ".201"), tsih=login.tsih + 7000)
        for login in mine
    ]
    for owner in (mine, theirs, mine):
        world.sessions = rest + owner
        world.take(2)
    yield world
    assert clones(world) == [], "an address that changed and came back is one host"
    world.sessions = rest + theirs
    yield world.take(2)
    assert clones(world) == [("lnx1", "critical")]


@bare_together
def test_two_cards_that_swap_their_isids_are_one_host(world: World) -> Steps:
    world.lifs = [A1, A2]
    cards = ("192.168.10.101", "192.168.10.131")

    def bound(turn: int) -> list[Login]:
        return [
            Login("esx1", lif, cards[(card + turn) % 2], turn * 50 + 10 * place + card,
                  f"00:02:3d:00:00:{10 * place + card:02d}")
            for place, lif in enumerate((A1, A2))
            for card in (0, 1)
        ]  # fmt: skip

    for turn in (0, 1, 2, 3, 4):
        world.sessions = bound(turn)
        world.take(2)
    yield world
    assert clones(world) == []


@together
def test_two_aliases_of_one_name_at_once(world: World) -> Steps:
    world.sessions[0] = replace(world.sessions[0], alias="golden-image")
    yield world.take()
    assert clones(world) == [("lnx1", "critical")]


@together
def test_an_alias_that_is_edited_session_by_session_is_one_host(world: World) -> Steps:
    world.take(3)
    mine, rest = of(world, "lnx1")
    for count in range(1, 4):
        renamed = [replace(login, alias="new-name", tsih=login.tsih + 50) for login in mine]
        world.sessions = rest + renamed[:count] + mine[count:]
        yield world.take(2)
        assert clones(world) == [], count


@together
def test_an_alias_in_capitals_is_the_same_alias(world: World) -> Steps:
    world.sessions[0] = replace(world.sessions[0], alias="LNX1")
    yield world.take()
    assert clones(world) == []


@together
def test_a_second_host_that_logs_in_beside_the_first(world: World) -> Steps:
    world.take(3)
    mine, _ = of(world, "lnx1")
    world.sessions += elsewhere(mine)
    yield world.take(3)
    (row,) = [
        row for row in world.ask("multipath-imbalance")
        if row["fault"] == "cloned_initiator"
    ]  # fmt: skip
    assert (row["initiator"][-4:], row["severity"]) == ("lnx1", "medium")
    assert (
        "192.168.10.201 came beside the addresses that it had in 192.168.10.0/24" in row["detail"]
    )
    assert "from 2 to 4" in row["detail"]


@together
def test_hosts_that_all_get_a_second_card_are_no_clones(world: World) -> Steps:
    world.take(3)
    for number in range(1, 5):
        mine, _ = of(world, f"lnx{number}")
        world.sessions += [
            replace(login, address=f"{login.address[:-3]}2{number:02d}", tsih=login.tsih + 7000)
            for login in mine
        ]
    yield world.take(3)
    assert clones(world) == []


@together
def test_a_host_whose_address_changed_is_no_clone(world: World) -> Steps:
    world.take(3)
    mine, rest = of(world, "lnx1")
    world.sessions = rest + elsewhere(mine)
    yield world.take(3)
    assert clones(world) == []


@together
def test_an_address_that_was_there_before_is_no_second_host(world: World) -> Steps:
    mine, rest = of(world, "lnx1")
    both = mine + elsewhere(mine)
    for owner in (both, mine, both):
        world.sessions = rest + owner
        world.take(3)
    yield world
    assert clones(world) == []


@together
def test_a_second_host_is_reported_for_seven_days(world: World) -> Steps:
    world.take(3)
    mine, _ = of(world, "lnx1")
    world.sessions += elsewhere(mine)
    world.step = timedelta(days=1)
    yield world.take(6)
    assert clones(world) == [("lnx1", "medium")]
    yield world.take(4)
    assert clones(world) == []


@together
def test_one_more_session_is_no_second_host(world: World) -> Steps:
    world.sessions += linux(9, LIFS, times=4, igroup="ig_other")
    world.take(3)
    mine, _ = of(world, "lnx9")
    world.sessions.append(replace(mine[0], address="192.168.10.209", tsih=9999, isid="00:02:3d:ff"))
    yield world.take(3)
    assert clones(world) == []
