"""Every way an answer can go wrong, from the wire to the store."""

import shutil
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from analyzer import clock, history
from analyzer.collect import collector
from analyzer.config.cluster import Cluster
from analyzer.ontap import Client, sessions
from analyzer.report.catalog import Catalog
from analyzer.simulate import Fault, SimulatedArray, apply, base_world
from analyzer.store.layout import Store

SESSIONS = "*/iscsi/sessions"
PASSWORD = "not-to-be-seen-4711"


@pytest.fixture
def array() -> Iterator[SimulatedArray]:
    with SimulatedArray(base_world(), username="reader", password=PASSWORD) as running:
        yield running


@pytest.fixture
def cluster(array: SimulatedArray, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    monkeypatch.setenv("SECRET", PASSWORD)
    return Cluster(
        "prod-a",
        array.url,
        "reader",
        password_env="SECRET",
        timeout=60.0,
        deadline=60.0,
        max_records=20,
    )


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting between tries is somebody else's test."""
    monkeypatch.setattr("analyzer.ontap.client._backoff", lambda _attempt: 0.01)


def run(
    store: Store, cluster: Cluster, minute: int = 10, monkeypatch: pytest.MonkeyPatch | None = None
) -> collector.Outcome:
    if monkeypatch:
        monkeypatch.setenv("ANALYZER_NOW", f"2026-11-23T02:{minute:02}:00Z")
    (outcome,) = collector.collect(store, [cluster])
    return outcome


def test_every_page_and_every_inventory_arrives_on_one_connection(
    array: SimulatedArray, cluster: Cluster, store: Store
) -> None:
    outcome = run(store, cluster)
    assert (outcome.status, outcome.exit_code, outcome.sessions) == ("complete", 0, 76)
    assert outcome.notes == ()
    assert len({request.connection for request in array.requests}) == 1
    assert not [
        request for request in array.requests if "%2A" in request.query or "*" in request.query
    ]
    catalog = Catalog(store)
    assert [catalog.run(f"select count(*) from {name}").rows[0][0]
            for name in ("svms", "interfaces", "igroups", "nodes")] == [2, 12, 10, 4]  # fmt: skip


FAILED = {
    "html": Fault("html", SESSIONS),
    "malformed": Fault("malformed", SESSIONS),
    "wrong types": Fault("wrong_types", SESSIONS),
    "redirect": Fault("redirect", SESSIONS),
    "compressed": Fault("gzip_bomb", SESSIONS),
    "overloaded": Fault("status", SESSIONS, status=503),
    "broken": Fault("status", SESSIONS, status=500),
    "reset": Fault("reset", SESSIONS),
    "truncated": Fault("truncated", SESSIONS),
}


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What an array without a fault answered at ten minutes past."""
    root = tmp_path_factory.mktemp("collected") / "store"
    with (
        pytest.MonkeyPatch.context() as patch,
        SimulatedArray(base_world(), username="reader", password=PASSWORD) as array,
    ):
        patch.setenv("SECRET", PASSWORD)
        whole = Cluster("prod-a", array.url, "reader", password_env="SECRET", max_records=20)
        assert run(Store(root), whole, 10, patch).status == "complete"
    return root


@pytest.fixture
def collected(original: Path, store: Store) -> Store:
    shutil.copytree(original, store.root)
    return store


@pytest.fixture(scope="module")
def before(original: Path) -> list[tuple[object, ...]]:
    return spells(Store(original))


def spells(store: Store) -> list[tuple[object, ...]]:
    with closing(Catalog(store)) as catalog:
        return catalog.run("from spells order by all").rows


@pytest.mark.parametrize("fault", FAILED.values(), ids=FAILED)
def test_no_usable_answer_is_failed_and_never_a_drop(
    array: SimulatedArray,
    cluster: Cluster,
    collected: Store,
    before: list[tuple[object, ...]],
    fault: Fault,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = collected
    array.faults = [fault]
    outcome = run(store, cluster, 15, monkeypatch)
    assert (outcome.status, outcome.exit_code) == ("failed", 69)
    assert outcome.reason
    assert "\n" not in outcome.reason
    assert spells(store) == before
    array.faults = []
    assert run(store, cluster, 20, monkeypatch).status == "complete"
    after = Catalog(store).run("select count(*), count(gone_by) from spells").rows
    assert after == [(76, 0)]


PARTIAL = {
    "errors in the body": Fault("errors", SESSIONS, nth=1),
    "a broken later page": Fault("status", SESSIONS, nth=2, status=500),
    "a next link in a circle": Fault("next_loop", SESSIONS, nth=1),
    "a next link to another host": Fault("next_other_host", SESSIONS, nth=0),
}


@pytest.mark.parametrize("fault", PARTIAL.values(), ids=PARTIAL)
def test_what_arrived_of_a_broken_listing_is_partial(
    array: SimulatedArray,
    cluster: Cluster,
    collected: Store,
    before: list[tuple[object, ...]],
    fault: Fault,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    array.faults = [fault]
    outcome = run(collected, cluster, 15, monkeypatch)
    assert (outcome.status, outcome.exit_code) == ("partial", 3)
    assert spells(collected) == before


@pytest.mark.parametrize("kind", ["empty_page", "short_pages", "duplicate", "unknown_field"])
def test_odd_but_whole_listings_are_complete(
    array: SimulatedArray, cluster: Cluster, store: Store, kind: str
) -> None:
    array.faults = [Fault(kind, SESSIONS, nth=None if kind == "short_pages" else 0)]
    outcome = run(store, cluster)
    assert (outcome.status, outcome.sessions) == ("complete", 76), outcome.reason


def test_a_sudden_emptiness_is_listed_again(
    array: SimulatedArray, cluster: Cluster, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(store, cluster, 10, monkeypatch)
    array.faults = [Fault("empty", SESSIONS, nth=0)]
    assert run(store, cluster, 15, monkeypatch).sessions == 76
    array.faults = [Fault("empty", SESSIONS)]
    suspect = run(store, cluster, 20, monkeypatch)
    assert (suspect.status, suspect.exit_code) == ("suspect", 3)
    believed = run(store, cluster, 25, monkeypatch)
    assert (believed.status, believed.exit_code) == ("complete", 0)


def test_a_refused_login_is_tried_once_and_ends_with_77(
    array: SimulatedArray, cluster: Cluster, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "wrong")
    outcome = run(store, cluster)
    assert (outcome.status, outcome.exit_code) == ("failed", 77)
    assert outcome.reason is not None
    assert outcome.reason.startswith("HTTP 401")
    assert len(array.requests) == 1


def test_a_token_command_is_run_once_more_after_401(
    array: SimulatedArray, cluster: Cluster, store: Store, tmp_path: Path
) -> None:
    array.token = "second"
    state = tmp_path / "state"
    command = f"if [ -e {state} ]; then echo second; else touch {state}; echo first; fi"
    tokens = replace(cluster, username=None, password_env=None, token_command=command)
    assert run(store, tokens).status == "complete"
    assert len([r for r in array.requests if r.headers.get("authorization") == "Bearer first"]) == 1


def test_a_narrow_account_degrades_the_inventories_and_not_the_run(
    array: SimulatedArray, cluster: Cluster, store: Store
) -> None:
    array.forbidden = ("/api/cluster*", "/api/network/*")
    outcome = run(store, cluster)
    assert (outcome.status, outcome.exit_code) == ("complete", 0)
    assert [note.split(" not")[0] for note in outcome.notes] == ["interfaces", "nodes", "ports"]
    rows = Catalog(store).run("select interfaces_status, svms_status from attempts").rows
    assert rows == [("refused", "complete")]


@pytest.mark.parametrize("kind", ["trickle", "drip", "hang"])
def test_an_array_that_never_ends_an_answer_is_failed_at_the_deadline_of_the_run(
    array: SimulatedArray, cluster: Cluster, store: Store, kind: str
) -> None:
    array.faults = [Fault(kind, SESSIONS, seconds=60.0 if kind == "hang" else 0.2)]
    start = time.monotonic()
    outcome = run(store, replace(cluster, timeout=0.2, deadline=0.5))
    assert (outcome.status, outcome.exit_code) == ("failed", 69)
    assert outcome.reason == "not done within 0.5 seconds"
    assert time.monotonic() - start < 30


@pytest.mark.parametrize("kind", ["trickle", "drip", "hang"])
def test_an_answer_that_takes_too_long_is_cut_and_requested_again(
    array: SimulatedArray, cluster: Cluster, store: Store, kind: str
) -> None:
    array.faults = [Fault(kind, SESSIONS, nth=1, seconds=60.0 if kind == "hang" else 0.2)]
    outcome = run(store, replace(cluster, timeout=0.8, deadline=60.0))
    assert (outcome.status, outcome.sessions) == ("complete", 76), outcome.reason


def test_a_run_of_slow_pages_is_complete_though_it_takes_longer_than_one_answer_may(
    array: SimulatedArray, cluster: Cluster, store: Store
) -> None:
    array.faults = [Fault("hang", SESSIONS, seconds=0.1)]
    start = time.monotonic()
    outcome = run(store, replace(cluster, timeout=0.7, deadline=30.0, max_records=10))
    assert (outcome.status, outcome.sessions) == ("complete", 76), outcome.reason
    assert time.monotonic() - start > 0.7


def test_the_deadline_of_a_run_is_the_interval_where_none_is_configured(cluster: Cluster) -> None:
    assert replace(cluster, deadline=None, interval=600).run_seconds == 600
    assert replace(cluster, deadline=90.0, interval=600).run_seconds == 90


def test_the_verdict_of_ontap_is_requested_only_where_it_is_wanted(
    array: SimulatedArray, cluster: Cluster, store: Store, tmp_path: Path
) -> None:
    run(store, cluster)
    assert not [request for request in array.requests if "connectivity_tracking" in request.query]
    other = Store(tmp_path / "other")
    run(other, replace(cluster, connectivity_tracking=True))
    catalog = Catalog(other)
    rows = catalog.run("select required_nodes from igroups where name = 'ig_ora'").rows
    assert rows == [(["n1", "n2"],)]


def test_retry_after_is_honoured(
    array: SimulatedArray, cluster: Cluster, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr("analyzer.ontap.client.time.sleep", waits.append)
    array.faults = [Fault("status", SESSIONS, nth=0, status=429, retry_after="3")]
    with Client(cluster, sleep=waits.append) as client:
        assert sessions(client, (9, 16)).status == "complete"
    assert waits == [3.0]


def test_an_array_that_is_away_is_failed_with_69(
    array: SimulatedArray, cluster: Cluster, store: Store
) -> None:
    array.offline()
    outcome = run(store, cluster)
    assert (outcome.status, outcome.exit_code) == ("failed", 69)
    array.online()


def test_a_second_collector_ends_with_75_and_requests_nothing(
    array: SimulatedArray, cluster: Cluster, store: Store
) -> None:
    with Store(store.root).lock("prod-a"):
        outcome = run(store, cluster)
    assert outcome.exit_code == 75
    assert array.requests == []


def test_the_secret_is_in_no_file_and_no_message(
    array: SimulatedArray, cluster: Cluster, store: Store
) -> None:
    outcome = run(store, cluster)
    for path in store.root.rglob("*"):
        assert not path.is_file() or PASSWORD.encode() not in path.read_bytes()
    assert PASSWORD not in repr(outcome) + repr(cluster)


def test_a_broken_cluster_does_not_delay_the_others(
    array: SimulatedArray, cluster: Cluster, store: Store
) -> None:
    dead = replace(cluster, name="prod-b", url="http://127.0.0.1:9")
    outcomes = collector.collect(store, [dead, cluster])
    assert [outcome.status for outcome in outcomes] == ["failed", "complete"]


def test_a_slot_is_collected_once(
    array: SimulatedArray, cluster: Cluster, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheduled = replace(cluster, interval=300)
    for minute in (11, 13):
        monkeypatch.setenv("ANALYZER_NOW", f"2026-11-23T02:{minute:02}:07Z")
        (outcome,) = collector.collect(store, [scheduled], slot=True)
        assert outcome.exit_code == 0
    assert Catalog(store).run("select taken_at::varchar from attempts").rows == [
        ("2026-11-23 02:10:00",)
    ]


def test_what_a_killed_collector_left_is_folded_by_the_next(
    array: SimulatedArray, cluster: Cluster, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("analyzer.history.History._fold_pending", killed)
        with pytest.raises(KeyboardInterrupt):
            collector.collect(store, [cluster])
    with array.moving() as world:
        apply(world, "drop", "lnx1", "L2")
    assert history.catch_up(store, "prod-a") == 1
    assert Catalog(store).run("select sessions from attempts").rows == [(76,)]


def test_a_scheduled_run_keeps_what_the_configuration_says(
    array: SimulatedArray, cluster: Cluster, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    array.clock = clock.now
    files = []
    for day in range(10, 16):
        for hour in (0, 12):
            monkeypatch.setenv("ANALYZER_NOW", f"2026-11-{day}T{hour:02}:00:00Z")
            (outcome,) = collector.collect(
                store, [cluster], compact_after=timedelta(days=1), keep=timedelta(days=3)
            )
            assert outcome.notes == ()
            files.append(len(store.instants("prod-a")))
    assert files == [1, 2, *[3, 4] * 5]
    catalog = Catalog(store)
    days = [row[0].day for row in catalog.run("select taken_at from attempts order by all").rows]
    # The last snapshot before the cut stays: it is one side of what happened next.
    assert days == [11, *[day for day in range(12, 16) for _ in range(2)]]
    assert history.verify(store, "prod-a").problem is None
