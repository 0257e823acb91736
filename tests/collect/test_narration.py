"""What a run says on stderr: a line per cluster, as text or as JSON, and how quiet it can be."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from analyzer import cli, clock
from analyzer.collect import collector
from analyzer.config.cluster import Cluster
from analyzer.errors import AnalyzerError, Busy, StoreError
from analyzer.simulate import Fault, SimulatedArray, apply, base_world
from analyzer.store.layout import Store

PASSWORD = "not-to-be-seen-4711"
SESSIONS = "*/iscsi/sessions"
Run = Callable[..., tuple[int, list[str]]]


@pytest.fixture
def array() -> Iterator[SimulatedArray]:
    with SimulatedArray(base_world(), username="reader", password=PASSWORD) as running:
        yield running


@pytest.fixture
def run(
    array: SimulatedArray,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """The command, with two clusters configured: prod-a answers, prod-b is not there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SECRET", PASSWORD)
    monkeypatch.setattr("analyzer.ontap.client._backoff", lambda _attempt: 0.01)
    (tmp_path / "analyzer.toml").write_text(f"""
[[clusters]]
name = "prod-a"
url = "{array.url}"
username = "reader"
password_env = "SECRET"
verify = false

[[clusters]]
name = "prod-b"
url = "http://127.0.0.1:9"
""")

    def call(*words: str) -> tuple[int, list[str]]:
        code = cli.status(list(words))
        output = capsys.readouterr()
        assert output.out == ""
        assert PASSWORD not in output.err
        return code, output.err.splitlines()

    return call


def test_a_line_per_cluster_and_the_highest_status(array: SimulatedArray, run: Run) -> None:
    array.forbidden = ("/api/cluster/nodes",)
    code, lines = run("collect")
    assert code == 69
    assert lines[0] == "prod-a: verify = false: its certificate is not checked"
    assert [line for line in lines if line.startswith("prod-a: complete, 76 sessions")]
    (bad,) = [line for line in lines if line.startswith("prod-b: failed")]
    assert "cannot connect" in bad
    assert "prod-a: nodes not collected: HTTP 403" in " ".join(lines)
    assert len(lines) == 4


def test_every_line_of_a_json_log_is_json(run: Run) -> None:
    records = [json.loads(line) for line in run("collect", "--log-format", "json")[1]]
    assert {record["cluster"]: record["level"] for record in records} == {
        "prod-a": "info",
        "prod-b": "error",
    }
    assert [record["message"] for record in records if record["level"] == "warning"] == [
        "verify = false: its certificate is not checked"
    ]
    code, lines = run("collect", "prod-c", "--log-format", "json")
    assert code == 2
    (record,) = [json.loads(line) for line in lines]
    assert record["level"] == "error"
    assert "did you mean 'prod-" in record["message"]


def test_quiet_tells_what_did_not_end_well_and_nothing_else(run: Run) -> None:
    assert run("--quiet", "collect", "prod-a") == (0, [])
    code, lines = run("--quiet", "collect")
    assert code == 69
    (line,) = lines
    assert line.startswith("prod-b: failed")


def test_a_variable_that_is_not_set_is_recorded_and_a_matter_of_configuration(
    run: Run, monkeypatch: pytest.MonkeyPatch, array: SimulatedArray
) -> None:
    monkeypatch.delenv("SECRET")
    code, lines = run("collect", "prod-a")
    assert code == 2
    assert lines[-1].endswith(" s: password_env names SECRET, which is not set")
    assert array.requests == []
    assert len(list(Path("store").glob("snapshots/*/*/*Z.parquet"))) == 1


def test_a_bug_with_one_cluster_is_reported_when_the_others_are_stored(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = collector.take

    def broken(cluster: Cluster, *more: object) -> object:
        if cluster.name == "prod-b":
            raise RuntimeError("boom")
        return whole(cluster, *more)  # type: ignore[arg-type]  # as it came

    monkeypatch.setattr(collector, "take", broken)
    code, lines = run("collect")
    assert code == 70
    assert any(line.startswith("prod-a: complete") for line in lines)
    assert lines[-1].startswith("analyzer: internal error: RuntimeError; the traceback is in ")


@pytest.fixture
def cluster(array: SimulatedArray, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    monkeypatch.setenv("SECRET", PASSWORD)
    return Cluster("prod-a", array.url, "reader", password_env="SECRET", deadline=20.0)


def test_a_scope_is_by_name_or_uuid_and_a_stranger_is_named(
    array: SimulatedArray, cluster: Cluster, tmp_path: Path
) -> None:
    uuid = array.world.svms["S1"].uuid
    for number, svms in enumerate((("svm_sql",), (uuid,), ("svm_sql", "svm_no"))):
        scoped = Cluster(
            "a", cluster.url, "reader", password_env="SECRET", svms=svms, deadline=20.0
        )
        (outcome,) = collector.collect(Store(tmp_path / str(number)), [scoped])
        assert (outcome.status, outcome.sessions) == ("complete", 52)
        assert outcome.notes == (("svms: there is no 'svm_no'",) if "svm_no" in svms else ())


def test_a_steep_drop_within_the_scope_is_listed_again_and_doubted(
    array: SimulatedArray, cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scoped = Cluster(
        "a", cluster.url, "reader", password_env="SECRET", svms=("svm_k8s",), deadline=20.0
    )
    store = Store(tmp_path / "store")
    seen = []
    for minute, faults in (
        (10, []),
        (15, [Fault("status", SESSIONS, nth=1, status=500)]),
        (20, []),
    ):
        monkeypatch.setenv("ANALYZER_NOW", f"2026-11-23T02:{minute}:00Z")
        if minute == 15:
            with array.moving() as world:
                for number in range(1, 5):
                    apply(world, "drop", f"wrk{number}")
        array.faults = faults
        (outcome,) = collector.collect(store, [scoped])
        seen.append((outcome.status, outcome.sessions, outcome.exit_code))
    assert seen == [("complete", 24, 0), ("partial", 8, 3), ("complete", 8, 0)]
    requests = [request for request in array.requests if request.path.endswith("/iscsi/sessions")]
    assert len(requests) == 1 + 2 + 2


@pytest.mark.parametrize(
    ("error", "code"), [(StoreError("a file is damaged"), 4), (Busy("somebody reads"), 75)]
)
def test_retention_that_fails_is_reported_with_quiet_too_and_is_the_status(
    run: Run, monkeypatch: pytest.MonkeyPatch, error: AnalyzerError, code: int
) -> None:
    def fail(*_: object) -> None:
        raise error

    with Path("analyzer.toml").open("a") as file:
        file.write('[retention]\nkeep = "400d"\n')
    monkeypatch.setattr(collector, "tidy", fail)
    ended, lines = run("--quiet", "collect", "prod-a")
    assert (ended, lines[1:]) == (code, [f"prod-a: nothing old was deleted: {error}"])
    assert lines[0].startswith("prod-a: complete, 76 sessions")


@pytest.mark.usefixtures("views_are_made")
def test_a_snapshot_is_reported_as_stored_where_only_the_database_of_views_cannot_be_made(
    run: Run,
) -> None:
    Path("store/history.duckdb").mkdir(parents=True)
    ended, lines = run("--quiet", "collect", "prod-a")
    assert ended == 4
    assert lines[0].startswith("prod-a: complete, 76 sessions")
    assert "history.duckdb" in lines[1]
    assert lines[1].endswith("all else is done")


@pytest.mark.parametrize("forbidden", [(), ("/api/cluster",)], ids=["identified", "refused"])
def test_a_clock_far_from_the_arrays_deletes_nothing_and_says_so(
    run: Run, array: SimulatedArray, forbidden: tuple[str, ...]
) -> None:
    with Path("analyzer.toml").open("a") as file:
        file.write('[retention]\nkeep = "400d"\n')
    array.clock = lambda: clock.now() - timedelta(days=9)
    array.forbidden = forbidden
    ended, lines = run("--quiet", "collect", "prod-a")
    assert ended == 2
    sentence = r"nothing old was deleted: our clock is (\d+) s ahead of the array's"
    seconds = re.search(sentence, lines[-1])
    assert seconds is not None
    assert abs(int(seconds[1]) - 9 * 86_400) < 60


def test_an_array_that_does_not_say_its_time_confirms_no_clock(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Path("analyzer.toml").open("a") as file:
        file.write('[retention]\nkeep = "400d"\n')
    monkeypatch.setattr("analyzer.ontap.client._date", lambda _text: None)
    ended, lines = run("--quiet", "collect", "prod-a")
    assert (ended, lines[0].startswith("prod-a: complete, 76 sessions")) == (2, True)
    assert "nothing old was deleted: the array did not say what time it is" in lines[1]
