"""The one wildcard: ``*``, whatever the case of letters, and nothing else is special."""

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.pattern import like, matches

PIECES = st.text(alphabet="abA%_^?[]*.\\ä", max_size=12)


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("prod-*", "PROD-A", True),
        ("PROD-?", "prod-a", False),
        ("[a]", "a", False),
        ("[a]", "[A]", True),
        ("*", "", True),
        ("a*b*c", "a-b-b-c", True),
        ("a*bc*bd", "abcxbd", True),
        ("a*a", "a", False),
        ("a.c", "abc", False),
        ("*\n*", "a\nb", True),
    ],
)
def test_a_star_stands_for_anything(pattern: str, name: str, *, expected: bool) -> None:
    assert matches(pattern, name) is expected


@given(pattern=PIECES, name=PIECES)
def test_python_and_sql_agree(pattern: str, name: str) -> None:
    sql = "select lower($name) like $pattern escape '^'"
    (answer,) = duckdb.execute(sql, {"name": name, "pattern": like(pattern)}).fetchone() or ()
    assert answer is matches(pattern, name)
