"""What DuckDB and Spark understand differently, rule by rule, told by both of them."""

import pytest
from support.engines import Twin

from analyzer.engine.spark import translate
from analyzer.errors import UsageError
from analyzer.report.catalog import Catalog

# What is said here is about no history.
pytestmark = pytest.mark.parametrize("both", ["recorded"], indirect=True)

ROWS = """
with t as (
  select * from (values
    ('a', 1, 0.285::double, timestamp '2026-01-01 00:00:59'),
    (null, 2, 2.5, timestamp '2026-01-04 00:01:00'),
    ('c', 4, -0.5, timestamp '2026-01-05 12:00:00.5'),
    ('c', 9, 7.0, null)) v(x, n, r, moment)
)
"""
SAME = {
    "a list keeps its nulls, at its end": "list_sort(list(x))",
    "a list of distinct values does so too": "list_sort(list(distinct x))",
    "a list of nothing is null": "list_sort(list(x) filter (where n > 99))",
    "past the end of a list there is nothing": "list_sort(list(x))[9]",
    "what a null belongs to is not the greatest": "max_by(x, -n) || min_by(x, n)",
    "a text is put together in order": "string_agg(distinct x, ', ' order by x)",
    "a cast rounds": "list_sort(list(r::bigint))",
    "a quotient is no whole number": "sum(n) / 3",
    "a quotient of decimals is none": "round(100.0 * sum(n) / 7, 1)",
    "a binary number is rounded as it is": "max(round(r, 2)) || ' ' || min(round(0.285 + r - r, 2))",
    "the week begins on Monday": "list_sort(list(isodow(moment)))",
    "minutes are counted by their turns": "date_diff('minute', min(moment), max(moment))",
    "seconds have fractions": "max(epoch(moment))",
    "an instant is written as it always is": "max(strftime(moment, '%Y-%m-%dT%H:%M:%SZ'))",
    "a length is a list's": "len(list(x))",
    "what is not in a list with nulls is not in it": "list_contains(list(x), 'zz')",
    "the middle, and the distance from it": "median(n)",
    "a day is cut": "max(date_trunc('day', moment))",
    "days lie between dates": "max(moment::date) - min(moment::date)",
    "an interval is made": "max(moment) - to_minutes(3::bigint) - to_days(2)",
}


@pytest.mark.parametrize("expression", SAME)
def test_an_expression_means_the_same(expression: str, both: Twin) -> None:
    text = f"{ROWS} select {SAME[expression]} as it from t"
    here, there = both.duckdb.run(text), both.spark.run(text)
    assert repr(there.rows) == repr(here.rows), translate(text, {}, {}).sql


STATEMENTS = {
    "group and order by all": "select x, sum(n)::bigint as s from t group by all order by all",
    "mad": "select x, mad(n) as d, median(n) as m from t group by all order by all",
    "a condition on a window": (
        "select * from t qualify n = max(n) over (partition by x) order by n"
    ),
    "a named window with a frame": (
        "select n, sum(n) over (w rows between 1 preceding and current row)::bigint as s,"
        " count(*) filter (n > 1) over w as c from t window w as (order by n) order by n"
    ),
    "a relation inside a relation": (
        ", u as (with v as (select x as v from t) select v.v from v) select v from u order by all"
    ),
    "a relation that grows": (
        ", u as (with recursive g as (select 1 as k union all select k + 1 from g where k < 5)"
        " select k from g) select k from u order by k"
    ),
    "whether something exists, in an aggregate": (
        "select bool_and(exists (select 1 from t b where b.n > a.n)) as e from t a"
    ),
    "how many there are that are greater": (
        "select n, (select count(*) from t b where b.n > a.n) as g from t a order by n"
    ),
    "two columns of one name": "select n from (select a.n, a.* from t a) order by n",
    "an escaped pattern": r"select x from t where x like 'c' escape '\' order by all",
    "an empty text at the end": "select n from t where x <> ''",
}


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_statement_means_the_same(statement: str, both: Twin) -> None:
    rest = STATEMENTS[statement]
    text = ROWS + rest
    assert repr(sorted(map(repr, both.spark.run(text).rows))) == repr(
        sorted(map(repr, both.duckdb.run(text).rows))
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("select list(n order by n) as l from t", "a list with an order of its own"),
        ("select date_diff('month', moment, moment) as d from t", "date_diff in months"),
    ],
)
def test_what_cannot_be_said_says_so(text: str, why: str, both: Twin) -> None:
    with pytest.raises(UsageError, match=f"the statement: cannot be said in Spark's SQL: {why}"):
        both.spark.run(f"{ROWS} {text}")


def test_parameters_are_bound_and_a_hostile_one_is_only_a_text(both: Twin) -> None:
    hostile = "x' or '1'='1"
    text = "select cluster, $name as name from attempts where cluster = $name"
    assert both.spark.run(text, {"name": hostile}).rows == []
    assert both.duckdb.run(text, {"name": hostile}).rows == []


def test_filters_keep_the_same_rows_in_the_same_order(both: Twin) -> None:
    report = Catalog(both.store).reports["events"]
    times = dict.fromkeys(("at", "before", "after"))
    bound = {"since": both.since, "until": both.until, "now": both.until, **times}
    filters = {"initiator": ["*lnx*"]}
    here = both.duckdb.run_query(report, bound, filters)
    assert both.spark.run_query(report, bound, filters) == here
    assert here.rows
