"""The array on its socket: credentials, methods, headers, faults."""

import gzip
import http.client
import json
import shutil
import ssl
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from datetime import datetime
from io import BytesIO
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from analyzer import cli
from analyzer.config.cluster import Cluster
from analyzer.errors import UsageError
from analyzer.ontap import Client, sessions
from analyzer.simulate import Fault, SimulatedArray, apply, base_world

SESSIONS = "/api/protocols/san/iscsi/sessions"


class Caller:
    """One connection to an array."""

    def __init__(self, array: SimulatedArray) -> None:
        self.login = b64encode(f"{array.username}:{array.password}".encode()).decode()
        self.connection = http.client.HTTPConnection(array.host, array.port, timeout=60)

    def __call__(
        self, path: str, method: str = "GET", body: str | None = None, **headers: str
    ) -> tuple[int, Any, http.client.HTTPMessage]:
        fields = {"Authorization": f"Basic {self.login}"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        self.connection.request(method, path, body, fields)
        answer = self.connection.getresponse()
        content = answer.read()
        try:
            return answer.status, json.loads(content), answer.headers
        except ValueError:
            return answer.status, content, answer.headers


@pytest.fixture
def array() -> Iterator[SimulatedArray]:
    with SimulatedArray(base_world(), token="secret", forbidden=["/api/cluster/nodes"]) as array:
        yield array


@pytest.fixture
def call(array: SimulatedArray) -> Iterator[Caller]:
    caller = Caller(array)
    yield caller
    caller.connection.close()


def code(body: Any) -> str:
    number: str = body["error"]["code"]
    return number


def test_credentials_are_requested(call: Caller):
    assert call(SESSIONS, Authorization="")[0] == 401
    assert call(SESSIONS, Authorization="Basic " + b64encode(b"admin:wrong").decode())[0] == 401
    assert call(SESSIONS, Authorization="Basic ***")[0] == 401
    assert call(SESSIONS, Authorization="Bearer secret")[0] == 200
    assert call(SESSIONS, Authorization="Bearer other")[0] == 401


def test_a_narrow_role_is_refused_one_endpoint(call: Caller):
    status, body, _ = call("/api/cluster/nodes")
    assert (status, code(body)) == (403, "6")
    assert call("/api/cluster")[0] == 200


def test_only_reading_is_allowed(call: Caller):
    status, body, _ = call(SESSIONS, "DELETE")
    assert (status, code(body)) == (405, "3")
    assert call(SESSIONS, "OPTIONS")[2]["Allow"] == "GET, HEAD, OPTIONS"
    status, content, headers = call(SESSIONS, "HEAD")
    assert (status, content) == (200, b"")
    assert int(headers["Content-Length"]) > 0


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("/api/nothing", 404, "39387137"),
        ("/api/svm/svms/nobody", 404, "4"),
        (f"{SESSIONS}/nobody/lif/1", 404, "2621462"),
        (f"{SESSIONS}/nobody/lif/one", 400, "262197"),
        (f"{SESSIONS}?nonsense=1", 400, "262179"),
        (f"{SESSIONS}?fields=nonsense", 400, "262197"),
        (f"{SESSIONS}?tsih=1&tsih=2", 400, "262188"),
        (f"{SESSIONS}?return_timeout=121", 400, "262197"),
    ],
)
def test_refusals_are_ontaps(call: Caller, path: str, status: int, message: str):
    got, body, _ = call(path)
    assert (got, code(body)) == (status, message)


def test_a_body_is_refused(call: Caller):
    status, body, _ = call(SESSIONS, body="{}")
    assert (status, code(body)) == (400, "262198")


def test_slashes_may_be_doubled_and_trail(call: Caller):
    assert call("//api//protocols/san/iscsi/sessions/")[1]["num_records"] == 76


def test_links_come_by_accept_but_the_next_one_always(call: Caller):
    _, body, headers = call(f"{SESSIONS}?max_records=2", Accept="application/json")
    assert set(body["_links"]) == {"next"}
    assert all("_links" not in record for record in body["records"])
    assert headers["Content-Type"] == "application/json"
    assert headers["Link"] == f'<{body["_links"]["next"]["href"]}>; rel="next"'
    assert "_links" not in call(SESSIONS, Accept="application/json")[1]
    for accept in ("*/*", "application/hal+json"):
        _, body, _ = call(f"{SESSIONS}?max_records=2", Accept=accept)
        assert body["_links"]["self"]["href"] == f"{SESSIONS}?max_records=2"
        assert all("_links" in record for record in body["records"])


def test_the_narrowing_header_gives_one_svm(call: Caller):
    assert call(SESSIONS, X_Dot_SVM_Name="svm_k8s")[1]["num_records"] == 24


def test_an_old_release_knows_no_later_field_and_no_later_parameter(
    array: SimulatedArray, call: Caller
):
    with array.moving() as world:
        apply(world, "set", "lnx1", "comment", "rack 4")
        world.version = (9, 8, 0)
    assert code(call(f"{SESSIONS}?fields=initiator.comment")[1]) == "262197"
    assert code(call(f"{SESSIONS}?ignore_unknown_fields=true")[1]) == "262179"
    assert all("comment" not in record["initiator"] for record in call(f"{SESSIONS}?fields=initiator")[1]["records"])  # fmt: skip


def test_an_answer_is_never_older_than_the_world(array: SimulatedArray, call: Caller):
    assert call(SESSIONS)[1]["num_records"] == 76
    with array.moving() as world:
        apply(world, "drop", "lnx1", "L1")
    assert call(SESSIONS)[1]["num_records"] == 75


def test_the_clock_can_be_set(array: SimulatedArray, call: Caller):
    array.clock = lambda: datetime(2026, 11, 20, 2, 0)
    assert call("/api/cluster")[2]["Date"] == "Fri, 20 Nov 2026 02:00:00 GMT"


def test_requests_are_kept_with_their_connection(array: SimulatedArray, call: Caller):
    call(f"{SESSIONS}?tsih=1", X_Dot_Client_App="me/1")
    call("/api/cluster")
    first, second = array.requests
    assert (first.method, first.path, first.query) == ("GET", SESSIONS, "tsih=1")
    assert first.headers["x-dot-client-app"] == "me/1"
    assert first.connection == second.connection


def test_offline_refuses_and_online_answers_on_the_same_port(array: SimulatedArray, call: Caller):
    assert call("/api/cluster")[0] == 200
    array.offline()
    with pytest.raises(ConnectionError):
        call("/api/cluster")
    array.online()
    call.connection.close()
    assert call("/api/cluster")[0] == 200


@pytest.mark.parametrize("kind", ["refuse", "reset", "truncated"])
def test_a_connection_breaks(array: SimulatedArray, call: Caller, kind: str):
    array.faults = [Fault(kind)]
    with pytest.raises((ConnectionError, http.client.IncompleteRead)):
        call(SESSIONS)


def test_a_server_hangs(array: SimulatedArray, call: Caller):
    array.faults = [Fault("hang", seconds=60)]
    call.connection.timeout = 0.1
    with pytest.raises(TimeoutError):
        call(SESSIONS)


def test_a_status_comes_with_its_header(array: SimulatedArray, call: Caller):
    array.faults = [Fault("status", status=429, code="262160", retry_after="7")]
    status, body, headers = call(SESSIONS)
    assert (status, code(body), headers["Retry-After"]) == (429, "262160", "7")


def test_a_fault_meets_the_request_it_is_meant_for(array: SimulatedArray, call: Caller):
    array.faults = [Fault("status", on="*/sessions", nth=1)]
    assert [call(path)[0] for path in (SESSIONS, "/api/cluster", SESSIONS, SESSIONS)] == [
        200, 200, 503, 200,
    ]  # fmt: skip


def test_answers_that_are_not_what_they_should_be(array: SimulatedArray, call: Caller):
    def faulty(kind: str, query: str = "?max_records=4") -> Any:
        array.faults = [Fault(kind)]
        return call(SESSIONS + query)[1]

    assert isinstance(faulty("html"), bytes)
    assert isinstance(faulty("malformed"), bytes)
    assert faulty("errors")["errors"]
    assert faulty("unknown_field")["records"][0]["novelty"]
    assert isinstance(faulty("wrong_types")["records"][0]["tsih"], dict)
    assert faulty("missing")["num_records"] == 3
    records = faulty("duplicate")["records"]
    assert records[-1] == records[-2]
    assert faulty("next_loop")["_links"]["next"]["href"] == f"{SESSIONS}?max_records=4"
    assert faulty("next_other_host")["_links"]["next"]["href"].startswith("http://127.0.0.2")
    assert faulty("empty") == {"records": [], "num_records": 0}


def test_an_empty_page_and_short_pages_lose_nothing(array: SimulatedArray, call: Caller):
    for fault in (Fault("empty_page", nth=0), Fault("short_pages")):
        array.faults = [fault]
        path, links, sizes = f"{SESSIONS}?max_records=20", [], []
        while path:
            body = call(path)[1]
            sizes.append(body["num_records"])
            links += [json.dumps(record["_links"]) for record in body["records"]]
            path = body["_links"].get("next", {}).get("href")
        assert len(links) == len(set(links)) == 76
        assert min(sizes) < 20


def test_a_redirect_and_a_bomb(array: SimulatedArray, call: Caller):
    array.faults = [Fault("redirect", to="http://127.0.0.2:9")]
    status, _, headers = call(SESSIONS)
    assert (status, headers["Location"]) == (302, f"http://127.0.0.2:9{SESSIONS}")
    array.faults = [Fault("gzip_bomb")]
    _, packed, headers = call(SESSIONS)
    assert headers["Content-Encoding"] == "gzip"
    assert len(packed) < 2_000_000
    with gzip.open(BytesIO(packed)) as unpacked:
        assert unpacked.read(10) == b" " * 10


def test_an_account_of_one_svm_sees_that_one_only() -> None:
    with SimulatedArray(base_world(), svm="svm_k8s") as array:
        call = Caller(array)
        assert call(SESSIONS)[1]["num_records"] == 24
        assert [record["name"] for record in call("/api/svm/svms")[1]["records"]] == ["svm_k8s"]
        assert call("/api/network/ip/interfaces")[1]["num_records"] == 8
        call.connection.close()


def test_an_array_goes_offline_at_once_even_while_it_hangs(
    array: SimulatedArray, call: Caller
) -> None:
    array.faults = [Fault("hang", seconds=60)]
    call.connection.request("GET", SESSIONS, headers={"Authorization": f"Basic {call.login}"})
    while not array.requests:
        pass
    begun = monotonic()
    array.offline()
    assert monotonic() - begun < 30


def test_the_same_fault_given_again_happens_again(array: SimulatedArray, call: Caller) -> None:
    for _ in range(2):
        array.faults = [Fault("status", nth=0)]
        assert [call(SESSIONS)[0], call(SESSIONS)[0]] == [503, 200]


def test_it_speaks_tls(tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl to make a certificate with")
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    command = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=a -addext subjectAltName=IP:127.0.0.1"
    subprocess.run(
        [openssl, *command.split(), "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )
    with SimulatedArray(base_world(), tls=(certificate, key)) as array:
        assert array.url.startswith("https://")
        trusting = ssl.create_default_context(cafile=certificate)
        call = Caller(array)
        call.connection = http.client.HTTPSConnection(array.host, array.port, context=trusting)
        assert call(SESSIONS)[1]["num_records"] == 76
        call.connection.close()


def test_the_cluster_says_the_version_that_it_was_given() -> None:
    with SimulatedArray(base_world(), version=(9, 6, 0)) as array:
        call = Caller(array)
        assert call("/api/cluster?fields=version")[1]["version"]["major"] == 6
        call.connection.close()


def test_an_address_that_cannot_be_listened_on_is_a_sentence_and_status_2(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with SimulatedArray(base_world()) as array:
        for arguments, words in (
            (["--port", str(array.port)], f"cannot listen on 127.0.0.1 port {array.port}: "),
            (["--port", "99999"], "99999"),
            (["--host", "no.such.name.invalid"], "cannot listen on no.such.name.invalid port 0: "),
            (["--host", "ä..b"], "cannot listen on ä..b port 0: "),
        ):
            assert cli.status(["simulate", *arguments]) == 2
            assert words in capsys.readouterr().err


def test_an_array_at_an_ipv6_address_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "pretend")
    try:
        array = SimulatedArray(base_world(), password="pretend", host="::1")
        array.online()
    except UsageError:
        pytest.skip("no IPv6 here")
    with array, Client(Cluster("a", array.url, "admin", password_env="SECRET")) as client:
        assert array.url.startswith("http://[::1]:")
        assert sessions(client, (9, 16)).listed == 76
