"""Forecasts against series whose truth is known, made from a seed."""

import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from math import ceil
from pathlib import Path
from typing import Any

import pytest

from analyzer.config import policy
from analyzer.report import header
from analyzer.report.catalog import Catalog
from analyzer.store.layout import Store

FIRST = date(2026, 1, 5)
LIMIT = 1000
Series = dict[date, int]


def forecast(
    tmp_path: Path, series: dict[str, Series], seconds: int = 86400
) -> list[dict[str, Any]]:
    """The report's rows, with these daily peaks in place of those of a history."""
    days = [
        ["c", node, day, sessions, seconds, 86400]
        for node, levels in series.items()
        for day, sessions in levels.items()
    ]
    last = max(day for levels in series.values() for day in levels)
    tables = policy.tables(None) | {
        "daily_peaks": (
            {"cluster": "varchar", "node": "varchar", "day": "date", "sessions": "bigint",
             "seconds": "bigint", "possible": "bigint"},
            days,
        ),
        "node_limits": (
            {"cluster": "varchar", "node": "varchar", "most": "bigint"},
            [["c", node, LIMIT] for node in series if not node.startswith("free")],
        ),
    }  # fmt: skip
    report = header.reports()["forecast"]
    catalog = Catalog(Store(tmp_path), tables=tables)
    try:
        at = datetime(last.year, last.month, last.day, 23)  # naive means UTC
        return catalog.run_query(report, {"at": at}).records()
    finally:
        catalog.close()


def grown(seed: int) -> tuple[Series, date, date]:
    """A noisy history, the day on which its trend meets the limit, and the first day that does.

    Growth, weekday rhythm, noise, gaps, spikes, and in every third one a step that the truth
    includes.
    """
    dice = random.Random(seed)
    length = dice.randint(35, 120)
    slope = dice.uniform(0.8, 4)
    level = dice.uniform(200, 500)
    rhythm = [dice.uniform(-25, 25) for _ in range(5)] + [dice.uniform(-60, -20) for _ in range(2)]
    middle = sorted(rhythm)[3]
    noise = dice.uniform(1, 12)
    step_at = dice.randint(10, length - 20) if seed % 3 == 0 else None
    step = dice.choice((-1, 1)) * dice.uniform(100, 180)

    def trend(day: int) -> float:
        return level + slope * day + (step if step_at is not None and day >= step_at else 0)

    def peak(day: int) -> int:
        spike = dice.uniform(30, 90) if dice.random() < 0.02 else 0
        return round(trend(day) + rhythm[day % 7] + dice.gauss(0, noise) + spike)

    series = {}
    gap = dice.randint(0, length - 8)
    for day in range(length):
        observed = peak(day)
        if not gap <= day < gap + 3:
            series[FIRST + timedelta(day)] = observed
    after = length
    while peak(after) < LIMIT:
        after += 1
    meets = ceil((LIMIT - middle - trend(0) - (step if step_at else 0)) / slope)
    return series, FIRST + timedelta(meets), FIRST + timedelta(after)


Run = tuple[Series, date, date]


@pytest.fixture(scope="module")
def hundred(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[dict[str, Run], list[dict[str, Any]]]:
    """A hundred histories, and the rows of one report over all of them."""
    runs = {f"n{seed:03d}": grown(seed) for seed in range(100)}
    series = {node: series for node, (series, _, _) in runs.items()}
    return runs, forecast(tmp_path_factory.mktemp("hundred"), series)


def test_the_true_day_is_within_the_range_in_at_least_90_of_100_runs(
    hundred: tuple[dict[str, Run], list[dict[str, Any]]],
) -> None:
    runs, rows = hundred
    by_node = {row["node"]: row for row in rows}
    for truth in (1, 2):
        inside = [
            node
            for node, run in runs.items()
            if node in by_node
            and by_node[node]["status"] == "forecast"
            and by_node[node]["earliest"] <= run[truth]
            and (by_node[node]["latest"] is None or run[truth] <= by_node[node]["latest"])
        ]
        assert len(inside) >= 90, sorted(set(runs) - set(inside))


def test_a_range_is_narrow_enough_to_plan_with(
    hundred: tuple[dict[str, Run], list[dict[str, Any]]],
) -> None:
    _, rows = hundred
    ends = [row for row in rows if row["latest"] is not None]
    assert len(ends) >= 85
    widths = sorted(
        (row["latest"] - row["earliest"]).days / max(row["days_left"], 30) for row in ends
    )
    assert widths[len(widths) // 2] < 1.5


def days(count: int, sessions: Callable[[int], float]) -> Series:
    return {FIRST + timedelta(day): round(sessions(day)) for day in range(count)}


def test_steady_growth_is_met_to_the_day(tmp_path: Path) -> None:
    (row,) = forecast(tmp_path, {"n1": days(30, lambda day: 500 + 5 * day)})
    assert (row["status"], row["sessions"], row["used"]) == ("forecast", 645, 64.5)
    assert (row["medium_on"], row["high_on"], row["reached_on"]) == (
        FIRST + timedelta(60), FIRST + timedelta(80), FIRST + timedelta(100),
    )  # fmt: skip
    assert row["earliest"] <= row["reached_on"] <= row["latest"]
    # Ninety days after the last one, unless another day is named.
    assert (row["on"], row["sessions_on"]) == (FIRST + timedelta(119), 500 + 5 * 119)
    assert row["sessions_on_low"] <= row["sessions_on"] <= row["sessions_on_high"]


def test_a_step_is_recognised_and_is_not_growth(tmp_path: Path) -> None:
    row, *_ = forecast(tmp_path, {"n1": days(60, lambda day: 400 + (200 if day >= 30 else 0))})
    assert row["step_on"] == FIRST + timedelta(30)
    assert row["status"] == "not growing"


@pytest.mark.parametrize(
    ("series", "status", "words"),
    [
        (days(13, lambda day: 500 + 5 * day), "not forecastable", "13 days"),
        (days(40, lambda day: 700 - day), "not growing", "do not grow"),
        (days(40, lambda day: 700), "not growing", "do not grow"),
        (days(40, lambda day: 400 + (300 if day >= 32 else 0)), "not forecastable", "stepped"),
        ({day: n for day, n in days(60, lambda day: 400 + day).items() if day.day % 3},
         "not forecastable", "% of the time"),
    ],
)  # fmt: skip
def test_there_is_no_forecast_where_there_should_be_none(
    tmp_path: Path, series: Series, status: str, words: str
) -> None:
    rows = forecast(tmp_path, {"n1": series})
    assert [row["status"] for row in rows] == [status]
    assert words in rows[0]["detail"]
    assert rows[0]["reached_on"] is rows[0]["earliest"] is rows[0]["latest"] is None


def test_no_limit_is_invented(tmp_path: Path) -> None:
    rows = forecast(tmp_path, {"free": days(40, lambda day: 500 + 5 * day)})
    assert [(row["status"], row["limit"], row["reached_on"]) for row in rows] == [
        ("no limit", None, None)
    ]
    assert rows[0]["sessions_per_week"] == 35


def test_what_is_past_the_limit_is_reached(tmp_path: Path) -> None:
    rows = forecast(
        tmp_path,
        {"n1": days(40, lambda day: 990 + day), "n2": days(40, lambda day: 850 + day)},
    )
    assert [row["status"] for row in rows] == ["reached", "forecast"]
    assert rows[0]["reached_on"] is rows[0]["medium_on"] is None
    assert rows[1]["medium_on"] is None
    assert rows[1]["high_on"] is not None
