"""The array's own event log, as the collector reads it: in few requests, once, and after a gap."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import polars as pl
import pytest
from support import catalogs
from support.scene import DAY, moment
from support.snapshot_rows import START, lone, row

from analyzer import demo, history
from analyzer.collect import collector, doctor
from analyzer.collect.collector import Outcome
from analyzer.config.cluster import Cluster
from analyzer.inventories import INVENTORIES
from analyzer.ontap.ems import NAMES, LogPosition, read_log
from analyzer.ontap.listing import ListingResult
from analyzer.report import run
from analyzer.report.run import ReportRequest
from analyzer.rest.language.respond import RestRequest
from analyzer.rest.server.authentication import Identity
from analyzer.rest.server.endpoints import Endpoints
from analyzer.rest.server.mapping import SERVED
from analyzer.rest.server.source import ServedClusters
from analyzer.simulate import Fault, Replay, SimulatedArray, base_world, event_records, script
from analyzer.simulate.responder import Responder
from analyzer.store.layout import Store
from analyzer.store.snapshot import Listing

EMS, MESSAGES = "/api/support/ems/events", "/api/support/ems/messages"
NIGHT = """
    02:12 takeover n2
    02:41 giveback n2
    03:10 fabric_off b
    03:20 service_off S2
    03:30 refuse lnx1 L1
"""
LOGGED = 5 + 1 + 10 + 1 + 1  # events of these steps, DEBUG not counted


@dataclass
class Site:
    """A simulated array on its night, and who collects from it."""

    array: SimulatedArray
    replay: Replay
    store: Store
    paths: list[str] = field(default_factory=list)

    @property
    def cluster(self) -> Cluster:
        return Cluster("prod-a", self.array.url, "reader", password_env="SECRET", interval=300)

    def look(self, at: str | datetime) -> Outcome:
        """One snapshot; ``paths`` is what it asked of the event log."""
        instant = moment(at)
        self.array.clock = lambda: instant
        with self.array.moving():
            self.replay.advance(instant)
        before = len(self.array.requests)
        with demo.at(instant):
            (outcome,) = collector.collect(self.store, [self.cluster])
        requests = self.array.requests[before:]
        self.paths = [request.path for request in requests if "/ems/" in request.path]
        return outcome

    def looks(self, since: str, until: str, *, out: tuple[str, str] = ("", "")) -> None:
        """A snapshot every five minutes, but for those when the collector was out."""
        instant = moment(since)
        gone, back = (moment(at) if at else datetime.min for at in out)  # naive means UTC here
        while instant <= moment(until):
            if not gone < instant < back:
                self.look(instant)
            instant += timedelta(minutes=5)

    def events(self) -> list[tuple[Any, ...]]:
        catalog = catalogs.opened(self.store, moment("+9d 00:00"))
        return catalog.run('from ems order by "time", node, "index"').rows

    def report(self, name: str, at: str = "+9d 00:00", **request: Any) -> list[dict[str, Any]]:
        catalog = catalogs.opened(self.store, moment(at))
        report_request = ReportRequest(**{"since": "2026-11-23T00:00:00Z", **request})
        return run.run(catalog, catalog.reports[name], report_request).records()


@contextmanager
def living(folder: Path, night: str = NIGHT) -> Iterator[Site]:
    replay = Replay(base_world(), script(DAY, night))
    with (
        pytest.MonkeyPatch.context() as patch,
        SimulatedArray(replay.world, username="reader", password="pretend") as array,
    ):
        patch.setenv("SECRET", "pretend")
        yield Site(array, replay, Store(folder / "store"))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with living(tmp_path) as site:
        yield site


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site whose night was looked at throughout."""
    with living(tmp_path_factory.mktemp("watched")) as site:
        for at in ("02:10", "02:15", "02:20", "02:45", "03:15", "03:25", "03:30", "03:35", "03:40"):
            site.look(at)
        yield site


def test_a_quiet_round_costs_one_request_and_the_first_of_a_day_two(site: Site) -> None:
    site.look("02:00")
    assert site.paths == [MESSAGES, EMS]
    for at in ("02:05", "02:15", "02:20", "+1d 01:55"):
        site.look(at)
        assert site.paths == [EMS], at
    site.look("+1d 02:00")
    assert site.paths == [MESSAGES, EMS]


def test_what_is_requested_is_by_name_from_the_last_event_on_and_without_a_severity(
    site: Site,
) -> None:
    site.look("02:00")
    site.look("02:15")
    site.look("02:20")
    query = parse_qs(site.array.requests[-1].query)
    assert query["time"] == [">=2026-11-23T01:12:00+00:00"]
    assert set(query["message.name"][0].split("|")) == NAMES & event_records.MESSAGES.keys()
    assert not [name for name in query if "severity" in name]
    assert len(site.array.requests[-1].target) < 8_000


def test_an_event_is_kept_once_however_often_it_is_listed(watched: Site) -> None:
    rows = watched.events()
    assert len(rows) == LOGGED
    assert len({row[1:4] for row in rows}) == LOGGED
    assert not [row for row in rows if row[4] == "vifmgr.lifbeinghosted"]  # DEBUG


def test_the_log_fills_a_gap_of_the_collector_and_says_so(site: Site) -> None:
    site.looks("02:10", "08:10", out=("02:10", "08:05"))
    rows = site.report("array-events")
    assert len(rows) == LOGGED
    assert {row["happened_at"] for row in rows} == {
        moment(at) for at in ("02:12", "02:41", "03:10", "03:20", "03:30")
    }
    assert {(row["known_by"], row["in_gap"]) for row in rows} == {(moment("08:05"), True)}


def test_what_the_array_let_go_of_in_a_gap_is_not_covered(site: Site) -> None:
    site.looks("02:10", "02:15")
    with site.array.moving() as world:
        site.replay.advance(moment("08:00"))
        world.events[:] = [event for event in world.events if event.time >= moment("03:20")]
        world.revision += 1
    site.looks("08:05", "08:10")
    logged = {(row["lost_after"], row["event_log"], row["evidence"] is None)
              for row in site.report("dropped-connections")}  # fmt: skip
    assert (moment("02:10"), "read", False) in logged
    assert {state for after, state, _ in logged if after == moment("02:15")} == {"not covered"}
    outages = site.report("outages")
    assert {outage["event_log"] for outage in outages} == {"read", "not covered"}
    assert not [outage for outage in outages if "says nothing" in outage["detail"]]


@pytest.mark.parametrize("nodes", [set[str](), {"n2"}, {"n1"}], ids=["all", "n2", "n1"])
def test_a_log_that_goes_on_covers_what_lies_between(site: Site, nodes: set[str]) -> None:
    site.looks("02:10", "02:15")
    with site.array.moving() as world:
        site.replay.advance(moment("08:00"))
        world.log("n2", "vifmgr.portup", "somebody mended it", port="e0e", node="n2")
        if nodes:
            world.events[:] = [event for event in world.events if event.node in nodes]
        world.revision += 1
    site.look("08:05")
    # The takeover of n2 was logged by n1: of that one nothing is left, or nothing is missing.
    states = {row["event_log"] for row in site.report("dropped-connections", since="2026-11-23T02:15:00Z", until="2026-11-23T08:05:00Z") if row["lost_by"] == moment("08:05")}  # fmt: skip
    assert states == {"not covered" if nodes == {"n2"} else "read"}


def test_without_a_gap_nothing_is_said_of_one(site: Site) -> None:
    site.looks("02:10", "02:20")
    assert {row["in_gap"] for row in site.report("array-events")} == {False}


def test_what_a_node_hands_in_late_is_kept_too(site: Site) -> None:
    site.looks("02:10", "02:15")
    with site.array.moving() as world:
        world.time = moment("02:11")
        world.log("n2", "vifmgr.portdown", "handed in after the takeover", port="e0e", node="n2")
        world.revision += 1
    site.look("02:45")
    assert [row["text"] for row in site.report("array-events") if row["happened_at"] == moment("02:11")]  # fmt: skip


def test_the_messages_of_a_cluster_that_learned_or_forgot_one_are_listed_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.look("02:00")
    fewer = {name: kind for name, kind in event_records.MESSAGES.items() if name != "vifmgr.portup"}
    monkeypatch.setattr(event_records, "MESSAGES", fewer)
    monkeypatch.setattr("analyzer.simulate.inventory.MESSAGES", fewer)
    outcome = site.look("02:15")
    assert site.paths == [EMS, MESSAGES, EMS]
    assert (outcome.status, outcome.notes) == ("complete", ())
    site.look("02:20")
    assert site.paths == [EMS]


def test_where_the_list_of_messages_may_not_be_read_each_is_tried_once_a_day(site: Site) -> None:
    site.array.forbidden = (MESSAGES,)
    site.look("02:00")
    assert site.paths == [MESSAGES, EMS, *[EMS] * len(NAMES)]
    site.look("02:15")
    assert site.paths == [EMS]
    assert len(site.report("array-events")) == 5


@pytest.mark.parametrize("forbidden", [(EMS, MESSAGES), (EMS,)])
def test_a_log_that_may_not_be_read_changes_neither_status_nor_exit_code(
    site: Site, forbidden: tuple[str, ...]
) -> None:
    site.array.forbidden = forbidden
    site.look("02:00")
    outcome = site.look("02:15")
    assert (outcome.status, outcome.exit_code) == ("complete", 0)
    (note,) = outcome.notes
    assert note.startswith("ems not collected: HTTP 403")
    checks = {check.name: check for check in doctor.check_cluster(site.cluster)}
    assert checks[EMS].exit_code == 77
    assert "-api /api/support/ems" in checks[EMS].advice


def test_a_log_that_could_not_be_read_is_read_as_soon_as_it_can_be(site: Site) -> None:
    site.array.forbidden = (EMS,)
    site.look("02:00")
    site.look("02:15")
    (row,) = site.report("outages", at="02:16")[:1]
    assert row["event_log"] == "not read"
    site.array.forbidden = ()
    site.look("02:20")  # and what was missed is there
    (row,) = site.report("outages", at="02:21")[:1]
    assert (row["event_log"], "taken over" in row["evidence"]) == ("read", True)


def test_a_release_without_the_log_is_named_and_harms_nothing(site: Site) -> None:
    site.array.faults = [Fault("status", "*/ems/*", status=404)]
    outcome = site.look("02:00")
    assert (outcome.status, outcome.exit_code) == ("complete", 0)
    assert [note for note in outcome.notes if note.startswith("ems not collected")]


def test_an_empty_answer_after_all_the_time_it_may_take_proves_nothing(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = iter(range(0, 10_000, 20))
    monkeypatch.setattr(time, "monotonic", lambda: float(next(ticks)))
    monkeypatch.setattr("analyzer.ontap.ems.listing", lambda *_args: ListingResult())
    client: Any = type("Client", (), {"cluster": site.cluster})()
    position = LogPosition(moment("02:00"), frozenset({"vifmgr.portdown"}))
    assert read_log(client, (9, 16), position).events.status == "failed"


def test_the_history_of_the_log_is_proved_compacted_and_given_back(
    watched: Site, tmp_path: Path
) -> None:
    shutil.copytree(watched.store.root, tmp_path / "store")
    site = replace(watched, store=Store(tmp_path / "store"))
    rows = site.events()
    with demo.at(moment("04:00")):
        assert history.verify(site.store, "prod-a").problems == ()
        history.compact(site.store, "prod-a", moment("03:00"))
        assert site.events() == rows
        history.rebuild(site.store, "prod-a")
        assert site.events() == rows
        history.prune(site.store, "prod-a", moment("03:38"))
        events = site.events()
        assert history.verify(site.store, "prod-a").problems == ()
    assert 0 < len(events) < len(rows)


def test_the_first_reading_reaches_back_a_week(site: Site) -> None:
    site.look("+1d 02:00")
    assert len(site.events()) == LOGGED
    assert parse_qs(site.array.requests[-1].query)["time"] == [">=2026-11-17T02:00:00+00:00"]


@pytest.mark.parametrize(
    "query",
    [
        "", "&message.name=vifmgr.portdown", "&time=%3E%3D2026-11-23T03:20:00%2B00:00",
        "&order_by=time%20desc&max_records=3", "&parameters.value=sql_n1_a",
        "&node.name=n1&index=%3C3", "&message.severity=alert%7Cnotice",
    ],
)  # fmt: skip
def test_serve_answers_as_the_array_did(watched: Site, query: str) -> None:
    fields = ",".join(SERVED["ems"].by_name)
    request = RestRequest("GET", EMS, f"fields={fields}{query}", {})
    with demo.at(moment("03:40")):
        served = ServedClusters(watched.store)
        ours = Endpoints(served).answer(request, Identity(), 20)
        served.close()
    assert (ours.status, ours.body) == (200, Responder(watched.replay.world).respond(request).body)


def test_serve_knows_of_no_event_that_was_not_listed_yet(site: Site) -> None:
    site.looks("02:10", "02:30", out=("02:10", "02:30"))
    counts = []
    with demo.at(moment("02:40")):
        served = ServedClusters(site.store)
        for at in ("2026-11-23T02:10:00Z", "2026-11-23T02:30:00Z"):
            request = RestRequest("GET", EMS, "return_records=false", {"x-analyzer-at": at})
            counts.append(Endpoints(served).answer(request, Identity(), 20).body)
        served.close()
    assert [b'"num_records": 0' in counts[0], b'"num_records": 5' in counts[1]] == [True, True]


SKEWS = {"equal": (0.0, 2), "ahead": (3600.0, 62), "behind": (-3600.0, -58), "slightly": (-0.9, 2)}


@pytest.fixture(scope="module")
def skewed(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A cluster for each skew: a host lost its path at 02:02, and the array's own clock says when."""
    store = Store(tmp_path_factory.mktemp("skewed"))
    parameters = [{"name": "initiator_name", "value": "iqn.h1"}]
    for cluster, (skew, minute) in SKEWS.items():
        event = ("n1", 1, START + timedelta(minutes=minute), "iscsi.loginIpNotAuthorized", "notice", "", parameters)  # fmt: skip
        log = pl.DataFrame([event], schema=INVENTORIES["ems"].schema, orient="row")
        before = lone("complete", [row("a", 1, 1), row("a", 2, 1)], 0)
        after = lone("complete", [row("a", 2, 1)], 5)
        for taken, rows in ((before, log.clear()), (after, log)):
            inventories = {"ems": Listing("complete", None, rows)}
            history.record(store, replace(
                taken, cluster=cluster, inventories=inventories, clock_skew=skew,
                ems_since=START - timedelta(hours=2),
            ))  # fmt: skip
    return store


@pytest.mark.parametrize("cluster", SKEWS)
def test_the_skew_of_the_clocks_is_taken_off(skewed: Store, cluster: str) -> None:
    catalog = catalogs.opened(skewed, START + timedelta(minutes=10))
    loss, listed = (
        next(row for row in run.run(catalog, catalog.reports[name], ReportRequest()).records()
             if row["cluster"] == cluster)
        for name in ("dropped-connections", "array-events")
    )  # fmt: skip
    assert listed["happened_at"] == START + timedelta(minutes=2)
    assert (loss["event_log"], "login of iqn.h1 refused" in loss["evidence"]) == ("read", True)
