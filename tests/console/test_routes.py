"""Who gets what over HTTP, and what every answer carries."""

import re
from urllib.parse import quote, urlencode

import pytest
from starlette.types import ASGIApp
from support.asgi_client import Reply, ask
from support.console_app import HTML, api, console

from analyzer.console import routes
from analyzer.console.access import Access
from analyzer.console.exchange import PageRequest, PageResponse
from analyzer.errors import Busy
from analyzer.store.layout import Store

TOKEN = "open-sesame"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@pytest.fixture
def locked(recorded: Store, monkeypatch: pytest.MonkeyPatch) -> ASGIApp:
    monkeypatch.setenv("ANALYZER_NOW", "2026-11-24T00:00:00Z")
    monkeypatch.setattr(routes, "_PATIENCE", 0)
    return console(recorded, TOKEN, now=lambda: 1_000_000.0)


def login(app: ASGIApp, token: str, target: str = "/") -> Reply:
    body = urlencode({"token": token, "next": target}).encode()
    return ask(app, "/login", "POST", body)


@pytest.mark.parametrize("target", ["/", "/reports", "/reports/outages"])
def test_a_browser_gets_a_page_where_a_program_gets_the_arrays_interface(app: ASGIApp, target: str):
    assert ask(app, target, accept="*/*").body == b"api"
    assert ask(app, target, accept="application/hal+json").body == b"api"
    page = ask(app, target, accept=HTML)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.body.startswith(b"<!doctype html>")


def test_what_is_not_a_page_is_left_to_the_arrays_interface(app: ASGIApp):
    assert ask(app, "/api/protocols/san/iscsi/sessions", accept=HTML).body == b"api"
    assert ask(app, "/openapi.json", accept=HTML).body == b"api"
    assert ask(app, "*", "OPTIONS", accept=HTML).body == b"api"


@pytest.mark.parametrize(
    ("target", "status"),
    [("/", 200), ("/incident", 200), ("/reports/nope", 404), ("/?tz=Mars", 400),
     ("/static/console.css", 200), ("/static/nope.css", 404), ("/store", 200)],
)  # fmt: skip
def test_every_answer_carries_the_policy_and_may_not_be_framed(
    app: ASGIApp, target: str, status: int
):
    reply = ask(app, target, accept=HTML)
    assert reply.status == status
    assert reply.headers["content-security-policy"] == POLICY
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["x-frame-options"] == "DENY"
    assert "cache-control" in reply.headers


@pytest.mark.parametrize("target", ["/", "/static/console.css", "/login", "/store"])
def test_a_host_name_that_is_not_ours_is_refused_everywhere(app: ASGIApp, target: str):
    reply = ask(app, target, accept=HTML, host="evil.example")
    assert reply.status == 421
    assert reply.headers["content-security-policy"] == POLICY


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_pages_are_only_read(app: ASGIApp, method: str):
    assert ask(app, "/", method, accept=HTML).status == 405
    assert ask(app, "/reports/outages", method, accept=HTML).status == 405


def test_a_url_longer_than_any_is_refused(app: ASGIApp):
    assert ask(app, f"/?since={'1' * 20_000}", accept=HTML).status == 414


def test_no_file_outside_of_the_static_folder_is_served(app: ASGIApp):
    for name in ("..%2Faccess.py", "%2e%2e/access.py", "/etc/passwd", "access.py"):
        assert ask(app, f"/static/{name}").status == 404


def test_a_server_that_is_too_busy_says_so_on_a_page():
    def busy(_request: PageRequest, _seconds: float) -> PageResponse:
        raise Busy("the answer took too long")

    app = routes.application(busy, api, Access(None, lambda _host: True))
    reply = ask(app, "/", accept=HTML)
    assert reply.status == 503
    assert reply.headers["retry-after"] == "1"
    assert b"the answer took too long" in reply.body


@pytest.mark.parametrize("target", ["/", "/incident?since=2h", "/initiator/lnx4", "/store"])
def test_without_a_login_a_page_is_a_form_and_holds_nothing_of_the_store(
    locked: ASGIApp, target: str
):
    reply = ask(locked, target, accept=HTML)
    assert reply.status == 401
    assert b'<input type="password" name="token"' in reply.body
    assert b"prod-a" not in reply.body
    assert reply.headers["www-authenticate"].startswith("Bearer")
    assert reply.headers["cache-control"] == "no-store"


def test_the_token_opens_the_console_once_and_its_cookie_from_then_on(locked: ASGIApp):
    reply = login(locked, TOKEN, "/incident?since=2h")
    assert (reply.status, reply.headers["location"]) == (303, "/incident?since=2h")
    cookie = reply.headers["set-cookie"]
    assert TOKEN not in cookie
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    opened = ask(locked, "/", accept=HTML, cookie=cookie.partition(";")[0])
    assert opened.status == 200
    assert b"prod-a" in opened.body


def test_over_tls_the_cookie_goes_over_tls_only(recorded: Store):
    reply = login(console(recorded, TOKEN, secure=True), TOKEN)
    assert "Secure" in reply.headers["set-cookie"].split("; ")


@pytest.mark.parametrize("token", ["", "open-sesam", "OPEN-SESAME", "öpen", TOKEN * 2])
def test_another_token_opens_nothing(locked: ASGIApp, token: str):
    reply = login(locked, token)
    assert reply.status == 401
    assert "set-cookie" not in reply.headers


def test_a_token_in_a_url_opens_nothing(locked: ASGIApp):
    assert ask(locked, f"/?token={TOKEN}", accept=HTML).status == 401


def test_a_cookie_that_was_changed_or_is_over_opens_nothing(recorded: Store, locked: ASGIApp):
    cookie = login(locked, TOKEN).headers["set-cookie"].partition(";")[0]
    name, _, value = cookie.partition("=")
    end, _, digest = value.partition(".")
    later = int(end) + 1
    for forged in (
        f"{later}.{digest}",
        f"{end}.",
        f".{digest}",
        f"{end}.{digest[:-1]}0",
        "x" * 999,
    ):
        if forged != value:
            assert ask(locked, "/", accept=HTML, cookie=f"{name}={forged}").status == 401
    other = console(recorded, "another", now=lambda: 1_000_000.0)
    assert ask(other, "/", accept=HTML, cookie=cookie).status == 401
    over = console(recorded, TOKEN, now=lambda: float(end) + 1)
    assert ask(over, "/", accept=HTML, cookie=cookie).status == 401


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "",
     "/a\r\nSet-Cookie: x=1", "/ä"],
)  # fmt: skip
def test_a_login_leads_to_no_other_place(locked: ASGIApp, target: str):
    assert login(locked, TOKEN, target).headers["location"] == "/"


def test_the_page_of_a_login_asks_again_for_the_url_that_was_wanted(locked: ASGIApp):
    reply = ask(locked, f"/incident?since=2h&initiator={quote('<b>')}", accept=HTML)
    (target,) = re.findall(rb'name="next" value="([^"]*)"', reply.body)
    assert target == b"/incident?since=2h&amp;initiator=%3Cb%3E"


def test_a_form_that_is_too_long_is_refused(locked: ASGIApp):
    assert ask(locked, "/login", "POST", b"token=" + b"x" * 5_000).status == 413


def test_a_bearer_may_look_too(locked: ASGIApp):
    assert ask(locked, "/", accept=HTML, authorization=f"Bearer {TOKEN}").status == 200
    assert ask(locked, "/", accept=HTML, authorization="Bearer no").status == 401
