"""Nothing later than the clock is seen, however the store has grown since."""

from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.effort import few
from support.snapshot_rows import STEP, stored
from test_laws import histories

from analyzer.demo import at
from analyzer.report import run
from analyzer.report.catalog import Catalog
from analyzer.report.run import ReportRequest
from analyzer.schema import TABLES
from analyzer.store.layout import Store
from analyzer.store.snapshot import Snapshot


def tables(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    catalog = Catalog(store)
    names = ["attempts", *(table.name for table in TABLES)]
    rows = {name: sorted(catalog.run(f"from {name}").rows, key=str) for name in names}
    catalog.close()
    return rows


@few
@given(histories(), st.data())
def test_every_table_is_as_it_was_at_the_clock(
    snapshots: list[Snapshot], data: st.DataObject
) -> None:
    count = data.draw(st.integers(1, len(snapshots)))
    now = snapshots[count - 1].taken_at + data.draw(st.sampled_from([STEP / 2, STEP * 0]))
    with TemporaryDirectory() as folder, at(now):
        before = tables(stored(folder, "before", snapshots[:count]))
        assert tables(stored(folder, "after", snapshots)) == before


@few
@given(histories(), st.data())
@pytest.mark.parametrize("name", ["dropped-connections", "coverage", "initiators"])
def test_a_report_is_as_it_was_at_the_clock(
    name: str, snapshots: list[Snapshot], data: st.DataObject
) -> None:
    count = data.draw(st.integers(1, len(snapshots)))
    answers = []
    with TemporaryDirectory() as folder, at(snapshots[count - 1].taken_at):
        for kind, taken in (("before", snapshots[:count]), ("after", snapshots)):
            catalog = Catalog(stored(folder, kind, taken))
            try:
                answers.append(
                    run.run(catalog, catalog.reports[name], ReportRequest(until="2099-01-01"))
                )
            except run.NothingSeen as error:
                answers.append(str(error))
            catalog.close()
    assert answers[0] == answers[1]
