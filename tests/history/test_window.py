"""Which losses belong to a window."""

from datetime import timedelta
from pathlib import Path

from support import catalogs
from support.snapshot_rows import START, lone, row, stored

from analyzer import history
from analyzer.report import header, run
from analyzer.report.run import ReportRequest
from analyzer.store.layout import Store


def lost(store: Store, since: int, until: int) -> list[tuple[object, ...]]:
    """Initiator, lost by (minutes) and status of every row of dropped-connections."""
    catalog = catalogs.opened(store, START + timedelta(days=1))
    times = [(START + timedelta(minutes=minute)).isoformat() for minute in (since, until)]
    report = header.reports()["dropped-connections"]
    rows = run.run(catalog, report, ReportRequest(since=times[0], until=times[1])).records()
    return [(r["initiator"], (r["lost_by"] - START).seconds // 60, r["status"]) for r in rows]


def test_a_loss_belongs_to_every_window_that_overlaps_the_time_it_was_away(
    tmp_path: Path,
) -> None:
    hosts = [(0, [1, 2, 3]), (5, [3]), (10, [1, 3]), (60, [1, 3]), (65, [1, 3])]
    store = stored(str(tmp_path), "one", [lone("complete", [row("a", h, 1) for h in there], m) for m, there in hosts])  # fmt: skip
    # h1 was missed by one snapshot only, h2 is gone.
    assert lost(store, 0, 70) == [("iqn.h2", 5, "open")]
    assert lost(store, 58, 70) == [("iqn.h2", 5, "open")]
    history.record(store, lone("complete", [row("a", h, 9) for h in (1, 2, 3)], 70))
    assert lost(store, 0, 70) == [("iqn.h2", 5, "recovered")]
    assert lost(store, 58, 62) == [("iqn.h2", 5, "recovered")]
    assert lost(store, 71, 80) == []


def test_a_loss_belongs_to_a_window_that_its_interval_touches(
    tmp_path: Path,
) -> None:
    store = stored(
        str(tmp_path), "one",
        [lone("complete", [row("a", 1, 1), row("a", 2, 1)], 0), lone("complete", [row("a", 1, 1)], 30),
         lone("complete", [row("a", 1, 1), row("a", 2, 5)], 60)],
    )  # fmt: skip
    assert lost(store, 10, 20) == [("iqn.h2", 30, "recovered")]
    assert lost(store, 31, 50) == [("iqn.h2", 30, "recovered")]
    assert lost(store, 61, 70) == []
