"""What people call things is found, and what is called nothing is refused."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.array_builder import A2, B2, STEP, T0, World, linux
from support.effort import effort

from analyzer import cli, clock, demo
from analyzer.config import policy
from analyzer.report import header, run
from analyzer.report.catalog import Catalog
from analyzer.report.run import ReportRequest
from analyzer.store.layout import Store

pytestmark = pytest.mark.usefixtures("engines_left_open")
LNX4 = "iqn.1994-05.com.redhat:lnx4"
POLICY = f'[[hosts]]\ninitiator = "{LNX4.upper()}"\nname = "Mail Server"\n'


def ask(store: Store, *arguments: str) -> int:
    return cli.status(["--store", str(store.root), *arguments])


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANALYZER_NOW", "2026-11-24T00:00:00Z")


@pytest.fixture(scope="module")
def policy_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a policy gives an initiator a name."""
    folder = tmp_path_factory.mktemp("policy")
    (folder / "policy.toml").write_text(POLICY)
    return folder


@pytest.fixture(scope="module")
def named(recorded: Store, policy_folder: Path) -> Iterator[Catalog]:
    """The recorded day with that policy."""
    with demo.at(datetime(2026, 11, 24)):
        catalog = Catalog(recorded, tables=policy.tables(policy_folder / "policy.toml"))
    yield catalog
    catalog.close()


@pytest.mark.parametrize(
    "name", [LNX4, LNX4.upper(), "lnx4", "LNX4", "*lnx4", "nx4", "192.168.10.104", "mail server"]
)
def test_an_initiator_is_found_by_whatever_it_is_called(name: str, named: Catalog) -> None:
    def rows(report: str, request: ReportRequest) -> list[dict[str, Any]]:
        return run.run(named, named.reports[report], request).records()

    filtered = ReportRequest(filters={"initiator": [name]})
    assert {row["initiator"] for row in rows("dropped-connections", filtered)} == {LNX4}
    events = rows("timeline", ReportRequest(params={"initiator": name}))
    assert "lost" in {row["event"] for row in events}
    (outage,) = rows("outages", filtered)
    assert LNX4 in outage["members"]


@pytest.mark.parametrize("name", ["LNX4", "mail server"])
def test_the_command_line_finds_an_initiator_by_whatever_it_is_called(
    name: str, recorded: Store, policy_folder: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(policy_folder)
    assert ask(recorded, "timeline", name, "--format", "ndjson") == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert "lost" in {row["event"] for row in rows}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("paths --svm nope", "svm_sql"),
        ("paths --svm svm_sq", "svm_sql"),
        ("report upgrade-readiness --svm svm_sq --fail-on high", "svm_sql"),
        ("report dropped-connections --initiator lnx99", "lnx9"),
        ("timeline nobody", "nearest"),
        ("report outages --initiator=", "'' is nobody's name"),
        ("paths --svm=", "'' is nobody's name"),
        ("report outages --cluster=", "prod-a"),
        ("report failover --name=", "'' is nobody's name"),
        ("report failover --name n9", "n4"),
        ("report failover --kind interface --name n1", "_n1_"),
        ("report failover --kind switch", "'node'"),
        ("report growth --kind host", "'igroup'"),
        ("report what-if --like nope --hosts 5", "nearest"),
        ("report what-if --within nope", "svm_sql"),
        ("report addresses --address 10.9.9.9", "nearest"),
        ("report events --change losst", "lost"),
        ("report outages --cluster prod", "prod-a"),
        ("report snapshots --cluster PROD-B", "prod-a"),
    ],
)
def test_what_matches_nothing_is_refused_with_the_nearest(
    arguments: str, sentence: str, recorded: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(recorded, *arguments.split()) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert sentence in err


def test_an_empty_name_is_not_everybody(
    recorded: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(recorded, "timeline", "") == 2
    assert "'' is nobody's name" in capsys.readouterr().err


@pytest.mark.parametrize("name", header.reports())
def test_every_filter_that_help_offers_is_taken(name: str, sample: Catalog) -> None:
    query = header.reports()[name]
    filters = {column: ["*"] for column in query.filters if column != "cluster"}
    assert run.run(sample, query, ReportRequest(filters=filters)).name == name


@pytest.mark.parametrize("name", header.reports())
@given(data=st.data())
@settings(max_examples=effort(2, 30), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_filter_leaves_rows_out_and_changes_none(
    name: str, sample: Catalog, data: st.DataObject
) -> None:
    query = header.reports()[name]
    choices = {"svm": ["svm_sql", "SVM_*"], "initiator": ["lnx4", "*lnx1*", "192.168.10.104"]}
    filters = {
        column: [data.draw(st.sampled_from(choices[column]))]
        for column in query.filters
        if column in choices and data.draw(st.booleans())
    }
    severity = data.draw(st.sampled_from(["info", "medium", "high"]))
    times = {"since": "2026-11-22T00:00:00Z", "before": "2026-11-23T02:10:00Z"}
    whole = run.run(sample, query, ReportRequest(**times)).rows  # type: ignore[arg-type]  # only times
    some = run.run(sample, query, ReportRequest(filters=filters, severity=severity, **times)).rows  # type: ignore[arg-type]
    left = iter(whole)
    assert all(row in left for row in some), "the same rows in the same order, some left out"


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Catalog]]:
    """Two clusters that one host uses both of, with losses in each: together, and one alone."""
    root = tmp_path_factory.mktemp("sites")
    mine = World(root, "prod-a", sessions=[*linux(1), *linux(2), *linux(3)], interval=300)
    other = World(root, "prod-b", sessions=[*linux(2), *linux(4)], interval=300)
    mine.take(3).without("lnx1", A2).take().without("lnx2").take(2)
    other.take(2).without("lnx4", B2).take(status="failed").take()
    other.sessions += linux(4, (B2,))
    other.take().without("lnx4", B2).take()
    with demo.at(T0 + 6 * STEP):
        catalogs = [
            Catalog(Store(root), clusters, tables=policy.tables(None))
            for clusters in (["prod-a", "prod-b"], ["prod-a"])
        ]
        yield catalogs
    for catalog in catalogs:
        catalog.close()


# Which row it is of how many: of the list that is shown, and no word about the row.
PLACES = {"place", "lanes", "hosts"}


@pytest.mark.parametrize(
    "name", [name for name, query in header.reports().items() if "cluster" in query.columns]
)
def test_the_answer_for_one_cluster_is_its_part_of_the_answer_for_all(
    name: str, sites: list[Catalog], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANALYZER_NOW", clock.iso(T0 + 6 * STEP))
    request = ReportRequest(since=clock.iso(T0), before=clock.iso(T0 + STEP))
    both, alone = (
        [{key: value for key, value in row.items() if key not in PLACES}
         for row in run.run(catalog, header.reports()[name], request).records()
         if row["cluster"] == "prod-a"]
        for catalog in sites
    )  # fmt: skip
    assert both == alone
