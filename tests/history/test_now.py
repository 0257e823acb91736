"""Nothing later than the clock is seen, however the store has grown since."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count, repeat
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.array_builder import A1, T0, World, linux
from support.effort import few
from support.snapshot_rows import STEP, stored
from test_laws import histories

from analyzer import clock
from analyzer.demo import at
from analyzer.engine.duckdb import DuckDB
from analyzer.report import run, status
from analyzer.report.catalog import Catalog
from analyzer.report.run import ReportRequest
from analyzer.schema import TABLES
from analyzer.store.layout import Store
from analyzer.store.snapshot import Snapshot

REPORTS = ("dropped-connections", "coverage", "initiators")


def answers(store: Store) -> dict[str, object]:
    """Every table, and reports of a window, of a span of time and of an instant."""
    catalog = Catalog(store)
    names = ["attempts", *(table.name for table in TABLES)]
    answers: dict[str, object] = {
        name: sorted(catalog.run(f"from {name}").rows, key=str) for name in names
    }
    for name in REPORTS:
        try:
            answers[name] = run.run(
                catalog, catalog.reports[name], ReportRequest(until="2099-01-01")
            )
        except run.NothingSeen as error:
            answers[name] = str(error)
    catalog.close()
    return answers


@few
@given(histories(), st.data())
def test_every_table_and_report_is_as_it_was_at_the_clock(
    snapshots: list[Snapshot], data: st.DataObject
) -> None:
    number = data.draw(st.integers(1, len(snapshots)))
    now = snapshots[number - 1].taken_at + data.draw(st.sampled_from([STEP / 2, STEP * 0]))
    with TemporaryDirectory() as folder, at(now):
        before = answers(stored(folder, "store", snapshots[:number]))
        assert answers(stored(folder, "store", snapshots[number:])) == before


def test_what_is_asked_while_the_clock_goes_on_has_one_present(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path / "store", "prod-a", sessions=[*linux(1), *linux(2)])
    world.take(2).without("lnx1").take()
    tables: list[str] = []
    create = DuckDB.create_table

    def created(engine: DuckDB, name: str, *rest: Any) -> None:
        tables.append(name)
        create(engine, name, *rest)

    monkeypatch.setattr(DuckDB, "create_table", created)

    def answers(seconds: Iterator[int]) -> tuple[set[datetime], list[str]]:
        monkeypatch.setattr(clock, "now", lambda: T0 + timedelta(hours=1, seconds=next(seconds)))
        tables.clear()
        catalog = Catalog(Store(tmp_path / "store"))
        answer = status.status(catalog)
        catalog.close()
        reports = [answer.clusters, *(part.report for part in answer.parts if part.report)]
        return {report.window[1] for report in reports}, list(tables)

    assert answers(count()) == answers(repeat(0))


@pytest.mark.parametrize("minutes", [2, 60])
def test_an_identity_is_text_and_no_template(tmp_path: Path, minutes: int) -> None:
    svm = "{l} {0} ' %s"
    world = World(tmp_path, sessions=linux(1, (replace(A1, svm=svm),)), lifs=[replace(A1, svm=svm)])
    world.take(2)
    with at(T0 + timedelta(minutes=minutes)):
        catalog = Catalog(Store(tmp_path))
        assert catalog.run("select svm from spells").rows == [(svm,)]
        catalog.close()
