"""Every query and every model, value by value, on DuckDB and on the engine."""

from typing import Any

import pytest
from support.engines import Twin

from analyzer.report import header, run
from analyzer.report.run import ReportRequest

MODELS = header.models()
REPORTS = header.reports()


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


@pytest.mark.parametrize("name", [name for name, report in REPORTS.items() if not report.only])
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
