"""Numbers for monitors: equal to the reports, strict OpenMetrics, counted once per manifest."""

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from support.array_builder import World, linux

from analyzer import cli
from analyzer.alerts import metrics
from analyzer.alerts.check import check
from analyzer.alerts.metrics import Scoreboard
from analyzer.cli import streams
from analyzer.config import policy
from analyzer.config.rules import CheckSettings
from analyzer.engine import duckdb as engine
from analyzer.output import openmetrics
from analyzer.output.openmetrics import Sample
from analyzer.report import header, run
from analyzer.report.catalog import Catalog
from analyzer.report.run import ReportRequest
from analyzer.store.layout import Store

pytestmark = pytest.mark.usefixtures("engines_left_open")
NIGHT = datetime(2026, 11, 23, 2)
Key = tuple[str, tuple[tuple[str, str], ...]]
INSTANTS = [NIGHT + timedelta(minutes=10), NIGHT + timedelta(minutes=20), datetime(2026, 11, 24)]


def parsed(text: str) -> dict[Key, list[tuple[float | None, float]]]:
    """Series and their samples, as the strict parser of the reference client reads them."""
    series: dict[Key, list[tuple[float | None, float]]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            key = sample.name, tuple(sorted(sample.labels.items()))
            moment = None if sample.timestamp is None else float(sample.timestamp)
            series.setdefault(key, []).append((moment, sample.value))
    return series


def window(catalog: Catalog, since: datetime, until: datetime, step: int = 3600) -> list[Sample]:
    return list(metrics.past(catalog, since, until, step))


def at(catalog: Catalog, instant: datetime) -> list[Sample]:
    return window(catalog, instant, instant)


def numbers(samples: Sequence[Sample], family: str) -> dict[tuple[str | None, ...], float]:
    """Values by the labels that are there, the cluster left out."""
    return {
        tuple(label for label in sample[2:6] if label is not None): sample.value
        for sample in samples
        if sample.family == family
    }


@pytest.mark.parametrize("instant", INSTANTS)
def test_sessions_by_node_are_those_of_the_report(sample: Catalog, instant: datetime) -> None:
    rows = run.run(
        sample, header.reports()["sessions-by-node"],
        ReportRequest(since="2026-11-22T00:00:00Z", until=instant.isoformat() + "Z"),
    ).records()  # fmt: skip
    sessions = {(row["node"],): row["sessions"] for row in rows}
    assert numbers(at(sample, instant), "analyzer_sessions") == sessions


@pytest.mark.parametrize("instant", INSTANTS)
def test_open_losses_are_the_open_rows_of_the_report(sample: Catalog, instant: datetime) -> None:
    rows = run.run(sample, header.reports()["dropped-connections"],
                   ReportRequest(since="2026-11-22T00:00:00Z")).records()  # fmt: skip
    losses = dict.fromkeys([("critical",), ("high",), ("medium",), ("low",), ("info",)], 0)
    for row in rows:
        back = row["back_by"]
        if row["lost_by"] <= instant and row["status"] in {"open", "recovered"}:
            losses[row["severity"],] += back is None or back > instant
    assert numbers(at(sample, instant), "analyzer_open_losses") == losses


def test_every_host_is_in_one_state(sample: Catalog) -> None:
    rows = run.run(sample, header.reports()["sessions"]).records()
    hosts = numbers(at(sample, INSTANTS[2]), "analyzer_hosts")
    there = sum(count for (_, state), count in hosts.items() if state != "none")
    assert there == len({(row["svm"], row["initiator"]) for row in rows})
    night = numbers(at(sample, INSTANTS[1]), "analyzer_hosts")
    assert sum(count for (_, state), count in night.items() if state != "redundant") > 10


def test_the_past_ends_where_the_present_is(sample: Catalog) -> None:
    end = INSTANTS[2]
    last = [
        number for number in window(sample, end - timedelta(days=1), end) if number.instant == end
    ]
    assert last == at(sample, end)
    assert len(last) > 20


def test_a_window_does_not_change_what_is_reported_of_an_instant(sample: Catalog) -> None:
    day = window(sample, NIGHT - timedelta(hours=2), INSTANTS[2])
    short = window(sample, NIGHT, NIGHT + timedelta(hours=4))
    assert short
    assert short == [
        number for number in day if NIGHT <= number.instant <= NIGHT + timedelta(hours=4)
    ]


def test_what_a_snapshot_showed_is_not_reported_when_it_is_too_old(sample: Catalog) -> None:
    fresh, late = (at(sample, datetime(2026, 11, 24, hour)) for hour in (3, 4))
    assert numbers(fresh, "analyzer_sessions")
    families = {number.family for number in at(sample, datetime(2026, 11, 24, 3, 1))}
    assert families == {number.family for number in late}
    assert (
        not {family.family for family in metrics.families(sample).values() if family.silent}
        & families
    )
    assert numbers(late, "analyzer_snapshot_age_seconds") == {(): 4 * 3600}


def test_a_limit_is_reported_beside_the_sessions(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.sessions += linux(1)
    world.take(3)
    limits = policy.tables(None, [policy.Limit(node="n1", sessions=20)])
    catalog = Catalog(Store(world.root), tables=limits)
    samples = at(catalog, world.now)
    assert numbers(samples, "analyzer_sessions_limit") == {("n1",): 20}
    assert numbers(samples, "analyzer_sessions") == {("n1",): 2, ("n2",): 2}


def test_names_of_the_array_are_escaped_and_no_host_is_named(tmp_path: Path) -> None:
    node = 'n"1\\\n# EOF'
    world = World(tmp_path)
    world.lifs = [replace(lif, node=node) if lif.node == "n1" else lif for lif in world.lifs]
    world.sessions += [
        replace(login, lif=replace(login.lif, node=node)) if login.lif.node == "n1" else login
        for login in linux(1)
    ]
    world.take(1)
    catalog = Catalog(Store(world.root), tables=policy.tables(None))
    result = check(catalog, ReportRequest(), CheckSettings())
    samples = metrics.present(catalog, result, world.now)
    text = "".join(openmetrics.exposition(metrics.families(catalog), samples))
    series = parsed(text)
    (cluster,) = catalog.clusters
    assert series["analyzer_sessions", (("cluster", cluster), ("node", node))] == [(None, 2)]
    assert "lnx1" not in text
    assert set(re.findall(r"[{,]([a-z]+)=", text)) <= {
        "cluster",
        "node",
        "svm",
        "severity",
        "state",
    }


def test_each_metric_stands_together_in_order_of_time(sample: Catalog) -> None:
    parts = [
        metrics.past(sample, NIGHT, INSTANTS[2], 600),
        [number._replace(cluster="prod-b") for number in window(sample, NIGHT, INSTANTS[2], 600)],
    ]
    # The parser refuses families and metrics that are interleaved.
    series = parsed("".join(openmetrics.merged(metrics.families(sample), parts)))
    assert series
    for values in series.values():
        moments = [moment for moment, _ in values]
        assert None not in moments
        assert moments == sorted(set(moments))  # type: ignore[type-var]  # none is None
    counted = series["analyzer_attempts_total", (("cluster", "prod-a"), ("state", "complete"))]
    assert [value for _, value in counted] == sorted(value for _, value in counted)


def test_the_past_is_never_held_whole(sample: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_BATCH", 10)
    batches = list(sample.stream("from metric_samples", {
        "since": NIGHT, "until": INSTANTS[2], "at": INSTANTS[2], "now": INSTANTS[2],
    }))  # fmt: skip
    assert len(batches) > 10
    assert max(map(len, batches)) == 10


def test_the_first_family_goes_out_before_the_next_cluster_is_counted(sample: Catalog) -> None:
    def parts() -> Iterator[Iterator[Sample]]:
        yield iter(window(sample, NIGHT, INSTANTS[2]))
        raise AssertionError("the next cluster is counted")

    pieces = openmetrics.merged(metrics.families(sample), parts())
    assert next(pieces).startswith("# TYPE analyzer_attempts counter\n")
    assert next(pieces).startswith("analyzer_attempts_total{")
    pieces.close()


def test_nothing_is_counted_before_the_first_attempt(sample: Catalog) -> None:
    ((first,),) = sample.run("select min(taken_at) from attempts").rows
    instants = [
        sample.run_query(
            sample.models["metric_grid"],
            {"since": since, "until": INSTANTS[2], "now": INSTANTS[2]},
        ).rows
        for since in (first, first - timedelta(days=2), datetime(1, 1, 1))
    ]
    assert instants[0] == instants[1] == instants[2]
    assert window(sample, datetime(1, 1, 1), INSTANTS[2]) == window(sample, first, INSTANTS[2])


def test_no_cluster_is_counted_for_a_reader_who_has_left(
    recorded: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(streams, "has_reader", lambda: False)
    assert cli.status(["--store", str(recorded.root), "export", "openmetrics"]) == 0
    assert capsys.readouterr() == ("# EOF\n", "")


def test_nothing_is_left_of_an_export_that_is_given_up(
    sample: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def endless() -> Iterator[Sample]:
        yield from window(sample, NIGHT, INSTANTS[2])
        assert list(tmp_path.iterdir())
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(openmetrics.merged(metrics.families(sample), [endless()]))
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def two(tmp_path: Path, recorded: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store of two clusters; the second was never collected beyond one failure."""
    monkeypatch.setenv("ANALYZER_NOW", "2026-11-24T00:00:00Z")
    shutil.copytree(recorded.root, tmp_path / "store")
    words = ["import", "--cluster", "prod-b", "--taken-at", "2026-11-23T23:00:00Z"]
    assert cli.status(["--store", str(tmp_path / "store"), *words, "--failed", "HTTP 401"]) == 0
    return Store(tmp_path / "store")


def board(store: Store, opened: list[Sequence[str]]) -> Scoreboard:
    def open_catalog(clusters: Sequence[str]) -> Catalog:
        opened.append(list(clusters))
        return Catalog(store, clusters, tables=policy.tables(None))

    return Scoreboard(store, open_catalog, CheckSettings())


def test_only_a_cluster_whose_manifest_changed_is_counted_again(two: Store) -> None:
    opened: list[Sequence[str]] = []
    scoreboard = board(two, opened)
    scoreboard.refresh(60)
    first = scoreboard.text()
    assert parsed(first)["analyzer_findings", (
        ("cluster", "prod-b"), ("severity", "high"), ("state", "open"),
    )] == [(None, 1)]  # fmt: skip
    scoreboard.refresh(60)
    assert opened == [["prod-a", "prod-b"]]
    assert scoreboard.text() == first
    words = ["import", "--cluster", "prod-b", "--taken-at", "2026-11-23T23:05:00Z"]
    cli.status(["--store", str(two.root), *words, "--failed", "HTTP 401"])
    scoreboard.refresh(60)
    assert opened == [["prod-a", "prod-b"], ["prod-b"]]
    attempts = "analyzer_attempts_total", (("cluster", "prod-b"), ("state", "failed"))
    assert parsed(scoreboard.text())[attempts] == [(None, 2)]


def test_a_damaged_cluster_is_a_number_of_its_own(two: Store) -> None:
    (two.history_folder("prod-b") / "manifest.json").write_text("{}")
    scoreboard = board(two, [])
    scoreboard.refresh(60)
    series = parsed(scoreboard.text())
    damaged = {dict(labels)["cluster"]: values for (name, labels), values in series.items()
               if name == "analyzer_history_damaged"}  # fmt: skip
    assert damaged == {"prod-a": [(None, 0)], "prod-b": [(None, 1)]}
    assert ("analyzer_sessions", (("cluster", "prod-a"), ("node", "n1"))) in series


def test_an_age_grows_while_it_is_counted_and_after(
    two: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    scoreboard = board(two, [])
    counted = Scoreboard._counted

    def slow(scoreboard: Scoreboard, clusters: Sequence[str]) -> dict[str, dict[str, str]]:
        scores = counted(scoreboard, clusters)
        monkeypatch.setenv("ANALYZER_NOW", "2026-11-24T00:00:20Z")
        return scores

    monkeypatch.setattr(Scoreboard, "_counted", slow)
    scoreboard.refresh(60)
    age = "analyzer_snapshot_age_seconds", (("cluster", "prod-a"),)
    assert parsed(scoreboard.text())[age] == [(None, 20)]
    monkeypatch.setenv("ANALYZER_NOW", "2026-11-24T00:01:30Z")
    text = scoreboard.text()
    assert parsed(text)[age] == [(None, 90)]
    assert parsed(openmetrics.aged(text.encode(), 5).decode())[age] == [(None, 95)]


@pytest.mark.skipif(not shutil.which("promtool"), reason="the package prometheus is not installed")
def test_a_textfile_collector_reads_the_classic_format(
    recorded: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANALYZER_NOW", "2026-11-24T00:00:00Z")
    words = ["check", "--format", "prometheus", "--output", str(tmp_path / "analyzer.prom")]
    assert cli.status(["--store", str(recorded.root), *words]) == 1
    text = (tmp_path / "analyzer.prom").read_bytes()
    lint = subprocess.run(
        ["promtool", "check", "metrics"], input=text, capture_output=True, check=False
    )
    assert (lint.returncode, lint.stderr) == (0, b"")
    assert b'analyzer_sessions{cluster="prod-a",node="n1"} ' in text
