"""Every query and every model, value by value, on DuckDB and on the engine."""

from typing import Any

import pytest
from support.engines import Twin

from analyzer.report import header, run
from analyzer.report.run import ReportRequest

MODELS = header.models()
REPORTS = header.reports()
# The dearest on the engine, which takes seconds to plan one; others read the same models.
DEAR = {"array-events", "changes", "compliance", "dropped-connections", "failover", "flapping",
        "initiators", "matrix", "not-recovered", "outages"}  # fmt: skip


def report_names(*, dear: bool) -> list[str]:
    return [name for name, query in REPORTS.items() if not query.only and (name in DEAR) == dear]


def read_by(names: list[str]) -> set[str]:
    """The models that these reports read, and those that these read in turn."""
    read: set[str] = set()
    waiting = {model for name in names for model in REPORTS[name].statement.tables}
    while waiting:
        name = waiting.pop()
        if name in MODELS and name not in read:
            read.add(name)
            waiting |= MODELS[name].statement.tables
    return read


def text_of(value: Any) -> str:
    """So that 1, 1.0 and true are three things."""
    return repr(value)


@pytest.mark.thorough  # every model is read by a report
@pytest.mark.parametrize("name", MODELS)
def test_a_model_has_the_same_rows(name: str, both: Twin) -> None:
    times = {
        "since": both.since, "until": both.until, "at": both.until, "before": None,
        "after": both.until, "now": both.until,
    }  # fmt: skip
    here, there = (catalog.run_query(MODELS[name], times) for catalog in (both.duckdb, both.spark))
    assert there.columns == here.columns
    assert sorted(map(text_of, there.rows)) == sorted(map(text_of, here.rows))


def test_the_dear_reports_read_no_model_that_the_others_leave_out() -> None:
    assert len(read_by(report_names(dear=False))) > 50
    assert read_by(report_names(dear=True)) <= read_by(report_names(dear=False))


@pytest.mark.parametrize("name", [
    *report_names(dear=False),
    *(pytest.param(name, marks=pytest.mark.thorough) for name in report_names(dear=True)),
])  # fmt: skip
def test_a_report_has_the_same_rows_in_the_same_order(
    name: str, both: Twin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANALYZER_NOW", both.until.isoformat())
    request = ReportRequest(since=both.since.isoformat(), until=both.until.isoformat())
    here, there = (
        run.run(catalog, REPORTS[name], request) for catalog in (both.duckdb, both.spark)
    )
    assert list(map(text_of, there.rows)) == list(map(text_of, here.rows))
    assert there == here
