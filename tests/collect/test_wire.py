"""The client at the wire: what it takes, what it refuses, and that it keeps its secrets."""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from analyzer.config.cluster import Cluster
from analyzer.errors import AnalyzerError, Denied, Unreachable, UsageError
from analyzer.ontap import Client, RequestFailed, identity, inventory, sessions
from analyzer.ontap.listing import ListingResult

PATH = "/api/protocols/san/iscsi/sessions"
SECRET = "not-to-be-seen-4711"
Reply = httpx.Response | Exception
RECORD = {"svm": {"uuid": "s", "name": "svm"}, "target_portal_group": "l", "tsih": 1}


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", SECRET)


class Wire:
    """Replies one after the other, the last for ever; remembers requests and waits."""

    def __init__(self, *replies: Reply, **how: Any) -> None:
        self.replies, self.requests, self.slept = list(replies), [], []
        self.answer: Callable[[httpx.Request], Reply] = self._following
        how = {"username": "reader", "timeout": 5.0, "deadline": 5.0, **how}
        if not any(key.startswith(("password", "token")) for key in how):
            how["password_env"] = "SECRET"
        self.client = Client(
            Cluster("a", "https://array.example", **how),
            sleep=self.slept.append,
            transport=httpx.MockTransport(self._reply),
        )

    requests: list[httpx.Request]
    slept: list[float]

    def _reply(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        reply = self.answer(request)
        if isinstance(reply, Exception):
            raise reply
        return httpx.Response(reply.status_code, headers=reply.headers, stream=reply.stream)

    def _following(self, _request: httpx.Request) -> Reply:
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    def sessions(self) -> ListingResult:
        with self.client:
            whole = sessions(self.client, (9, 16))
        assert SECRET not in str(whole.reason)
        assert "\n" not in str(whole.reason)
        return whole


def page(*records: Any, following: str | None = None, **more: Any) -> httpx.Response:
    body = {"records": list(records), "num_records": len(records), **more}
    if following is not None:
        body["_links"] = {"next": {"href": following}}
    return raw(msgspec.json.encode(body))


def raw(body: bytes, status: int = 200, **headers: str) -> httpx.Response:
    """An answer whose body is not read before the client reads it."""
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, stream=httpx.ByteStream(body), headers=fields)


def number(tsih: int) -> dict[str, Any]:
    return {**RECORD, "tsih": tsih}


DEEP = b"[" * 100_000 + b"]" * 100_000
NO_LISTING = {
    "empty": (b"", "the answer is empty"),
    "a web page": (b" <html>", "the answer is a web page, not JSON"),
    "null": (b"null", "malformed"),
    "a list": (b"[]", "malformed"),
    "no records": (b"{}", "the answer has no 'records'"),
    "records of another kind": (b'{"records": {}}', "malformed"),
    "nested deeply": (b'{"records": [], "x": ' + DEEP + b"}", "nested too deeply"),
    "not UTF-8": (b'{"records": [{"target_portal_group": "\xff", "tsih": 1}]}', "malformed"),
    "half a surrogate": (
        b'{"records": [{"target_portal_group": "\\ud800", "tsih": 1}]}',
        "malformed",
    ),
    "a number of no column": (
        b'{"records": [{"target_portal_group": "l", "tsih": 18446744073709551616}]}',
        "malformed",
    ),
    "two documents": (b'{"records": []} {"records": []}', "malformed"),
    "an error envelope": (b'{"error": {"message": "no\\nway", "code": "4"}}', "HTTP 200: no way"),
    "an error beside records": (b'{"error": {"code": "7"}, "records": []}', "HTTP 200 (code 7)"),
}


@pytest.mark.parametrize(("body", "sentence"), NO_LISTING.values(), ids=NO_LISTING)
def test_a_body_that_is_no_listing_is_failed_and_said_in_a_sentence(
    body: bytes, sentence: str
) -> None:
    wire = Wire(raw(body))
    whole = wire.sessions()
    assert whole.status == "failed"
    assert sentence in str(whole.reason)
    assert len(wire.requests) == 1


FIELDS = ["svm", "initiator", "connections", "igroups", "isid", "target_portal_group_tag"]


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("value", [5.5, True, [5], {"uuid": 5, "name": []}, [{"cid": {}}]])
def test_no_type_in_any_field_breaks_the_client(field: str, value: Any) -> None:
    whole = Wire(page({**RECORD, field: value})).sessions()
    assert whole.status in {"failed", "complete"}


def test_the_last_of_a_key_written_twice_counts() -> None:
    body = b'{"records": [{"target_portal_group": "l", "tsih": 1, "tsih": 2}], "num_records": 1}'
    assert Wire(raw(body)).sessions().frames[0]["tsih"].to_list() == [2]


@pytest.mark.parametrize(
    ("status", "asks", "error"),
    [
        (204, 1, Unreachable),
        (301, 1, Unreachable),
        (302, 1, Unreachable),
        (307, 1, Unreachable),
        (400, 1, Unreachable),
        (401, 1, Denied),
        (403, 1, Denied),
        (404, 1, Unreachable),
        (429, 5, Unreachable),
        (500, 1, Unreachable),
        (502, 5, Unreachable),
        (503, 5, Unreachable),
        (504, 5, Unreachable),
    ],
)
def test_only_what_may_pass_is_requested_again(
    status: int, asks: int, error: type[AnalyzerError]
) -> None:
    wire = Wire(raw(b"", status, location="https://evil.example/"))
    whole = wire.sessions()
    assert (whole.status, len(wire.requests)) == ("failed", asks)
    assert str(whole.reason).startswith(f"HTTP {status}")
    assert whole.failure is not None
    assert whole.failure.kind is error
    assert {request.url.host for request in wire.requests} == {"array.example"}


@pytest.mark.parametrize("code", ['"6"', '"6691623"', "6"])
def test_a_right_that_is_missing_is_one_whatever_the_status(code: str) -> None:
    body = b'{"error": {"message": "not authorized", "code": ' + code.encode() + b"}}"
    for status in (200, 400):
        problem = Wire(raw(body, status)).sessions().failure
        assert problem is not None
        assert problem.kind is Denied


@pytest.mark.parametrize(
    ("retry_after", "slept"),
    [
        ("3", [3.0]),
        ("Mon, 01 Jan 2024 00:00:00 GMT", [0.0]),
        ("99999999999999999999", []),
        ("Fri, 31 Dec 9999 23:59:59 -2300", []),
    ],
)
def test_retry_after_is_honoured_or_too_long(retry_after: str, slept: list[float]) -> None:
    wire = Wire(raw(b"", 429, retry_after=retry_after), page(RECORD))
    assert wire.sessions().status == ("complete" if slept else "failed")
    assert wire.slept == slept


@pytest.mark.parametrize(
    "retry_after", ["²", "soon", "-5", "Mon, 01 Jan 2020 00:00:00 +99999999999"]
)
def test_a_retry_after_that_means_nothing_is_a_short_wait(retry_after: str) -> None:
    busy = httpx.Response(
        429, stream=httpx.ByteStream(b""), headers=[(b"retry-after", retry_after.encode("latin-1"))]
    )
    wire = Wire(busy, page(RECORD))
    assert wire.sessions().status == "complete"
    assert 0.2 < wire.slept[0] < 0.6


@pytest.mark.parametrize("date", ["Fri, 31 Dec 9999 23:59:59 -2300", "yesterday", ""])
def test_a_date_that_is_none_is_left_alone(date: str) -> None:
    wire = Wire(raw(b'{"uuid": "c"}', Date=date))
    assert identity(wire.client).uuid == "c"


NEXT = {
    "to itself": [f"{PATH}?n=1", f"{PATH}?n=1"],
    "in a circle of two": [f"{PATH}?n=1", f"{PATH}?n=2", f"{PATH}?n=1"],
    "to another host": ["https://evil.example" + PATH],
    "to another scheme": ["http://array.example" + PATH],
    "to another port": ["https://array.example:8443" + PATH],
    "to another user": ["https://me@array.example" + PATH],
    "to no host": ["//evil.example" + PATH],
    "to another path": ["/api/cluster"],
    "to a relative path": ["sessions?n=1"],
    "to nothing that is an address": ["https://[" + PATH],
}


@pytest.mark.parametrize("links", NEXT.values(), ids=NEXT)
def test_a_next_link_that_leads_astray_is_not_followed(links: list[str]) -> None:
    wire = Wire(*(page(number(n), following=link) for n, link in enumerate(links)))
    whole = wire.sessions()
    assert whole.status == "partial"
    assert "the next link leads" in str(whole.reason)
    assert {request.url.host for request in wire.requests} == {"array.example"}


def test_a_circle_with_a_new_link_at_every_turn_ends() -> None:
    turns = [page(number(1), number(2), following=f"{PATH}?n={n}") for n in range(9)]
    wire = Wire(*turns)
    assert wire.sessions().reason == "the next link leads in a circle"
    assert len(wire.requests) == 2


@pytest.mark.parametrize("base", ["", "https://array.example", "https://ARRAY.example:443"])
def test_a_next_link_to_the_same_place_is_followed_as_it_came(base: str) -> None:
    wire = Wire(page(number(1), following=f"{base}{PATH}?start.tsih=1&fields=%2A&x="), page())
    assert wire.sessions().status == "complete"
    assert str(wire.requests[1].url) == f"https://array.example{PATH}?start.tsih=1&fields=%2A&x="


def test_what_a_page_says_of_itself_must_be_true() -> None:
    listing = Wire(
        page(number(1), following=f"{PATH}?n=1"), page(number(2), num_records=7)
    ).sessions()
    assert (listing.status, listing.reason) == ("partial", "page 2 says 7 records and has 1")
    assert Wire(page(RECORD, errors=[{"message": "x"}])).sessions().status == "partial"
    assert Wire(page(RECORD, errors=[])).sessions().status == "complete"


def test_a_refusal_in_the_middle_is_the_last_request() -> None:
    wire = Wire(page(number(1), following=f"{PATH}?n=1"), raw(b"", 401))
    assert wire.sessions().status == "partial"
    listing = inventory(wire.client, "svms", (9, 16))
    assert (listing.status, listing.reason) == ("failed", "HTTP 401")
    assert len(wire.requests) == 2


def command(folder: Path, *tokens: str) -> str:
    """A command that prints these tokens, one a run, and says how often it ran."""
    runs = folder / "runs"
    return (
        f"echo x >> {runs}; n=$(wc -l < {runs});"
        f" set -- {' '.join(tokens)}; shift $((n - 1)); echo $1"
    )


@pytest.mark.parametrize(
    ("tokens", "runs", "asks", "status"),
    [
        (("old", "new"), 2, 2, "complete"),
        (("old", "bad", "new"), 2, 2, "failed"),
        (("same", "same"), 2, 1, "failed"),
    ],
)
def test_a_token_command_is_run_once_more_and_no_oftener(
    tmp_path: Path, tokens: tuple[str, ...], runs: int, asks: int, status: str
) -> None:
    wire = Wire(raw(b""), token_command=command(tmp_path, *tokens), username=None)

    def answer(request: httpx.Request) -> httpx.Response:
        return page(RECORD) if request.headers["Authorization"] == "Bearer new" else raw(b"", 401)

    wire.answer = answer
    assert wire.sessions().status == status
    assert (tmp_path / "runs").read_text().count("x") == runs
    assert len(wire.requests) == asks


def test_a_token_is_renewed_even_at_the_last_try(tmp_path: Path) -> None:
    replies = [*(raw(b"", 503) for _ in range(4)), raw(b"", 401), page(RECORD)]
    secret = command(tmp_path, "old", "new")
    assert Wire(*replies, token_command=secret, username=None).sessions().status == "complete"


def test_a_password_that_is_refused_is_not_tried_again(tmp_path: Path) -> None:
    wire = Wire(raw(b"", 401), password_command=command(tmp_path, "one", "two"))
    assert wire.sessions().status == "failed"
    assert (len(wire.requests), (tmp_path / "runs").read_text().count("x")) == (1, 1)


@pytest.mark.parametrize(
    ("secret", "sentence"),
    [
        ({"password_env": "NOT_SET"}, "password_env names NOT_SET, which is not set"),
        ({"password_command": f"echo {SECRET}; exit 3"}, "password_command ended with status 3"),
        ({"password_command": "sleep 30"}, "password_command did not answer within 1 seconds"),
        ({"password_command": ("/no/such",)}, "cannot be run: No such file or directory"),
        ({"token_command": f"echo {SECRET}; echo more"}, "gave no secret: it holds an end of line"),
        ({"token_command": f"echo {SECRET} more"}, "gave no token: it holds a space or such"),
        ({"token_command": "printf 'caf\\303\\251'"}, "gave no token"),
        ({"password_command": "printf '\\377'"}, "not UTF-8 text"),
        ({"password_command": "true"}, "password_command gave nothing"),
        ({"password_file": Path("/no/such")}, "password_file: /no/such: No such file or directory"),
    ],
)
def test_a_secret_that_cannot_be_had_is_a_matter_of_configuration(
    secret: dict[str, Any], sentence: str
) -> None:
    wire = Wire(page(RECORD), **secret, timeout=1.0)
    whole = wire.sessions()
    assert sentence in str(whole.reason)
    assert whole.failure is not None
    assert whole.failure.kind is UsageError
    assert wire.requests == []


def test_a_secret_that_is_echoed_is_not_passed_on() -> None:
    basic = base64.b64encode(f"reader:{SECRET}".encode()).decode()
    body = msgspec.json.encode({"error": {"message": f"bad header: Basic {basic}; {SECRET}"}})
    assert Wire(raw(body, 400)).sessions().reason == "HTTP 400: bad header: Basic ***; ***"
    for far in range(180, 310):
        long = msgspec.json.encode({"error": {"message": "x" * far + SECRET}})
        assert SECRET[:4] not in str(Wire(raw(long, 400)).sessions().reason)


def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with Client(Cluster("a", "https://array.example")) as client:
        assert client.http._mounts == {}


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.ReadError("reset"),
        httpx.RemoteProtocolError("peer closed connection"),
        httpx.ReadTimeout("slow"),
        httpx.ConnectError("refused"),
    ],
)
def test_a_connection_that_breaks_is_tried_again(trouble: Exception) -> None:
    assert Wire(trouble, page(RECORD)).sessions().status == "complete"


def test_an_answer_without_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analyzer.ontap.client.LARGEST", 1 << 20)
    whole = Wire(raw(b" " * (2 << 20))).sessions()
    assert whole.reason == "the answer is larger than 1 MB"


def test_a_certificate_file_that_is_not_there_is_a_matter_of_configuration() -> None:
    with pytest.raises(RequestFailed) as raised:
        Client(Cluster("a", "https://array.example", verify=Path("/no/such.pem")))
    assert raised.value.kind is UsageError
