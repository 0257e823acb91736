"""A bound of a benchmark is a sentence that can be false."""

import json
import shutil
from pathlib import Path

import pytest

from benchmarks import __main__ as benchmarks
from benchmarks import figure as figures
from benchmarks.figure import Figure, Median, budget, middle, table


def figure(ours: float, other: float, bound: str) -> Figure:
    return Figure("folding", ours, other, "s", "floor: a hash join", bound)


@pytest.mark.parametrize(
    ("ours", "other", "bound", "holds"),
    [
        (1.0, 300.0, "<= 1/300", True),
        (1.1, 300.0, "<= 1/300", False),
        (3.0, 2.0, "<= 1.5", True),
        (3.0, 2.0, "< 1.5", False),
        (10.0, 20.0, ">= 0.5", True),
        (6.0, 1.0, "-", None),
    ],
)
def test_a_bound_is_held_against_the_ratio(
    ours: float, other: float, bound: str, *, holds: bool | None
) -> None:
    assert figure(ours, other, bound).holds is holds


def test_a_budget_is_a_bound_too() -> None:
    assert budget("a round", 60.0, 60, "s").holds is True
    assert budget("a round", 60.1, 60, "s").holds is False


def test_a_bound_that_cannot_be_read_is_an_error() -> None:
    with pytest.raises(ValueError, match="is no bound"):
        figure(1, 1, "about 3").holds  # noqa: B018  # a property that raises


@pytest.mark.parametrize(
    ("ours", "other", "runs"),
    [
        (Median(1, 5), Median(2, 5), "5"),
        (Median(1, 5), Median(20, 1), "5/1"),
        (Median(1, 5), 3.0, "5"),
        (10.0, 20.0, ""),
    ],
)
def test_a_figure_says_how_many_runs_it_is_the_median_of(
    ours: float, other: float, runs: str
) -> None:
    assert figure(ours, other, "-").runs == runs


def test_what_is_slow_is_measured_once_and_all_else_five_times() -> None:
    seconds = iter([0.0, 11.0, *range(100, 110)])
    assert middle(lambda: None, clock=lambda: next(seconds)).runs == 1
    assert middle(lambda: None, clock=lambda: next(seconds)).runs == 5


@pytest.mark.parametrize(("ours", "exit_status"), [(4.0, 0), (9.0, 1)])
def test_a_run_is_shown_beside_the_last_one_kept_and_fails_with_a_bound(
    ours: float, exit_status: int, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    file, results = tmp_path / "bench.json", tmp_path / "results"
    results.mkdir()
    monkeypatch.setattr(figures, "RESULTS", results)
    for seconds in (5.0, ours):
        measured = [figure(Median(seconds, 5), Median(2, 5), "<= 3")]
        monkeypatch.setattr(benchmarks, "RUNS", {"pair": (lambda m=measured: m, None)})
        status = benchmarks.main(["pair", "--json", str(file)])
        shutil.copy(file, results / "2026-11-26-abc.json")
        text = capsys.readouterr().out
    assert status == exit_status
    assert " 2.5 " in text  # the ratio of the first run, beside that of the second
    assert (f"bounds that hold: {1 - exit_status}, that do not: {exit_status}") in text
    run = json.loads(file.read_text())
    assert run["figures"] == {"folding / floor: a hash join": ours / 2}
    assert run["details"][0]["holds"] is (exit_status == 0)
    assert {"date", "commit", "machine", "parts"} <= set(run)


def test_a_part_that_breaks_fails_the_run_and_hides_no_other(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = {"week": (list, lambda: next(iter([]))), "pair": (list, lambda: [figure(4, 2, "-")])}
    monkeypatch.setattr(benchmarks, "RUNS", runs)
    assert benchmarks.main(["--quick"]) == 1
    output = capsys.readouterr()
    assert "could not be measured: week" in output.out
    assert "folding" in output.out
    assert "StopIteration" in output.err


def test_the_table_says_which_bound_does_not_hold() -> None:
    assert " NO " in table([figure(9, 3, "<= 2")])
    assert " yes " in table([figure(4, 3, "<= 2")])
