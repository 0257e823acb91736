"""After a gap in collecting: what the array remembers of the paths that vanished across it."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from collect.test_event_log import EMS, Site, living
from support.broken_query import break_query
from support.scene import moment
from support.snapshot_rows import START, lone, row, stored

from analyzer import demo
from analyzer.collect import doctor, gap
from analyzer.inventories import INVENTORIES
from analyzer.ontap import frame
from analyzer.ontap.record import MemberRecord
from analyzer.report import run
from analyzer.report.catalog import Catalog
from analyzer.report.run import ReportRequest
from analyzer.simulate import Fault
from analyzer.store.layout import Store
from analyzer.store.snapshot import Listing

NIGHT = """
    02:12 drop lnx1 L2
    02:40 drop wrk1 K1
    02:50 drop lnx2 L1
    02:55 drop lnx2 L3
    03:00 recover lnx1 L2
    03:10 drop lnx1 L2
    08:12 drop lnx3 L1
    +2d 03:05 relogin lnx4
"""
MEMBERS = "/api/protocols/san/igroups/*/initiators"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with living(tmp_path, NIGHT) as site:
        yield site


def requested(site: Site) -> list[str]:
    """The igroups whose logins were requested since the last time."""
    names = {igroup.uuid: igroup.name for igroup in site.replay.world.igroups.values()}
    requests = [request.path for request in site.array.requests]
    first = next((k for k, path in enumerate(requests) if path.endswith("/initiators")), None)
    assert first is None or EMS in requests[:first]  # what is dear comes last
    site.array.requests.clear()
    return [names[path.split("/")[-2]] for path in requests if path.endswith("/initiators")]


def evidence(site: Site) -> dict[tuple[str, str], str | None]:
    """By host and interface."""
    return {
        (row["initiator"].rpartition(":")[2], row["interface"]): row["evidence"]
        for row in site.report("dropped-connections")
    }


def sight(clocked: str) -> str:
    instant = f"2026-11-23T{clocked}:00Z"
    return f"the array last saw this login at {instant} (its own word: connectivity_tracking)"


def test_after_a_gap_the_igroups_that_lost_paths_are_asked_once_and_no_others(site: Site) -> None:
    site.look("02:10")
    assert requested(site) == []
    site.look("08:10")
    worker = next(g.name for g in site.replay.world.igroups.values() if "wrk1" in str(g.initiators))
    assert sorted(requested(site)) == sorted(["ig_ora", worker])
    site.look("08:15")
    assert requested(site) == []
    losses = evidence(site)
    assert losses["lnx1", "sql_n1_b"] == sight("03:10")
    assert losses["lnx2", "sql_n1_a"] == sight("02:50")
    assert losses["lnx3", "sql_n1_a"] is None  # lost without a gap
    (row,) = [row for row in site.report("dropped-connections") if "lnx1" in row["initiator"]]
    assert (row["lost_after"], row["lost_by"]) == (moment("02:10"), moment("08:10"))
    sights = [row for row in site.report("timeline") if row["event"] == "last_login"]
    assert [row["happened_by"] for row in sights] == [
        moment(at) for at in ("02:40", "02:50", "02:55", "03:10")
    ]
    details = {row["cause"]: row["detail"] for row in site.report("outages")}
    words = "last saw these logins from 2026-11-23T02:50:00Z to 2026-11-23T02:55:00Z (its own word"
    assert words in details["192.168.10.102"]


def test_where_no_snapshot_is_missing_nobody_is_asked(site: Site) -> None:
    site.looks("02:10", "02:15")
    assert requested(site) == []
    assert set(evidence(site).values()) == {None}


def test_the_collector_and_the_reports_mean_the_same_gap(site: Site) -> None:
    site.look("02:10")
    with closing(Catalog(site.store)) as catalog:
        assert catalog.run("select missed_intervals from thresholds").rows == [(gap.MISSED,)]


def test_a_gap_that_took_no_path_asks_nobody(site: Site) -> None:
    site.look("01:00")
    site.look("02:10")
    assert requested(site) == []


def test_a_snapshot_that_failed_is_a_gap_too_and_a_partial_one_loses_nothing(site: Site) -> None:
    site.look("02:10")
    site.array.faults = [Fault("errors", "*/iscsi/sessions")]
    assert {site.look("02:13").status, site.look("02:14").status} == {"partial"}
    assert requested(site) == []
    site.array.faults = []
    site.look("02:15")
    assert requested(site) == ["ig_ora"]
    assert evidence(site)["lnx1", "sql_n1_b"] == sight("02:12")


def test_what_the_array_has_forgotten_is_no_evidence(site: Site) -> None:
    site.look("02:10")
    site.look("+2d 03:05")
    assert "ig_ora" in requested(site)
    losses = evidence(site)
    assert losses["lnx2", "sql_n1_a"] is None
    assert losses["lnx1", "sql_n1_b"] == sight("03:10")


def test_many_igroups_are_cut_and_the_note_says_so(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gap, "MOST", 1)
    site.look("02:10")
    requested(site)
    outcome = site.look("08:10")
    assert requested(site) == ["ig_ora"]  # which lost most
    assert outcome.notes == ("ended logins: of 1 of the 2 igroups that lost paths",)


def test_a_missing_right_takes_the_evidence_and_nothing_else(site: Site) -> None:
    site.look("02:10")
    site.array.forbidden = (MEMBERS,)
    requested(site)
    outcome = site.look("08:10")
    assert (outcome.status, outcome.exit_code, len(requested(site))) == ("complete", 0, 1)
    (note,) = outcome.notes
    assert note.startswith("ended logins not collected: HTTP 403")
    losses = evidence(site)
    assert (len(losses), set(losses.values())) == (4, {None})
    checks = {check.name: check for check in doctor.check_cluster(site.cluster)}
    assert checks[MEMBERS].exit_code == 77
    assert checks[MEMBERS].advice.startswith(f"without it {gap.LOST}; give the account")


def test_a_release_that_remembers_nothing_is_not_asked(site: Site) -> None:
    site.array.world.version = (9, 10, 1)
    site.look("02:10")
    requested(site)
    outcome = site.look("08:10")
    assert requested(site) == []
    assert outcome.notes == ("ended logins not collected: ONTAP has them from 9.11 on",)
    checks = {check.name: check for check in doctor.check_cluster(site.cluster)}
    assert (checks[MEMBERS].status, checks[MEMBERS].detail) == ("warn", "ONTAP has it from 9.11 on")


def test_a_login_that_goes_on_through_another_node_has_not_ended() -> None:
    def login(uuid: str, minute: int = 12, *, connected: bool | None) -> dict[str, Any]:
        return {"connected": connected, "last_seen_time": f"2026-11-23T03:{minute:02}:00+01:00",
                "interface": {"ip": {"uuid": uuid}}}  # fmt: skip

    def ended(*nodes: list[dict[str, Any]]) -> list[str]:
        tracking = {"connections": [{"logins": logins} for logins in nodes]}
        record = {"name": "IQN.h1 ", "connectivity_tracking": tracking}
        logins = frame.ended_logins([msgspec.convert(record, MemberRecord)])
        assert {(e["initiator"], e["last_seen"]) for e in logins} <= {("iqn.h1", moment("02:12"))}
        return [str(e["interface_uuid"]) for e in logins]

    assert ended([login("L", connected=False)], [login("M", connected=False)]) == ["L", "M"]
    assert ended([login("L", connected=False)], [login("L", connected=True)]) == []
    assert ended([login("L", connected=None)], []) == []
    assert ended([login("L", connected=False)], [login("L", 7, connected=False)]) == ["L"]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Five hosts lost their path between 02:00 and 03:00, by an array whose clock is an hour ahead."""
    last_seen = {
        ("iqn.h1", "L"): 72, ("iqn.h2", "L"): 57, ("iqn.h3", "L"): 121, ("iqn.h5", "M"): 72,
    }  # fmt: skip
    logins = [
        {"initiator": host, "interface_uuid": lif, "last_seen": START + timedelta(minutes=minute)}
        for (host, lif), minute in last_seen.items()
    ]
    igroup = dict.fromkeys(INVENTORIES["igroups"].schema) | {"uuid": "u", "name": "n"}
    snapshots = []
    for minute, hosts, ended in ((0, range(1, 7), None), (60, [6], logins)):
        rows = pl.DataFrame(
            [igroup | {"ended_logins": ended}], schema=INVENTORIES["igroups"].schema
        )
        taken = lone("complete", [row("a", host, 1) for host in hosts], minute)
        igroups = {"igroups": Listing("complete", None, rows)}
        snapshots.append(replace(taken, inventories=igroups, clock_skew=3600.0))
    return stored(str(tmp_path_factory.mktemp("gap")), "store", snapshots)


def last_logins(store: Store, folders: Sequence[Path] = ()) -> dict[str, str | None]:
    with demo.at(START + timedelta(minutes=70)):
        catalog = Catalog(store, folders=folders)
        losses = run.run(catalog, catalog.reports["dropped-connections"], ReportRequest()).records()
    return {loss["initiator"]: loss["evidence"] for loss in losses}


# Seen within; before the last snapshot; after the loss; nowhere; at another interface.
BELIEVED = {f"iqn.h{host}": sight("02:12") if host == 1 else None for host in range(1, 6)}
BREAKS = {
    "the last login of anybody": ("and e.login.initiator = l.initiator", ""),
    "the last login anywhere": ("and e.login.interface_uuid = l.interface_id", ""),
    "of any time": ("seen_at > lost_after", "true"),
    "of the time to come": ("and seen_at <= lost_by", ""),
    "by the array's own clock": ("then a.clock_skew::bigint", "then 0"),
    "never": ("where ended_logins is not null", "where false"),
}


def test_the_array_is_believed_within_the_interval_of_its_own_path(store: Store) -> None:
    assert last_logins(store) == BELIEVED


@pytest.mark.parametrize("name", BREAKS)
def test_a_break_of_the_joining_is_noticed(name: str, store: Store, tmp_path: Path) -> None:
    break_query(tmp_path, "model/history/last_logins", *BREAKS[name])
    assert last_logins(store, [tmp_path]) != BELIEVED
