"""Whether somebody new is in an igroup: what the sessions and the inventory say of it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.snapshot_rows import START, STEP, lone, row, stored

from analyzer.inventories import INVENTORIES
from analyzer.report import header, run
from analyzer.report.catalog import Catalog
from analyzer.report.run import ReportRequest
from analyzer.store.snapshot import Listing


def listing(*initiators: str) -> dict[str, Listing]:
    """A list of igroups: one that has these initiators."""
    schema = INVENTORIES["igroups"].schema
    group = {"uuid": "g", "name": "ig_sql", "svm_uuid": "a", "svm": "a", "protocol": "iscsi"}
    rows = [dict.fromkeys(schema) | group | {"initiators": list(initiators)}]
    return {"igroups": Listing("complete", None, pl.DataFrame(rows, schema=schema))}


def newcomer(
    folder: Path, igroups: list[dict[str, str]] | None, inventory: dict[str, Listing]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is said of h2, which logs in beside h1; sessions of h1 say *igroups*."""
    first = row("a", 1, 1) | {"igroups": igroups}
    second = row("a", 2, 1) | {"igroups": None}
    snapshots = [lone("complete", [first], 0), lone("complete", [first, second], 5)]
    catalog = Catalog(
        stored(
            str(folder), "one", [replace(snapshot, inventories=inventory) for snapshot in snapshots]
        )
    )
    times = {"since": START.isoformat(), "until": (START + STEP).isoformat()}
    reports = header.reports()
    (new,) = run.run(catalog, reports["new-initiators"], ReportRequest(**times)).records()
    at = ReportRequest(at=(START + STEP).isoformat())
    rows = run.run(catalog, reports["initiators"], at).records()
    catalog.close()
    return new, next(row for row in rows if row["initiator"] == "iqn.h2")


@pytest.mark.parametrize("igroups", [None, [{"uuid": "g", "name": "ig_sql"}]])
def test_a_newcomer_that_the_inventory_has_in_an_igroup_is_in_one(
    igroups: list[dict[str, str]] | None, tmp_path: Path
) -> None:
    new, there = newcomer(tmp_path, igroups, listing("iqn.h1", "iqn.h2"))
    assert (new["severity"], new["igroups"]) == ("info", ["ig_sql"])
    assert (there["note"], there["igroups"]) == (None, ["ig_sql"])


def test_a_newcomer_that_neither_sessions_nor_inventory_have_in_one_is_in_none(
    tmp_path: Path,
) -> None:
    new, there = newcomer(tmp_path, None, listing("iqn.h1"))
    assert (new["severity"], new["igroups"]) == ("high", None)
    assert "in no igroup" in new["detail"]
    assert there["note"] == "in no igroup"


def test_where_nobody_says_who_is_in_an_igroup_nobody_is_in_none(tmp_path: Path) -> None:
    new, there = newcomer(tmp_path, None, {})
    assert (new["severity"], new["detail"]) == ("info", "never seen in this SVM before")
    assert there["note"] is None
