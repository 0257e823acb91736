"""What is a loss, and what only looks like one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.array_builder import A1, T0, World, linux
from support.catalogs import opened
from support.folding import record_together
from support.snapshot_rows import START, STEP, lone, row

from analyzer.inventories import INVENTORIES
from analyzer.report import header, run
from analyzer.report.catalog import Catalog
from analyzer.report.run import ReportRequest
from analyzer.store.layout import Store
from analyzer.store.snapshot import Listing

Rows = list[dict[str, Any]]


def recorded(folder: Path, clusters: dict[str, list[Rows]]) -> Store:
    """A store of clusters by their listings, five minutes apart."""
    store = Store(folder)
    for cluster, listings in clusters.items():
        snapshots = [lone("complete", rows, 5 * k) for k, rows in enumerate(listings)]
        record_together(store, [replace(taken, cluster=cluster) for taken in snapshots])
    return store


def reports(
    store: Store, names: Sequence[str], since: int, until: int, clusters: Sequence[str] = ()
) -> dict[str, Rows]:
    """The rows of reports from one snapshot to another."""
    catalog = Catalog(store, clusters)
    times = [(START + STEP * k).isoformat() for k in (since, until)]
    request = ReportRequest(since=times[0], until=times[1])
    rows = {name: run.run(catalog, header.reports()[name], request).records() for name in names}
    catalog.close()
    return rows


def report_rows(folder: Path, name: str, *listings: Rows, since: int = 0) -> Rows:
    """A report over listings, from the snapshot *since* on."""
    return reports(recorded(folder, {"c1": list(listings)}), [name], since, len(listings))[name]


def on(svm: str, lif: str, host: int, login: int) -> dict[str, Any]:
    place = {"interface_id": lif, "interface_uuid": lif, "interface": lif}
    address = {"interface_address": f"10.1.1.{lif}", "target_portal_group": lif}
    return row(svm, host, login) | place | address | {"igroups": None}


def test_what_looks_different_in_one_snapshot_was_there_all_the_time(tmp_path: Path) -> None:
    same = [row("a", host, 1) for host in (1, 2)]
    other = [same[0] | {"alias": "other"}, same[1]]
    store = recorded(tmp_path, {"c1": [same, other, same]})
    rows = reports(store, ["dropped-connections", "events"], 0, 3)
    assert rows["dropped-connections"] == []
    assert [r["change"] for r in rows["events"]] == ["alias_changed", "alias_changed"]


def test_a_session_was_not_merely_missed_where_another_held_its_nexus(tmp_path: Path) -> None:
    same = [row("a", host, 1) for host in (1, 2)]
    again = [r | {"tsih": r["tsih"] + 40, "initiator_port": 40_000} for r in same]
    store = recorded(tmp_path, {"c1": [same, again, same, same]})
    rows = reports(store, ["dropped-connections", "events"], 0, 4)
    assert rows["dropped-connections"] == []
    assert [r["change"] for r in rows["events"]] == ["reconnected"] * 4


def test_a_connection_of_several_that_one_snapshot_missed_was_never_away(tmp_path: Path) -> None:
    both = [row("a", 1, 1) | {"connections": 2, "cid": k, "initiator_port": k} for k in (0, 1)]
    missed = [both[0] | {"connections": 1}]
    assert report_rows(tmp_path, "events", both, missed, both) == []


def test_a_loss_of_some_sessions_that_is_still_open_belongs_to_later_windows(
    tmp_path: Path,
) -> None:
    eight = [row("a", 1, k) | {"isid": f"00:{k}"} for k in range(8)]
    rows = report_rows(tmp_path, "dropped-connections", eight, *[eight[:5]] * 9, since=5)
    assert [(r["sessions_lost"], r["path_sessions_left"], r["status"]) for r in rows] == [
        (3, 5, "open")
    ]


def test_a_loss_that_is_open_for_thirty_days_is_abandoned_and_in_no_later_window(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = [row("a", host, 1) for host in (1, 2)]
    day = 24 * 60
    minutes = (0, 5, 29 * day, 31 * day, 32 * day)
    there = (both, both[:1], both[:1], both[:1], both)
    store = Store(tmp_path)
    record_together(
        store, [lone("complete", rows, minute) for rows, minute in zip(there, minutes, strict=True)]
    )

    def status(since: int, until: int, now: int) -> list[tuple[str, str]]:
        since_, until_, now_ = (
            (START + timedelta(days=d)).isoformat() for d in (since, until, now)
        )
        monkeypatch.setenv("ANALYZER_NOW", f"{now_}Z")
        catalog = opened(store, START + timedelta(days=now))
        window = ReportRequest(since=since_, until=until_)
        rows = run.run(catalog, header.reports()["dropped-connections"], window).records()
        return [(r["status"], r["severity"]) for r in rows]

    assert status(0, 1, now=29) == [("open", "critical")]
    assert status(28, 29, now=29) == [("open", "critical")]
    assert status(0, 1, now=31) == [("abandoned", "info")]
    assert status(31, 32, now=32) == []
    assert status(0, 1, now=33) == [("abandoned", "info")]


# From which addresses a lost host logs in again, and what is said of it.
RETURNS = {
    "new": (["10.0.0.77"], "replaced", "10.0.0.77 to l", 15),  # that it never had before
    "new-then-own": (["10.0.0.77", "10.0.0.1"], "replaced", "10.0.0.77 to l", 15),
    "other-card": (["10.0.0.50"], "open", None, None),  # it stood beside the lost one
    "own": (["10.0.0.1"], "recovered", None, 15),
}


@pytest.fixture(scope="module")
def returns(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rows]:
    """What reports say of a store in which each of them is a cluster."""
    card, beside = row("a", 1, 1), on("a", "2", 1, 2) | {"initiator_address": "10.0.0.50"}
    others = [row("a", host, 1) for host in (2, 3)]
    before, away = [card, beside, *others], [beside, *others]
    clusters = {}
    for name, (addresses, *_) in RETURNS.items():
        first, *second = (
            [*away, card | {"initiator_address": address, "tsih": 9 + k}]
            for k, address in enumerate(addresses)
        )
        last = second[0] if second else first
        clusters[name] = [before, before, away, first, last, last]
    store = recorded(tmp_path_factory.mktemp("returns"), clusters)
    rows = reports(store, ["dropped-connections", "outages"], 0, 6)
    # Of which time it asks depends on what is still missing, in any cluster.
    rows["not-recovered"] = []
    for name in clusters:
        rows["not-recovered"] += reports(store, ["not-recovered"], 0, 6, [name])["not-recovered"]
    return rows


@pytest.mark.parametrize("name", RETURNS)
def test_a_host_that_comes_back_from_a_new_address_is_not_missing(
    returns: dict[str, Rows], name: str
) -> None:
    _, status, replaced_by, back_minute = RETURNS[name]

    def rows(report: str) -> Rows:
        return [r for r in returns[report] if r["cluster"] == name]

    lost, *_ = rows("dropped-connections")
    back = None if back_minute is None else START + timedelta(minutes=back_minute)
    assert (lost["status"], lost["replaced_by"], lost["back_by"]) == (status, replaced_by, back)
    assert lost["outage_max_seconds"] == (None if back is None else 600)
    outage, *_ = rows("outages")
    assert outage["status"] == status
    assert bool(rows("not-recovered")) == (status == "open")


def test_an_svm_that_lost_nothing_keeps_the_cluster_from_being_the_cause(tmp_path: Path) -> None:
    # One host stays in each stopped SVM, so that it is in scope without a list of SVMs.
    there = [on(svm, svm, host, host) for svm in ("1", "2", "3") for host in range(1, 14)]
    left = [r for r in there if r["svm_id"] == "3" or r["initiator"] == "iqn.h13"]
    rows = report_rows(tmp_path, "outages", there, left, left)
    assert {r["cause_kind"] for r in rows} == {"interface"}
    assert [r["paths"] for r in rows] == [12, 12]


def switched(root: Path, partner: str, minutes: Sequence[int]) -> Store:
    """An SVM whose sessions end in one cluster after ten minutes; the other's are at *minutes*."""
    there = [on("sql", lif, host, host) for lif in ("1", "2") for host in (1, 2, 3)]
    stays, other = on("web", "3", 9, 9), on("app", "4", 8, 8)
    here = [session | {"svm_id": "m", "svm": partner, "interface_id": "x"} for session in there]
    sites = {"c1": (there, [], (0, 5, 10, 15)), "c2": ([], here, minutes)}
    listed = svms("sql", "m", "web", "app", mirrored=("sql", "m"))
    if partner == "sql_b":
        listed |= {"metrocluster": mirrors({"sql": "sql_b"})}
    store = Store(root)
    for site, (before, after, at) in sites.items():
        snapshots = [
            lone("complete", [*rows, stays, other], minute)
            for minute, rows in zip(at, (before, before, after, after), strict=True)
        ]
        record_together(
            store,
            [replace(snapshot, cluster=site, inventories=listed) for snapshot in snapshots],
        )
    return store


def test_who_comes_to_the_other_site_days_later_has_not_switched_over(tmp_path: Path) -> None:
    day = 24 * 60
    store = switched(tmp_path, "sql-mc", (0, 5, 2 * day, 2 * day + 5))
    catalog = Catalog(store)
    window = ReportRequest(since=START.isoformat(), until=(START + timedelta(days=3)).isoformat())
    lost = run.run(catalog, header.reports()["dropped-connections"], window).records()
    assert [(r["cluster"], r["status"], r["replaced_by"]) for r in lost] == [
        ("c1", "open", None)
    ] * 6
    catalog.close()


@pytest.mark.parametrize("partner", ["sql-mc", "sql_b"])
def test_an_svm_that_switched_over_is_replaced_and_nobody_is_without_it(
    tmp_path: Path, partner: str
) -> None:
    """The array's own map names the partner; without a map the name does."""
    store = switched(tmp_path, partner, (0, 5, 10, 15))
    catalog = Catalog(store)
    window = ReportRequest(since=START.isoformat(), until=(START + 4 * STEP).isoformat())
    reports = header.reports()
    (outage,) = run.run(catalog, reports["outages"], window).records()
    assert (outage["cause_kind"], outage["status"], outage["severity"]) == (
        "svm", "replaced", "medium",
    )  # fmt: skip
    assert f"switched over to {partner} on c2" in outage["detail"]
    lost = run.run(catalog, reports["dropped-connections"], window).records()
    assert {(r["cluster"], r["status"], r["replaced_by"]) for r in lost} == {
        ("c1", "replaced", f"{partner} on c2")
    }
    came = run.run(catalog, reports["new-initiators"], window).records()
    assert {newcomer["initiator"] for newcomer in came} == {"iqn.h1", "iqn.h2", "iqn.h3"}
    for newcomer in came:
        assert "known from sql on c1, which switched over" in newcomer["detail"]
    catalog.close()
    # The rows are the same, whichever cluster is selected.
    for name, rows in {"outages": [outage], "dropped-connections": lost}.items():
        one_site = Catalog(store, ["c1"])
        assert run.run(one_site, reports[name], window).records() == rows
        one_site.close()
    other_site = Catalog(store, ["c2"])
    assert run.run(other_site, reports["new-initiators"], window).records() == came
    other_site.close()


def svms(*uuids: str, mirrored: Sequence[str] = ()) -> dict[str, Listing]:
    """A list of SVMs, so that one without rows is in scope."""
    rows = [
        dict.fromkeys(INVENTORIES["svms"].schema)
        | {"uuid": uuid, "name": uuid, "subtype": "sync_source" if uuid in mirrored else "default"}
        for uuid in uuids
    ]
    return {
        "svms": Listing("complete", None, pl.DataFrame(rows, schema=INVENTORIES["svms"].schema))
    }


def test_an_svm_that_is_listed_no_more_is_unknown_and_not_passed_over(tmp_path: Path) -> None:
    a, b = [row("a", host, host) for host in (1, 2)], [on("b", "2", 3, 3)]
    seen = [(a + b, "ab"), (a + b, "abc"), (b, "b"), (b, "b"), (a + b, "ab")]
    store = Store(tmp_path)
    record_together(
        store,
        [replace(lone("complete", rows, 5 * k), inventories=svms(*names))
         for k, (rows, names) in enumerate(seen)],
    )  # fmt: skip
    catalog = Catalog(store)
    window = ReportRequest(since=START.isoformat(), until=(START + 4 * STEP).isoformat())
    events = run.run(catalog, header.reports()["events"], window).records()
    assert [(e["change"], e["svm"], e["severity"], e["changed_by"]) for e in events] == [
        ("svm_not_listed", "a", "high", START + 2 * STEP),
        ("svm_not_listed", "c", "info", START + 2 * STEP),
        ("svm_listed_again", "a", "info", START + 4 * STEP),
    ]
    assert events[2]["detail"] == "SVM a listed again"
    assert events[0]["detail"] == (
        "SVM a not listed any more: deleted, or not visible to the account;"
        " what became of its 2 sessions is unknown"
    )
    for name in ("dropped-connections", "outages"):
        assert run.run(catalog, header.reports()[name], window).rows == []
    then = ReportRequest(at=(START + 3 * STEP).isoformat())
    unlisted = run.run(catalog, header.reports()["unlisted-svms"], then).records()
    assert [(row["svm"], row["snapshots_since"]) for row in unlisted] == [("a", 2)]
    catalog.close()


def test_an_svm_that_was_made_anew_under_its_name_is_told_apart(tmp_path: Path) -> None:
    old = row("a", 1, 1) | {"svm": "sql"}
    anew = old | {"svm_id": "b", "svm_uuid": "b", "tsih": 9}
    store = Store(tmp_path)
    for minute, rows in ((0, [old]), (5, [old]), (10, [anew])):
        uuid = rows[0]["svm_id"]
        listed = svms(uuid)["svms"]
        named = replace(listed, rows=listed.rows.with_columns(name=pl.lit("sql")))
        snapshot = lone("complete", rows, minute)
        record_together(store, [replace(snapshot, inventories={"svms": named})])
    catalog = opened(store, START + timedelta(minutes=10))
    at = ReportRequest(at=(START + timedelta(minutes=10)).isoformat())
    (finding,) = run.run(catalog, header.reports()["unlisted-svms"], at).records()
    catalog.close()
    assert "not visible to the account; another one of that name is listed" in finding["detail"]


def mirrors(partners: dict[str, str]) -> Listing:
    """The SVMs of a MetroCluster and their partners, by name."""
    rows = [
        dict.fromkeys(INVENTORIES["metrocluster"].schema)
        | {"uuid": name, "name": name, "partner": partner}
        for name, partner in partners.items()
    ]
    columns = INVENTORIES["metrocluster"].schema
    return Listing("complete", None, pl.DataFrame(rows, schema=columns))


def test_what_was_lost_stands_before_what_is_worse_of_the_array(tmp_path: Path) -> None:
    world = World(tmp_path, sessions=linux(1)).take()
    world.nodes["n2"]["state"] = "down"
    rows = world.without("lnx1", A1).take().ask("changes", before=T0, after=world.now)
    changes = [(row["change"], row["severity"]) for row in rows]
    assert changes == [("lost", "medium"), ("node_down", "high")]
