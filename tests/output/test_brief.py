"""Brief tables: the telling columns first, as many as fit."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from analyzer.collect import files
from analyzer.output import table
from analyzer.report import header, run
from analyzer.report.catalog import Catalog
from analyzer.report.run import Report, Request
from analyzer.store.layout import Store


@pytest.fixture
def lost(sample: Catalog) -> Report:
    return run.run(sample, header.reports()["dropped-connections"], Request())


@pytest.mark.parametrize("width", [40, 80, 120, 200])
def test_no_width_cuts_an_initiator_or_an_interface(lost: Report, width: int) -> None:
    words = set(table.render(lost, width).split())
    for row in lost.records():
        assert {row["initiator"], row["interface"], row["status"], row["severity"]} <= words


def test_a_wider_terminal_shows_more_of_the_telling_columns(lost: Report) -> None:
    narrow, wide = (table.render(lost, width) for width in (120, 170))
    assert "192.168.10.104" not in narrow
    assert "192.168.10.104" in wide
    for told in (narrow, wide):
        assert len([line for line in told.splitlines() if "iqn." in line]) == len(lost.rows)
        assert "Every column: --wide" in told


def test_wide_stacks_every_column(lost: Report) -> None:
    told = table.render(replace(lost, brief=()), 120)
    assert "path_sessions_left" in told
    assert "--wide" not in told


def test_rows_of_several_svms_say_whose_they_are(lost: Report) -> None:
    assert {row["svm"] for row in lost.records()} == {"svm_k8s", "svm_sql"}
    for line in table.render(lost, 120).splitlines():
        if line.startswith(("iqn", "svm_")):
            assert line.startswith("svm_")


def test_a_cluster_that_nobody_ever_saw_is_unknown_throughout(tmp_path: Path) -> None:
    store = Store(tmp_path)
    files.fail(store, "c1", datetime(2026, 11, 23), "HTTP 401")
    catalog = Catalog(store)
    request = Request(since="2026-11-22", until="2026-11-24")
    told = table.render(run.run(catalog, header.reports()["snapshots"], request), 120)
    assert "  unknown throughout: HTTP 401\n" in told
