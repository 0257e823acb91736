"""What holds of every query file, whoever wrote it."""

import random
import re
from pathlib import Path

import pytest

from analyzer.report import header, run
from analyzer.report.catalog import Catalog
from analyzer.report.run import Request

REPORTS = header.reports()
MODELS = header.models()


def window() -> Request:
    return Request(since="2026-11-22T00:00:00Z", until="2026-11-24T00:00:00Z")


@pytest.mark.parametrize("name", MODELS)
def test_a_model_returns_the_columns_that_it_declares(name: str, sample: Catalog) -> None:
    asked = MODELS[name]
    bound = dict.fromkeys(header.STANDARD) | {param.name: param.default for param in asked.params}
    text = header.compose(asked, MODELS)
    for needed in MODELS.values():
        bound |= {param.name: param.default for param in needed.params}
    assert [column for column, _ in sample.describe(text, bound)] == list(asked.columns)


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_runs_bare_and_says_the_same_twice(name: str, sample: Catalog) -> None:
    asked = REPORTS[name]
    one, other = (run.run(sample, asked, window()) for _ in range(2))
    assert one.rows == other.rows
    assert one.coverage == other.coverage


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_uses_every_parameter_that_it_declares(name: str) -> None:
    text = header.compose(REPORTS[name], MODELS)
    for param in REPORTS[name].params:
        assert re.search(rf"\${param.name}\b", text), f"{name} declares {param.name} for nothing"


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_ends_in_an_order(name: str) -> None:
    body = REPORTS[name].text.lower()
    assert "order by" in body[body.rindex("\nfrom ") if "\nfrom " in body else 0 :]


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_says_what_it_is_in_sentences(name: str) -> None:
    asked = REPORTS[name]
    assert asked.description.endswith("."), "a description is made of sentences"
    assert all(sentence.strip() for sentence in asked.columns.values())
    if asked.kind == "finding":
        assert {"severity", "detail"} <= set(asked.columns)


def test_a_file_dropped_into_a_folder_is_a_report_with_its_own_help(tmp_path: Path) -> None:
    (tmp_path / "aliases.sql").write_text(
        '-- /// query\n-- title = "Aliases"\n-- description = "Who calls itself what."\n'
        '-- over = "instant"\n-- [columns]\n-- alias = "What it calls itself"\n-- ///\n'
        "select distinct alias from spells order by all\n"
    )
    assert header.reports([tmp_path])["aliases"].title == "Aliases"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("select 1", "does not open with"),
        ("-- /// query\n-- title = \n-- ///\nselect 1", "not TOML"),
        ('-- /// query\n-- titel = "x"\n-- ///\nselect 1', "unknown key 'titel'"),
        ('-- /// query\n-- title = "x"\n-- ///\nselect 1', "[columns]"),
    ],
)
def test_a_malformed_file_is_named_with_what_is_wrong(
    tmp_path: Path, text: str, complaint: str
) -> None:
    path = tmp_path / f"bad{random.randrange(10**9)}.sql"
    path.write_text(text)
    with pytest.raises(header.UsageError) as caught:
        header.parse(path)
    assert str(path) in str(caught.value)
    assert complaint in str(caught.value)
