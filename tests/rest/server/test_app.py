"""Limits, tokens, names: what the server lets in, and how it says no."""

import asyncio
from base64 import b64encode
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from support.asgi_client import Reply, ask, asking
from support.collected_night import SESSIONS, Night, answers

from analyzer.errors import UsageError
from analyzer.rest.language.respond import RestRequest, RestResponse
from analyzer.rest.server.app import App, Limits
from analyzer.rest.server.authentication import Authenticator, Identity
from analyzer.rest.server.source import ServedCluster

TOKEN = "pretend-tökén"


def application(night: Night, door: Authenticator | None = None, **more: Any) -> App:
    return App(door or Authenticator(), answers(night.store), **more)


@pytest.fixture
def app(night: Night) -> App:
    return application(night)


def basic(user: str, password: str) -> str:
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


def test_a_token_is_wanted_as_bearer_or_as_password(night: Night) -> None:
    app = application(night, Authenticator(TOKEN))
    bearer = "Bearer " + TOKEN.encode().decode("latin-1")
    for good in (bearer, basic("admin", TOKEN), basic("prod-a@20261123T020000Z", TOKEN)):
        assert ask(app, SESSIONS, authorization=good).status == 200
    wrong = ["", "Bearer", "Bearer x", basic("admin", "x"), basic(TOKEN, ""), "Basic ***", "Basic ÿ", f"Digest {TOKEN}"]  # fmt: skip
    for path in (SESSIONS, "/reports", "/openapi.json", "/nothing"):
        for bad in wrong:
            reply = ask(app, path, authorization=bad.encode().decode("latin-1"))
            assert (reply.status, reply.code) == (401, "6")
            assert reply.headers["www-authenticate"].startswith("Basic")
            assert TOKEN not in str(reply)
    assert ask(app, SESSIONS, "OPTIONS").status == 401


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8080", "localhost:1", "[::1]:8080", "10.1.2.3", "LOCALHOST", "history.example:8080", "history.example."])  # fmt: skip
def test_it_answers_to_addresses_and_to_names_it_was_given(night: Night, host: str) -> None:
    app = application(night, Authenticator(hosts=["history.example"]))
    assert ask(app, "/reports", host=host).status == 200


@pytest.mark.parametrize("host", ["", "evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "127.0.0.1@evil", "a:b", "[", "xn--"])  # fmt: skip
def test_it_answers_to_no_other_name(app: App, host: str) -> None:
    reply = ask(app, SESSIONS, host=host)
    assert (reply.status, reply.code) == (421, "6")


def test_only_reading_is_allowed(app: App) -> None:
    for path in (SESSIONS, "/reports", "/reports/outages", "/api/cluster"):
        for method in ("POST", "PATCH", "DELETE", "PUT", "TRACE", "QUERY"):
            reply = ask(app, path, method)
            assert (reply.status, reply.code) == (405, "3")
        assert ask(app, path, "OPTIONS").headers["allow"] == "GET, HEAD, OPTIONS"
        assert ask(app, path, "HEAD").status == 200


@pytest.mark.parametrize("headers", [{"content_length": "2"}, {"transfer_encoding": "chunked"}])
def test_a_body_is_refused(app: App, headers: dict[str, str]) -> None:
    reply = ask(app, SESSIONS, **headers)
    assert (reply.status, reply.code) == (400, "262198")
    assert ask(app, SESSIONS, content_length="0").status == 200


def test_a_long_url_is_refused(app: App) -> None:
    reply = ask(app, f"{SESSIONS}?isid={'a' * 16_384}")
    assert (reply.status, reply.code) == (414, "39387137")
    assert ask(app, f"{SESSIONS}?isid={'a' * 16_000}").json["num_records"] == 0


def test_a_page_is_never_larger_than_we_say(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analyzer.rest.server.endpoints.PAGE", 10)
    for query in ("max_records=99", "", "fields=*"):
        body = ask(app, f"{SESSIONS}?{query}").json
        assert body["num_records"] == 10
        assert "next" in body["_links"]
    assert ask(app, f"{SESSIONS}?return_records=false").json == {
        "num_records": 71,
        "_links": {"self": {"href": f"{SESSIONS}?return_records=false"}},
    }


class Waiting:
    """Answers when it is let."""

    def __init__(self) -> None:
        self.go = Event()

    def answer(self, _request: RestRequest, _identity: Identity, _seconds: float) -> RestResponse:
        self.go.wait(20)
        return RestResponse(200, b"{}", {})


def test_too_many_at_once_get_429() -> None:
    waiting = Waiting()
    app = App(Authenticator(), waiting, limits=Limits(requests=2))

    async def crowd() -> list[Reply]:
        requests = [asyncio.create_task(asking(app, SESSIONS)) for _ in range(5)]
        done, _ = await asyncio.wait(requests, return_when=asyncio.FIRST_COMPLETED)
        assert all(request.result().status == 429 for request in done)
        waiting.go.set()
        await asyncio.wait(requests)
        return [request.result() for request in requests]

    replies = asyncio.run(crowd())
    assert sorted(reply.status for reply in replies) == [200, 200, 429, 429, 429]
    busy = next(reply for reply in replies if reply.status == 429)
    assert (busy.code, busy.headers["retry-after"]) == ("262160", "1")
    assert ask(app, SESSIONS).status == 200


def test_an_answer_that_takes_too_long_is_ended(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = application(night, limits=Limits(seconds=0.3))
    assert ask(app, SESSIONS).status == 200
    slow = "select count(*) from range(300000) a, range(300000) b where a.range + b.range = 7"
    with monkeypatch.context() as patched:
        patched.setattr(ServedCluster, "run", lambda self, _text, _bound: self.catalog.run(slow, where="the answer").rows)  # fmt: skip
        reply = ask(app, SESSIONS)
    assert (reply.status, reply.code) == (503, "7")
    assert "took too long" in reply.message
    assert ask(app, SESSIONS).status == 200


def test_a_bug_is_one_sentence_for_who_runs_it(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors: list[Exception] = []
    app = application(night)
    app.answerer = replace(answers(night.store), on_error=errors.append)
    monkeypatch.setattr(
        ServedCluster, "run", lambda *_: (_ for _ in ()).throw(UsageError("secret SQL"))
    )
    reply = ask(app, SESSIONS)
    assert (reply.status, reply.code) == (500, "262145")
    assert "secret" not in reply.message
    assert str(errors[0]) == "secret SQL"


def test_a_damaged_store_is_a_sentence(tmp_path: Path, night: Night) -> None:
    folder = tmp_path / "history" / "cluster=x"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{")
    app = application(night)
    app.answerer = answers(type(night.store)(tmp_path))
    reply = ask(app, SESSIONS)
    assert (reply.status, reply.code) == (500, "262145")
    assert "rebuild" in reply.message


@pytest.mark.parametrize("target", ["/api/protocols/san/iscsi/sessions?isid=a%00b", f"{SESSIONS}?x=é", f"{SESSIONS}/%00/%ff/1", "/%2e%2e/%2e%2e/etc/passwd", "/reports/../x", "/reports/%2e%2e", f"{SESSIONS}?\x7f", "//", "/api"])  # fmt: skip
def test_odd_bytes_are_answered_or_refused(app: App, target: str) -> None:
    assert ask(app, target).status in {200, 400, 404}


def test_answers_are_not_kept_by_anybody_between(app: App) -> None:
    reply = ask(app, SESSIONS)
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert "server" not in reply.headers
