"""The policy file: what it may say, and what it is told when it says something else."""

from datetime import datetime
from pathlib import Path

import pytest

from analyzer import policy
from analyzer.errors import UsageError


def test_without_a_file_every_table_is_there_and_empty() -> None:
    made = policy.tables(None)
    assert set(made) == {"policy", "host_names", "fabrics", "accepted", "limits"}
    assert all(columns and rows == [] for columns, rows in made.values())


def test_wildcards_become_like_patterns(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text('[[expect]]\ninitiator = "IQN.2026-11.example:a_b*"\npaths = 4\n')
    columns, rows = policy.tables(path)["policy"]
    told = dict(zip(columns, rows[0], strict=True))
    assert told["pattern"] == r"iqn.2026-11.example:a\_b%"
    assert (told["place"], told["paths"], told["igroup"]) == (1, 4, None)


def test_a_date_is_its_midnight(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text("[[accept]]\nuntil = 2027-01-31\n")
    columns, rows = policy.tables(path)["accepted"]
    assert dict(zip(columns, rows[0], strict=True))["until"] == datetime(2027, 1, 31)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[expects]]\npaths = 4\n", ("'expects'", "'expect'")),
        ("[[expect]]\npath = 4\n", ("'path'", "'paths'")),
        ('[[expect]]\npaths = "4"\n', ("'paths'", "whole number")),
        ("[[limits]]\nnode = 'n1'\n", ("'sessions' is missing",)),
        ("[expect]\npaths = 4\n", ("[[expect]]",)),
        ("[[accept]]\nuntil = '2027-01-31'\n", ("without quotes",)),
        ("[[expect]\n", ("policy.toml",)),
    ],
)
def test_what_it_cannot_mean_is_refused_with_the_words_to_mend_it(
    tmp_path: Path, text: str, words: tuple[str, ...]
) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        policy.tables(path)
    assert all(word in str(caught.value) for word in words)
