"""An instant means the snapshot that showed it, or an error that says what is near."""

import shutil
from base64 import b64encode
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from support.asgi_client import Reply, ask
from support.collected_night import SESSIONS, START, Night, answers, collected
from support.snapshot_rows import lone, row, stored

from analyzer import clock, history
from analyzer.rest.server.app import App
from analyzer.rest.server.authentication import Authenticator
from analyzer.schema import Mark
from analyzer.simulate import SimulatedArray, base_world
from analyzer.store import marks
from analyzer.store.layout import Store

TAKEN = "x-analyzer-taken-at"


def application(store: Store, **options: object) -> App:
    return App(Authenticator(), answers(store, **options))


@pytest.fixture(scope="module")
def app(night: Night) -> App:
    return application(night.store)


def at(app: App, time: str, path: str = SESSIONS) -> Reply:
    return ask(app, path, x_analyzer_at=time)


def user(name: str) -> str:
    return "Basic " + b64encode(f"{name}:secret".encode()).decode()


@pytest.mark.parametrize(
    ("time", "minute", "count"),
    [
        ("2026-11-23T02:00:00Z", 0, 75),
        ("20261123T020000Z", 0, 75),
        ("2026-11-23T03:00:00+01:00", 0, 75),
        ("2026-11-23T02:04:59", 0, 75),
        ("2026-11-23T02:05:00Z", 5, 75),
        ("2026-11-23T02:20:00Z", 20, 71),
        ("26m", 0, 75),
        ("latest", 20, 71),
        ("previous", 5, 75),
    ],
)
def test_an_instant_means_the_last_complete_snapshot(
    app: App, time: str, minute: int, count: int
) -> None:
    reply = at(app, time)
    assert reply.headers[TAKEN] == clock.iso(START + timedelta(minutes=minute))
    assert reply.json["num_records"] == count


@pytest.mark.parametrize(
    ("time", "words"),
    [
        ("2026-11-23T01:59:59Z", ["no complete snapshot at", "02:00:00Z"]),
        ("2026-11-23T02:05:01Z", ["unknown: HTTP 401", "02:05:00Z and 2026-11-23T02:20:00Z"]),
        ("2026-11-23T02:10:00Z", ["unknown", "02:05:00Z and 2026-11-23T02:20:00Z"]),
        ("2026-11-23T02:15:00Z", ["unknown", "partial"]),
        ("2026-11-23T02:25:00Z", ["unknown: empty, where", "02:20:00Z, with none after it"]),
        ("now", ["unknown", "02:20:00Z"]),
        ("2026-11-23T02:26:01Z", ["unknown", "02:20:00Z"]),
    ],
)
def test_an_instant_that_nobody_saw_is_an_error_that_names_the_nearest(
    app: App, time: str, words: list[str]
) -> None:
    reply = at(app, time)
    assert (reply.status, reply.code) == (404, "4")
    assert all(word in reply.message for word in words), reply.message
    assert TAKEN not in reply.headers


@pytest.mark.parametrize(
    "login",
    [
        "prod-a@20261123T020500Z:secret",
        "prod-a@2026-11-23T02:05:00Z:secret",
        "prod-a@2026-11-23T02:05Z:secret",
        "prod-a@2026-11-23T03:05:00+01:00:secret:with:colons",
        "prod-a@2026-11-23t02:05:00z:",
        "prod-a@2026-11-23T02:05:00Z",
    ],
)
def test_an_extended_time_in_a_login_is_put_together_again(app: App, login: str) -> None:
    basic = "Basic " + b64encode(login.encode()).decode()
    reply = ask(app, SESSIONS, authorization=basic)
    assert (reply.status, reply.headers.get(TAKEN)) == (200, "2026-11-23T02:05:00Z")


@pytest.mark.parametrize(
    "login",
    [
        "prod-a@2026-11-23T02:05:secret",  # seconds, or a password that begins with digits?
        "prod-a@2026-11-23T02:05:00:secret",
        "prod-a@2026-11-23 02:05:00Z:secret",
        "prod-a@2026-11-23T02:xx",
        "prod-a@02:05:secret",
        "prod-a@yesterday 02:05:secret",
    ],
)
def test_a_time_that_its_colon_cuts_is_refused_and_never_shortened(app: App, login: str) -> None:
    basic = "Basic " + b64encode(login.encode()).decode()
    reply = ask(app, SESSIONS, authorization=basic)
    assert (reply.status, reply.code) == (400, "262197")
    assert "20261120T005045Z" in reply.message


def test_the_secret_behind_an_extended_time_is_the_rest_of_the_password(night: Night) -> None:
    app = App(Authenticator("tö:ken"), answers(night.store))
    for secret, status in (("tö:ken", 200), ("ken", 401), ("00Z:tö:ken", 401)):
        login = b64encode(f"prod-a@2026-11-23T02:05:00Z:{secret}".encode()).decode()
        assert ask(app, SESSIONS, authorization=f"Basic {login}").status == status


def test_a_release_that_was_not_collected_is_the_lowest_there_is(tmp_path: Path) -> None:
    store = stored(str(tmp_path), "s", [lone("complete", [row("a", 1, 1)], 0)])
    app = application(store)
    version = ask(app, "/api/cluster").json["version"]
    assert (version["generation"], version["major"], version["minor"]) == (9, 6, 0)
    assert version["full"].startswith("NetApp Release 9.6")
    assert ask(app, f"{SESSIONS}?fields=initiator.comment").status == 200


def test_a_snapshot_later_than_the_clock_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshots = [lone("complete", [row("a", 1, n)], n) for n in (0, 20)]
    app = application(stored(str(tmp_path), "s", snapshots))
    for clocked, taken in (("02:26", "02:20"), ("02:10", "02:00"), ("02:26", "02:20")):
        monkeypatch.setenv("ANALYZER_NOW", f"2026-11-23T{clocked}:00Z")
        assert at(app, "latest").headers[TAKEN] == f"2026-11-23T{taken}:00Z"
    monkeypatch.setenv("ANALYZER_NOW", "2026-11-23T02:10:00Z")
    assert at(app, "2026-11-23T02:20:00Z").status == 404
    monkeypatch.setenv("ANALYZER_NOW", "2026-11-23T01:00:00Z")
    assert at(app, "latest").status == 404


@pytest.mark.parametrize("time", ["someday", "2026-13-01", "7y", "99999999d", "0001-01-01T00:00:00+14:00"])  # fmt: skip
def test_what_is_no_time_is_refused(app: App, time: str) -> None:
    reply = at(app, time)
    assert (reply.status, reply.code) == (400, "262197")
    assert "X-Analyzer-At" in reply.message


def test_a_time_that_has_not_come_was_not_seen(tmp_path: Path) -> None:
    store = stored(str(tmp_path), "s", [lone("complete", [row("a", 1, 1)], 0)])
    app = application(store)
    assert at(app, "2026-11-23T02:26:00Z").status == 200  # nobody says how often it is looked at
    assert "has not come yet" in at(app, "2026-11-23T02:26:01Z").message


def test_nearest_answers_from_the_last_complete_one(night: Night) -> None:
    app = application(night.store, nearest=True)
    for time, minute in (("02:12", 5), ("02:15", 5), ("02:25", 20), ("23:00", 20)):
        reply = at(app, f"2026-11-23T{time}:00Z")
        assert reply.headers[TAKEN] == clock.iso(START + timedelta(minutes=minute))
    assert at(app, "2026-11-23T01:59:00Z").status == 404


def test_the_header_wins_over_the_login_and_that_over_the_option(night: Night) -> None:
    app = application(night.store, at="2026-11-23T02:20:00Z")
    login = user("prod-a@20261123T020500Z")
    assert ask(app, SESSIONS).headers[TAKEN].endswith("02:20:00Z")
    assert ask(app, SESSIONS, authorization=login).headers[TAKEN].endswith("02:05:00Z")
    both = ask(app, SESSIONS, authorization=login, x_analyzer_at="2026-11-23T02:00:00Z")
    assert both.headers[TAKEN].endswith("02:00:00Z")
    lone = ask(app, SESSIONS, authorization=user("@20261123T020000Z"))
    assert lone.headers[TAKEN].endswith("02:00:00Z")


def test_a_companion_that_was_not_listed_then_is_not_an_empty_list(app: App) -> None:
    reply = at(app, "2026-11-23T02:05:00Z", "/api/cluster/nodes")
    assert (reply.status, reply.code) == (404, "4")
    assert "the nodes of prod-a were not listed" in reply.message
    assert "HTTP 403" in reply.message
    assert at(app, "2026-11-23T02:00:00Z", "/api/cluster/nodes").json["num_records"] == 4


def test_a_session_of_an_svm_out_of_scope_is_not_shown(tmp_path: Path) -> None:
    store = stored(
        str(tmp_path),
        "s",
        [
            lone("complete", [row("a", 1, 1), row("b", 2, 2)], 0),
            lone("complete", [row("a", 1, 1)], 5),
            lone("complete", [row("a", 1, 1), row("b", 2, 2)], 10),
        ],
    )
    app = application(store)
    counts = [at(app, f"2026-11-23T02:{minute}:00Z").json["num_records"] for minute in ("00", "05", "10")]  # fmt: skip
    assert counts == [2, 1, 2]


def test_a_session_whose_svm_has_no_uuid_is_listed_and_found(tmp_path: Path) -> None:
    rows = [row(name, number, 1) | {"svm_uuid": None} for number, name in enumerate("abc")]
    app = application(stored(str(tmp_path), "s", [lone("complete", rows, 0)]))
    target: str | None = f"{SESSIONS}?max_records=1"
    sessions = []
    while target:
        body = ask(app, target).json
        sessions += body["records"]
        target = body["_links"].get("next", {}).get("href")
    assert [session["svm"]["name"] for session in sessions] == ["a", "b", "c"]
    for listed in sessions:
        again = ask(app, listed["_links"]["self"]["href"]).json
        assert again["svm"]["name"] == listed["svm"]["name"]
        assert again["connections"]


def test_spellings_are_given_back_as_they_came(tmp_path: Path) -> None:
    spelled = row("a", 1, 1) | {"initiator_raw": "IQN.H1", "isid_raw": "00:0A", "initiator_address_raw": "::ffff:10.0.0.1"}  # fmt: skip
    two = row("a", 1, 1) | {"connections": 2, "cid": 7, "initiator_port": 3}
    rows = [spelled | {"connections": 2, "cid": 9}, two | {"initiator_raw": "IQN.H1", "isid_raw": "00:0A"}]  # fmt: skip
    app = application(stored(str(tmp_path), "s", [lone("complete", rows, 0)]))
    (record,) = ask(app, f"{SESSIONS}?fields=*&initiator.name=iqn.h1").json["records"]
    assert (record["initiator"]["name"], record["isid"]) == ("IQN.H1", "00:0A")
    addresses = [
        (connection["cid"], connection["initiator_address"]["address"])
        for connection in record["connections"]
    ]
    assert addresses == [(7, "10.0.0.1"), (9, "::ffff:10.0.0.1")]


def test_a_session_without_connections_has_none(tmp_path: Path) -> None:
    empty = dict.fromkeys(("cid", "initiator_port", "interface_uuid", "interface", "interface_address"))  # fmt: skip
    rows = [row("a", 1, 1) | empty | {"connections": 0, "initiator_address": ""}]
    app = application(stored(str(tmp_path), "s", [lone("complete", rows, 0)]))
    (record,) = ask(app, f"{SESSIONS}?fields=*&connections.cid=null").json["records"]
    assert "connections" not in record


def test_a_snapshot_that_lands_is_seen_by_the_next_request(tmp_path: Path) -> None:
    store = stored(str(tmp_path), "s", [lone("complete", [row("a", 1, 1)], 0)])
    app = application(store)
    assert ask(app, SESSIONS).json["num_records"] == 1
    history.record(store, lone("complete", [row("a", 1, 1), row("a", 2, 2)], 5))
    assert ask(app, SESSIONS).json["num_records"] == 2
    history.record(store, lone("complete", [row("a", 2, 2)], 2))  # late
    assert at(app, "2026-11-23T02:02:00Z").json["records"][0]["tsih"] == 2
    assert at(app, "2026-11-23T02:01:00Z").json["records"][0]["tsih"] == 1


def test_many_instants_do_not_pile_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analyzer.rest.server.source._TABLES", 2)
    store = stored(str(tmp_path), "s", [lone("complete", [row("a", 1, n)], n) for n in range(4)])
    answering = answers(store)
    app = App(Authenticator(), answering)
    for minute in [0, 1, 2, 3, 0, 3]:
        reply = at(app, f"2026-11-23T02:{minute:02}:00Z")
        assert reply.json["records"][0]["tsih"] == minute
    with answering.endpoints.clusters["c1"].time_limit(5) as cluster:
        tables = cluster.catalog.run("select * from information_schema.tables where starts_with(table_name, 'served_')")  # fmt: skip
        assert len(tables.rows) == 2


def test_several_clusters_must_be_distinguished(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    nothing = application(store)
    assert "no snapshots yet" in ask(nothing, SESSIONS).message
    with SimulatedArray(base_world()) as array:
        for name in ("prod-b", "prod-a"):
            collected(store, array, START, name)
    app = application(store)
    reply = ask(app, "/api/cluster")
    assert (reply.status, reply.code) == (400, "262177")
    assert "prod-a, prod-b" in reply.message
    assert ask(app, "/api/cluster", x_analyzer_cluster="prod-b").json["name"] == "prod-b"
    assert ask(app, "/api/cluster", authorization=user("prod-a@latest")).json["name"] == "prod-a"
    assert ask(application(store, cluster="prod-a"), "/api/cluster").json["name"] == "prod-a"
    reply = ask(app, "/api/cluster", x_analyzer_cluster="prod-c")
    assert (reply.status, reply.code) == (404, "4")
    assert "prod-a, prod-b" in reply.message


def test_a_release_knows_no_later_field(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    with SimulatedArray(base_world(), version=(9, 8, 0)) as array:
        collected(store, array, START)
    app = application(store)
    reply = ask(app, f"{SESSIONS}?fields=initiator.comment")
    assert (reply.status, reply.code) == (400, "262197")
    assert ask(app, "/api/cluster").json["version"]["major"] == 8


def test_it_only_looks(night: Night) -> None:
    def files() -> dict[Path, tuple[int, int]]:
        paths = [path for path in night.store.root.rglob("*") if path.is_file()]
        return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in paths}

    before = files()
    answering = answers(night.store)
    app = App(Authenticator(), answering)
    for target in (SESSIONS, "/api/cluster", "/reports/outages", "/reports/sessions"):
        assert ask(app, target).status == 200
    assert files() == before
    with closing(answering.endpoints.clusters):
        pass


def test_a_mark_is_an_instant_in_the_header_and_in_the_login(night: Night, tmp_path: Path) -> None:
    store = Store(Path(shutil.copytree(night.store.root, tmp_path / "store")))
    marks.add(store, Mark(name="before-CHG4711", instant=START + timedelta(minutes=6)))
    marks.add(store, Mark(name="first", instant=START))
    marked = application(store, nearest=True)
    reply = at(marked, "before-chg4711")
    assert reply.headers[TAKEN] == clock.iso(START + timedelta(minutes=5))
    login = ask(marked, SESSIONS, authorization=user("prod-a@first"))
    assert login.headers[TAKEN] == clock.iso(START)
    refused = at(marked, "before-CHG4712")
    assert refused.status == 400
    assert "did you mean 'before-CHG4711'" in refused.json["error"]["message"]
