"""Instants, dates and spans in Spark's words: one rule each."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from sqlglot import exp

from analyzer.engine.spark.call import double, is_a, of
from analyzer.errors import UsageError

_SECONDS = {"SECOND": 1, "MINUTE": 60, "HOUR": 3600}
_CODES = {"%Y": "yyyy", "%m": "MM", "%d": "dd", "%H": "HH", "%M": "mm", "%S": "ss"}


def _minus(node: exp.Sub) -> exp.Expr:
    """Between two dates lie days."""
    if is_a(node.this, exp.DType.DATE) and is_a(node.expression, exp.DType.DATE):
        return exp.cast(of("datediff", node.this, node.expression), "bigint")
    return node


def _truncate(node: exp.Expr) -> exp.Expr:
    cut = of("date_trunc", node.args["unit"].name, node.this)
    return exp.cast(cut, "timestamp", dialect="duckdb")


def _date_diff(node: exp.DateDiff) -> exp.Expr:
    """How often the unit turned between two instants, not how many whole ones passed."""
    unit = node.text("unit").upper()
    if unit not in _SECONDS:
        raise UsageError(f"cannot be said in Spark's SQL: date_diff in {unit.lower()}s")
    size = exp.Literal.number(_SECONDS[unit])
    later, earlier = (
        exp.IntDiv(
            this=of("unix_seconds", exp.cast(operand, "timestamptz")), expression=size.copy()
        )
        for operand in (node.this, node.expression)
    )
    return exp.Paren(this=exp.Sub(this=later, expression=earlier))


def _epoch(node: exp.TimeToUnix) -> exp.Expr:
    micros = of("unix_micros", exp.cast(node.this, "timestamptz"))
    million = exp.cast(exp.Literal.number("1e6"), "double")
    return exp.Paren(this=exp.Div(this=double(micros), expression=million))


def _format(node: exp.TimeToStr) -> exp.Expr:
    pattern = re.sub(
        r"%.|[A-Za-z]+", lambda code: _CODES.get(code[0], f"'{code[0]}'"), node.text("format")
    )
    return of("date_format", node.this, pattern)


def _weekday(node: exp.DayOfWeekIso) -> exp.Expr:
    """From Monday, 1, to Sunday, 7; Spark's own begins with Sunday."""
    since = exp.Add(this=of("dayofweek", node.this), expression=exp.Literal.number(5))
    place = exp.Mod(this=exp.Paren(this=since), expression=exp.Literal.number(7))
    return exp.Paren(this=exp.Add(this=place, expression=exp.Literal.number(1)))


def _interval(*before: int) -> Callable[[exp.Expr], exp.Expr]:
    return lambda node: of("make_dt_interval", *before, *_arguments(node))


def _arguments(node: exp.Expr) -> list[exp.Expr]:
    return node.expressions if isinstance(node, exp.Anonymous) else [node.this]


_NAMED: Mapping[str, Callable[[exp.Expr], exp.Expr]] = {
    "to_hours": _interval(0),
    "to_minutes": _interval(0, 0),
    "to_seconds": _interval(0, 0, 0),
}


def _named(node: exp.Anonymous) -> exp.Expr:
    rule = _NAMED.get(node.name.lower())
    return node if rule is None else rule(node)


RULES: Mapping[type[exp.Expr], Callable[[Any], exp.Expr]] = {
    exp.Anonymous: _named,
    exp.DateDiff: _date_diff,
    exp.DateTrunc: _truncate,
    exp.DayOfWeekIso: _weekday,
    exp.Sub: _minus,
    exp.TimeToStr: _format,
    exp.TimeToUnix: _epoch,
    exp.TimestampTrunc: _truncate,
    exp.ToDays: _interval(),
}
