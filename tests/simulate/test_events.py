"""The array's own event log: what operations write into it, and how it may be asked."""

import json
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest

from analyzer.simulate import Replay, SimulatedArray, apply, base_world, script

EVENTS = "/api/support/ems/events?fields=*"
NIGHT = """
    02:12 takeover n2
    02:41 giveback n2
    03:00 failover L1 n2
    03:10 fabric_off b
    03:20 service_off S2
    03:30 refuse lnx1 L1
"""


@pytest.fixture(scope="module")
def array() -> Iterator[SimulatedArray]:
    replay = Replay(base_world(moves=True), script(date(2026, 11, 23), NIGHT))
    with SimulatedArray(replay.world, token="pretend") as array:
        with array.moving():
            replay.advance(datetime(2026, 11, 23, 4))
        yield array


def ask(array: SimulatedArray, target: str) -> list[dict[str, Any]]:
    request = Request(array.url + target, headers={"Authorization": "Bearer pretend"})
    with urlopen(request, timeout=10) as answer:
        records: list[dict[str, Any]] = json.load(answer)["records"]
        return records


def names(events: list[dict[str, Any]], clock: str) -> set[str]:
    return {e["message"]["name"] for e in events if e["time"] == f"2026-11-23T{clock}:00+00:00"}


@pytest.mark.parametrize(
    ("clock", "messages"),
    [
        ("02:12", {"cf.transition.info", "vifmgr.lifmoved.nodedown"}),
        ("02:41", {"cf.transition.info", "vifmgr.lifsuccessfullymoved"}),
        ("03:00", {"vifmgr.lifmoved.byadmin"}),
        ("03:10", {"vifmgr.portdown", "vifmgr.lifdown.noports"}),
        ("03:20", {"iscsi.notice"}),
        ("03:30", {"iscsi.loginIpNotAuthorized"}),
    ],
)
def test_what_happens_is_logged_at_its_instant(
    array: SimulatedArray, clock: str, messages: set[str]
) -> None:
    assert names(ask(array, EVENTS), clock) == messages


def test_an_event_names_what_it_is_about(array: SimulatedArray) -> None:
    (event,) = ask(array, f"{EVENTS}&message.name=iscsi.loginIpNotAuthorized")
    assert {parameter["name"]: parameter["value"] for parameter in event["parameters"]} == {
        "initiator_name": "iqn.1994-05.com.redhat:lnx1",
        "vserver": "svm_sql",
        "lif": "sql_n1_a",
        "initiator_ip_address": "192.168.10.101",
    }
    assert event["node"]["name"] == "n2"


def test_the_index_counts_on_each_node_and_time_can_be_filtered(array: SimulatedArray) -> None:
    events = ask(array, f"{EVENTS}&message.severity=*&order_by=index")
    for node in {event["node"]["name"] for event in events}:
        own = [event["index"] for event in events if event["node"]["name"] == node]
        assert own == list(range(1, len(own) + 1))
    late = ask(array, f"{EVENTS}&time={quote('>=2026-11-23T03:20:00+00:00')}")
    assert {event["message"]["name"] for event in late} == {
        "iscsi.notice",
        "iscsi.loginIpNotAuthorized",
    }


def test_debug_is_hidden_unless_a_severity_is_requested(array: SimulatedArray) -> None:
    def severities(query: str) -> set[str]:
        return {event["message"]["severity"] for event in ask(array, EVENTS + query)}

    assert "debug" not in severities("")
    assert severities("&message.severity=debug") == {"debug"}
    assert "debug" in severities("&message.severity=*")


def test_a_message_that_the_array_does_not_know_fails_the_whole_request(
    array: SimulatedArray,
) -> None:
    names = {message["name"] for message in ask(array, "/api/support/ems/messages")}
    assert "iscsi.notice" in names
    assert ask(array, f"{EVENTS}&message.name=iscsi.notice%7Cvifmgr.portdown")
    with pytest.raises(HTTPError) as refused:
        ask(array, f"{EVENTS}&message.name=iscsi.notice%7Cno.such.event")
    assert refused.value.code == 400
    assert json.load(refused.value)["error"]["target"] == "message.name"


def test_interfaces_that_do_not_move_are_down_in_a_takeover() -> None:
    world = base_world()
    apply(world, "takeover", "n2")
    assert {event.message for event in world.events} == {
        "cf.transition.info",
        "vifmgr.lifdown.noports",
    }
    assert {event.node for event in world.events} == {"n1"}
