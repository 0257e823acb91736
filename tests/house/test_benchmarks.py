"""A bound of a benchmark is a sentence that can be false."""

import json
from pathlib import Path

import pytest

from benchmarks.figure import Figure, Run, save, table


def figure(ours: float, other: float, bound: str) -> Figure:
    return Figure("folding", ours, other, "s", "a hash join", bound)


@pytest.mark.parametrize(
    ("ours", "other", "bound", "holds"),
    [
        (1.0, 300.0, "<= 1/300", True),
        (1.1, 300.0, "<= 1/300", False),
        (3.0, 2.0, "<= 1.5", True),
        (3.0, 2.0, "< 1.5", False),
        (10.0, 20.0, ">= 0.5", True),
        (6.0, 1.0, "<= 5 s", False),
        (6.0, 1.0, "-", None),
    ],
)
def test_a_bound_is_held_against_the_ratio_or_the_seconds(
    ours: float, other: float, bound: str, *, holds: bool | None
) -> None:
    assert figure(ours, other, bound).holds is holds


def test_a_bound_that_cannot_be_read_is_an_error() -> None:
    with pytest.raises(ValueError, match="is no bound"):
        figure(1, 1, "about 3").holds  # noqa: B018  # a property that raises


def test_the_table_says_which_bound_does_not_hold_and_what_the_run_before_had() -> None:
    before = Run("2026-11-01T00:00:00Z", "abc", "2 cores", {"folding / a hash join": 2.5})
    text = table([figure(9, 3, "<= 2")], before)
    assert " NO " in text
    assert " 2.5 " in text


def test_a_run_that_is_saved_is_one_that_can_be_compared_with(tmp_path: Path) -> None:
    save([figure(9, 3, "<= 2")], tmp_path / "bench.json")
    run = json.loads((tmp_path / "bench.json").read_text())
    assert run["figures"] == {"folding / a hash join": 3.0}
    assert run["details"][0]["holds"] is False
    assert {"date", "commit", "machine"} <= set(run)
