"""Every query and every model, value by value, on DuckDB and on the engine."""

from typing import Any

import pytest
from support.engines import Twin

from analyzer.report import header, run
from analyzer.report.run import ReportRequest

MODELS = header.models()
REPORTS = header.reports()


def told(value: Any) -> str:
    """So that 1, 1.0 and true are three things."""
    return repr(value)


@pytest.mark.parametrize("name", MODELS)
def test_a_model_has_the_same_rows(name: str, both: Twin) -> None:
    times = {
        "since": both.since, "until": both.until, "at": both.until, "before": None,
        "after": both.until, "now": both.until,
    }  # fmt: skip
    here, there = (one.run_query(MODELS[name], times) for one in (both.duckdb, both.spark))
    assert there.columns == here.columns
    assert sorted(map(told, there.rows)) == sorted(map(told, here.rows))


@pytest.mark.parametrize("name", [name for name, asked in REPORTS.items() if not asked.only])
def test_a_report_has_the_same_rows_in_the_same_order(
    name: str, both: Twin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANALYZER_NOW", both.until.isoformat())
    request = ReportRequest(since=both.since.isoformat(), until=both.until.isoformat())
    here, there = (run.run(one, REPORTS[name], request) for one in (both.duckdb, both.spark))
    assert list(map(told, there.rows)) == list(map(told, here.rows))
    assert there == here
