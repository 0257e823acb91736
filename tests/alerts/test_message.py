"""Messages to chats and ticket systems: on the edge, each once, by templates that may be wrong."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from support.receivers import Place, Receiver

from analyzer.alerts import template
from analyzer.config import file
from analyzer.config.destination import Destination
from analyzer.errors import UsageError

pytestmark = pytest.mark.usefixtures("engines_left_open")
DOCS = Path(__file__).parents[2] / "docs" / "messages"
LOST = ("check", "--report", "dropped-connections", "--once")
CHAT = """'{"text": {{ alerts | map(attribute="text") | join("\\n") | tojson }}}'"""
TICKET = """'{"id": "{{ alert.id }}", "event": "{{ alert.event }}"}'"""


def destination(name: str, url: str, body: str = CHAT, more: str = "") -> str:
    return f'[[check.destinations]]\nname = "{name}"\nurl = "{url}"\nbody = {body}\n{more}\n'


def test_each_destination_hears_what_is_new_and_what_is_over(
    place: Place, receiver: Receiver
) -> None:
    place.configure(
        '[check]\nconsole = "https://history.example.com/"\n'
        + destination("chat", receiver.url("/chat"),
                      """'{"text": {{ link | tojson }}, "count": {{ new | length }}}'""")
        + destination("tickets", receiver.url("/ticket"), TICKET, "each = true")
    )  # fmt: skip
    place.see("02:10")
    place.run(*LOST)
    assert receiver.requests == []
    place.see("02:15", "lnx1")
    assert place.run(*LOST, now="02:16")[0] == 1
    (chat,) = receiver.bodies("/chat")
    assert chat["count"] == 4
    assert chat["text"] == (
        "https://history.example.com/incident?since=2026-11-23T01%3A45%3A00Z"
        "&until=2026-11-23T02%3A16%3A00Z&cluster=prod-a"
    )
    tickets = receiver.bodies("/ticket")
    assert [ticket["event"] for ticket in tickets] == ["new"] * 4
    assert place.run(*LOST, now="02:17") == (0, "", "")
    place.see("02:20")
    assert place.run(*LOST, now="02:21")[0] == 0
    closed = receiver.bodies("/ticket")[4:]
    assert [ticket["event"] for ticket in closed] == ["over"] * 4
    assert {ticket["id"] for ticket in closed} == {ticket["id"] for ticket in tickets}
    assert len(receiver.bodies("/chat")) == 2


def test_what_is_muted_is_neither_new_nor_over(place: Place, receiver: Receiver) -> None:
    there = destination("chat", receiver.url("/"))
    place.configure(there)
    place.see("02:10")
    place.run(*LOST)
    place.see("02:15", "lnx1")
    place.run(*LOST)
    place.configure('[[lower]]\nto = "info"\n' + there)
    assert "MUTED" in place.run(*LOST)[1]
    assert len(receiver.requests) == 1


def test_one_that_fails_does_not_stop_the_others_and_hears_it_later(
    place: Place, receiver: Receiver
) -> None:
    place.configure(destination("first", receiver.url("/first"))
                    + destination("second", receiver.url("/second")))  # fmt: skip
    place.see("02:10")
    place.run(*LOST)
    place.see("02:15", "lnx1")
    receiver.answers["/first"] = 403
    code, out, err = place.run(*LOST)
    assert (code, out.count("NEW")) == (69, 4)
    assert "destination first at 127.0.0.1: HTTP 403; the next check sends it again" in err
    assert len(receiver.bodies("/second")) == 1
    del receiver.answers["/first"]
    assert place.run(*LOST) == (0, "", "")
    assert [len(receiver.bodies(path)) for path in ("/first", "/second")] == [2, 1]
    assert receiver.bodies("/first")[1] == receiver.bodies("/second")[0]
    place.run(*LOST)
    assert len(receiver.requests) == 3


def test_tickets_that_were_taken_are_not_opened_twice(place: Place, receiver: Receiver) -> None:
    place.configure(destination("tickets", receiver.url("/"), TICKET, "each = true"))
    place.see("02:10")
    place.run(*LOST)
    place.see("02:15", "lnx1")
    receiver.after = 3
    assert place.run(*LOST)[0] == 69
    receiver.after = None
    assert place.run(*LOST)[0] == 0
    taken = [body["id"] for body in receiver.bodies("/") if body]
    assert len(taken) == 3 + 1 + 1  # three, the one that was refused, and that one again
    assert len(set(taken)) == 4


WRONG = {
    "a syntax error": ("'''\n\n{% if %}'''", "body line 2: Expected an expression"),
    "an unknown name": ("'''\n\n\n{{ alertz }}'''", "body line 3: 'alertz' is undefined"),
    "an unknown name as JSON": ("'{{ alertz | tojson }}'", "body line 1: 'alertz' is undefined"),
    "half a character": ("""'{{ "\\ud800" }}'""", "body: gives half of a surrogate pair"),
    "no JSON": ("'{{ alerts[0].text }}'", "body: gives no JSON: "),
    "an error of its own": ("'''\n{{ 1 // 0 }}'''", "body line 1: ZeroDivisionError"),
    "the program's own objects": (
        "'{{ alerts.__class__.__mro__ }}'", "body line 1: access to attribute '__class__'",
    ),
    "a list that is changed": ("'{{ alerts.append(1) }}'", "body line 1: access to attribute"),
    "too much": ("'{{ \"x\" * 300000 }}'", "body: gives more than 256 KiB"),
}  # fmt: skip


def test_templates_that_fail_are_named_with_their_line_and_the_others_go_on(
    place: Place, receiver: Receiver
) -> None:
    place.configure(
        "".join(
            destination(f"wrong-{number}", receiver.url("/wrong"), body)
            for number, (body, _) in enumerate(WRONG.values())
        )
        + destination("right", receiver.url("/right"))
    )
    place.see("02:10")
    place.run(*LOST)
    place.see("02:15", "lnx1")
    code, _, err = place.run(*LOST)
    assert code == 2
    for number, (why, (_, sentence)) in enumerate(WRONG.items()):
        assert f"analyzer: destination wrong-{number}: {sentence}" in err, (why, err)
    assert [path for path, _, _ in receiver.requests] == ["/right"]


# The bound of the processor's time would end the first one later, with the same words.
@pytest.mark.parametrize(("body", "seconds"), [
    ("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}", 0.5),
    ("{% set x = 'x' * 10 ** 10 %}", 8.0),
])  # fmt: skip
def test_a_template_without_end_is_ended(
    body: str, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(template, "_SECONDS", seconds)
    chat = Destination(name="chat", url="https://chat.example", body=body)
    with pytest.raises(UsageError, match="more time or memory"):
        template.render(chat, [{}])


def test_a_template_that_is_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    chat = Destination(name="chat", url="https://chat.example", template=tmp_path / "pipe")
    with pytest.raises(UsageError, match="cannot be read: it is no regular file"):
        template.render(chat, [{}])


def test_secrets_are_sent_and_never_printed(
    place: Place, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAT_URL", receiver.url("/hooks/not-to-be-seen"))
    (place.root / "token").write_text("not-to-be-seen\n")
    place.configure(
        '[[check.destinations]]\nname = "chat"\nurl_env = "CHAT_URL"\ntoken_file = "token"\n'
        f"body = {CHAT}\n"
        '[[check.destinations]]\nname = "jira"\nusername = "bot"\n'
        f'password_command = "echo not-to-be-seen"\nurl = "{receiver.url("/jira")}"\nbody = {CHAT}\n'
        'headers = { X-Project = "SAN" }\n'
    )
    code, out, err = place.run("check", "--test")
    assert (code, out, err) == (0, "chat: HTTP 204\njira: HTTP 204\n", "")
    (_, chat, _), (_, jira, _) = receiver.requests
    assert chat["Authorization"] == "Bearer not-to-be-seen"
    assert (jira["Authorization"], jira["X-Project"]) == ("Basic Ym90Om5vdC10by1iZS1zZWVu", "SAN")
    receiver.answers["/hooks/not-to-be-seen"] = 404
    code, out, err = place.run("check", "--test")
    assert (code, out) == (69, "chat: destination chat at 127.0.0.1: HTTP 404\njira: HTTP 204\n")
    monkeypatch.setenv("CHAT_URL", "not-to-be-seen")
    code, out, err = place.run("check", "--test")
    assert code == 2
    assert out.startswith("chat: destination chat: 'url_env' is not like https://")
    assert "not-to-be-seen" not in out + err


def test_a_test_tells_nobody_else_and_needs_no_store(place: Place, receiver: Receiver) -> None:
    assert place.run("check", "--test")[0] == 2
    place.configure(
        f'[check]\nwebhook = "{receiver.url("/hook")}"\n'
        + destination("chat", receiver.url("/chat"))
        + destination("tickets", receiver.url("/ticket"), TICKET, "each = true")
    )
    code, out, _ = place.run("check", "--test")
    assert (code, out) == (0, "chat: HTTP 204\ntickets: HTTP 204\nwebhook: HTTP 204\n")
    assert "This is a test" in receiver.bodies("/chat")[0]["text"]
    assert receiver.bodies("/hook")[0]["test"] is True
    assert not (place.root / "store").exists()


REFUSED = {
    'token = "x"': "'token' in clear text is refused; use token_env, token_file or token_command",
    'token_env = "A"\ntoken_file = "b"': "give one of token_env, token_file, not several",
    'username = "me"': "'username' and a password go together",
    'template = "x.j2"': "give one of template, body",
    'events = ["muted"]': "'events[1]' is one of new, over",
    'headers = { Authorization = "Bearer x" }': "header 'Authorization' in clear text is refused",
    'headers = { X-A = "a\\nb" }': "header 'X-A' cannot be sent",
    'headers = { Content-Length = "5" }': "header 'Content-Length' depends on each message",
    "eech = true": "unknown key 'eech'; did you mean 'each'?",
}


@pytest.mark.parametrize("more", REFUSED)
def test_what_a_destination_cannot_mean_is_named(tmp_path: Path, more: str) -> None:
    path = tmp_path / "analyzer.toml"
    path.write_text(destination("chat", "https://chat.example", CHAT, more))
    with pytest.raises(UsageError, match=re.escape(REFUSED[more])) as refused:
        file.load(path)
    assert "check.destinations[1]" in str(refused.value)


@pytest.mark.parametrize("url", ["https://me:secret@x.example/", "ftp://x.example", "secret"])
def test_an_address_is_one_and_holds_no_password(tmp_path: Path, url: str) -> None:
    path = tmp_path / "analyzer.toml"
    path.write_text(destination("chat", url))
    with pytest.raises(UsageError, match="'url'") as refused:
        file.load(path)
    assert "secret" not in str(refused.value)


HOSTILE = 'x"}], "text": "<!channel> [a](https://evil.example) {{ 7 * 7 }} \\'


@pytest.mark.parametrize("path", sorted(DOCS.glob("*.j2")), ids=lambda path: path.name)
def test_the_templates_of_the_page_give_json_whatever_the_array_names(path: Path) -> None:
    alert: dict[str, Any] = {
        "event": "new", "id": "0123456789abcdef", "report": "outages", "cluster": HOSTILE,
        "severity": "high", "text": HOSTILE, "since": "2026-11-23T02:15:00Z", "over": False,
        "link": None,
    }  # fmt: skip
    over = {**alert, "event": "over", "over": True, "link": "https://history.example/incident"}
    shared = {"console": None, "now": "2026-11-23T02:20:00Z"}
    chats = [
        {**shared, "alerts": [alert, over], "new": [alert], "over": [over], "link": over["link"]},
        {**shared, "alerts": [alert], "new": [alert], "over": [], "link": None},
    ]
    tickets = [{**shared, "alert": alert}, {**shared, "alert": over}]
    each = "for alert" not in path.read_text()
    example = Destination(name="x", url="https://x.example", template=path, each=each)
    bodies = [json.loads(text) for text in template.render(example, tickets if each else chats)]
    assert len(bodies) == 2
    for body in bodies:
        assert isinstance(body, dict)
        assert "49" not in json.dumps(body)
        if "slack" in path.name:
            assert "<!channel>" not in json.dumps(body)
            assert "&lt;!channel&gt;" in json.dumps(body)
        if path.name.startswith(("teams", "mattermost")):
            assert "evil.example" in json.dumps(body)
            assert not re.search(r"(?<!\\)\[a\]\(", json.dumps(body))
