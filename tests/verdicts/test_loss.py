"""What is a loss, and what only looks like one."""

from pathlib import Path
from typing import Any

from plain import START, STEP, lone, row, stored

from analyzer import query, report
from analyzer.catalog import Catalog
from analyzer.report import Request


def told(folder: Path, name: str, *listings: list[dict[str, Any]], since: int = 0) -> list[Any]:
    """Rows of a report over listings five minutes apart, from the snapshot *since* on."""
    snapshots = [lone("complete", rows, 5 * k) for k, rows in enumerate(listings)]
    catalog = Catalog(stored(str(folder), "one", snapshots))
    times = [(START + STEP * k).isoformat() for k in (since, len(listings))]
    found = report.run(catalog, query.reports()[name], Request(since=times[0], until=times[1]))
    catalog.close()
    return found.records()


def on(svm: str, lif: str, host: int, login: int) -> dict[str, Any]:
    place = {"interface_id": lif, "interface_uuid": lif, "interface": lif}
    address = {"interface_address": f"10.1.1.{lif}", "target_portal_group": lif}
    return row(svm, host, login) | place | address | {"igroups": None}


def test_what_looks_different_in_one_snapshot_was_there_all_the_time(tmp_path: Path) -> None:
    same = [row("a", host, 1) for host in (1, 2)]
    other = [same[0] | {"alias": "other"}, same[1]]
    assert told(tmp_path / "losses", "dropped-connections", same, other, same) == []
    changes = [r["change"] for r in told(tmp_path / "events", "events", same, other, same)]
    assert changes == ["alias_changed", "alias_changed"]


def test_a_connection_of_several_that_one_snapshot_missed_was_never_away(tmp_path: Path) -> None:
    both = [row("a", 1, 1) | {"connections": 2, "cid": k, "initiator_port": k} for k in (0, 1)]
    missed = [both[0] | {"connections": 1}]
    assert told(tmp_path, "events", both, missed, both) == []


def test_a_loss_of_some_sessions_that_is_still_open_belongs_to_later_windows(
    tmp_path: Path,
) -> None:
    eight = [row("a", 1, k) | {"isid": f"00:{k}"} for k in range(8)]
    rows = told(tmp_path, "dropped-connections", eight, *[eight[:5]] * 9, since=5)
    assert [(r["sessions_lost"], r["path_sessions_left"], r["status"]) for r in rows] == [
        (3, 5, "open")
    ]


def test_an_svm_that_lost_nothing_keeps_the_cluster_from_being_the_cause(tmp_path: Path) -> None:
    # One host stays in each stopped SVM, so that it is in scope without a list of SVMs.
    there = [on(svm, svm, host, host) for svm in ("1", "2", "3") for host in range(1, 14)]
    left = [r for r in there if r["svm_id"] == "3" or r["initiator"] == "iqn.h13"]
    rows = told(tmp_path, "outages", there, left, left)
    assert {r["cause_kind"] for r in rows} == {"interface"}
    assert [r["paths"] for r in rows] == [12, 12]
