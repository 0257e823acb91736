"""Expressions that mean one thing to DuckDB and another, or nothing, to Spark: one rule each."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from sqlglot import exp

from analyzer.errors import UsageError

_WHOLE = (*exp.DataType.INTEGER_TYPES, exp.DType.BOOLEAN, *exp.DataType.TEXT_TYPES)
_SECONDS = {"SECOND": 1, "MINUTE": 60, "HOUR": 3600}
_CODES = {"%Y": "yyyy", "%m": "MM", "%d": "dd", "%H": "HH", "%M": "mm", "%S": "ss"}


def of(name: str, *arguments: exp.Expr | str | int) -> exp.Expr:
    """A call of one of Spark's own functions."""
    return exp.Anonymous(
        this=name,
        expressions=[one if isinstance(one, exp.Expr) else exp.convert(one) for one in arguments],
    )


def column(name: str) -> exp.Expr:
    """A column by a name that may be a word of the language."""
    return exp.column(exp.to_identifier(name, quoted=True))


def mended(tree: exp.Expr) -> exp.Expr:
    """The statement with every expression in Spark's words, from the innermost outwards."""
    for node in reversed(list(tree.walk())):
        rule = RULES.get(type(node))
        told = node if rule is None else rule(node)
        if told is not node:
            told.type = told.type or node.type
            # A rule for an aggregate takes its FILTER along.
            filtered = isinstance(node, (exp.ArrayAgg, exp.GroupConcat)) and isinstance(
                node.parent, exp.Filter
            )
            place = node.parent if filtered and node.parent is not None else node
            place.replace(told)
    return tree


def _is(node: exp.Expr, *kinds: exp.DType) -> bool:
    return bool(node.type) and node.is_type(*kinds)


def _there(node: exp.Expr) -> exp.Expr:
    return exp.Not(this=exp.Is(this=node.copy(), expression=exp.Null()))


def _double(node: exp.Expr) -> exp.Expr:
    return exp.cast(exp.Paren(this=node) if isinstance(node, exp.Binary) else node, "double")


def _length(node: exp.Length) -> exp.Expr:
    listed = _is(node.this, exp.DType.ARRAY, exp.DType.LIST)
    return of("size", node.this) if listed or isinstance(node.this, exp.ArrayFilter) else node


def _bracket(node: exp.Bracket) -> exp.Expr:
    """Past the end there is nothing, and that is no error."""
    return of("get", node.this, *node.expressions)


def _window(node: exp.Window) -> exp.Expr:
    """FILTER of an aggregate that runs: what is not wanted is null. A row's number is a bigint."""
    if isinstance(node.this, exp.Filter):
        call, wanted = node.this.this, node.this.expression.this
        value = exp.Literal.number(1) if isinstance(call.this, exp.Star) else call.this
        call.set("this", exp.Case(ifs=[exp.If(this=wanted, true=value)]))
        node.set("this", call)
    return exp.cast(node.copy(), "bigint") if isinstance(node.this, exp.RowNumber) else node


def _list(node: exp.ArrayAgg) -> exp.Expr:
    """A list keeps its nulls, and a list of nothing is null."""
    value = node.this
    if isinstance(value, exp.Order):
        raise UsageError("cannot be said in Spark's SQL: a list with an order of its own")
    distinct = isinstance(value, exp.Distinct)
    row = of("named_struct", "v", value.expressions[0] if distinct else value)
    call = of("collect_list", exp.Distinct(expressions=[row]) if distinct else row)
    if isinstance(node.parent, exp.Filter):
        call = exp.Filter(this=call, expression=node.parent.expression.copy())
    each = exp.Lambda(this=exp.column("v", table="e"), expressions=[exp.to_identifier("e")])
    return of("nullif", of("transform", call, each), exp.Array(expressions=[]))


def _joined(node: exp.GroupConcat) -> exp.Expr:
    """Texts in their order: Spark 4.2 breaks on LISTAGG of distinct ones."""
    value, keys = node.this, []
    if isinstance(value, exp.Order):
        if any(one.args.get("desc") for one in value.expressions):
            raise UsageError(
                "cannot be said in Spark's SQL: texts joined from the last to the first"
            )
        value, keys = value.this, [one.this for one in value.expressions]
    distinct = isinstance(value, exp.Distinct)
    value = value.expressions[0] if distinct else value
    pairs = [part for k, key in enumerate(keys) for part in (f"k{k}", key.copy())]
    row = of("named_struct", *pairs, "v", value)
    there = _there(value)
    if isinstance(node.parent, exp.Filter):
        there = exp.and_(node.parent.expression.this.copy(), there)
    rows = of("collect_list", exp.Distinct(expressions=[row]) if distinct else row)
    kept = exp.Filter(this=rows, expression=exp.Where(this=there))
    each = exp.Lambda(this=exp.column("v", table="e"), expressions=[exp.to_identifier("e")])
    texts = of("transform", of("array_sort", kept), each)
    separator = node.args.get("separator") or exp.Literal.string(",")
    return of("array_join", of("nullif", texts, exp.Array(expressions=[])), separator.copy())


def _arg_max(node: exp.ArgMax | exp.ArgMin) -> exp.Expr:
    """What is null is not what belongs to the greatest."""
    there = _there(node.this)
    if isinstance(node.parent, exp.Filter):
        wanted = node.parent.expression
        wanted.set("this", exp.and_(wanted.this, there))
        return node
    return exp.Filter(this=node.copy(), expression=exp.Where(this=there))


def _divide(node: exp.Div) -> exp.Expr:
    """A quotient is a binary number, of decimals too."""
    node.set("this", _double(node.this))
    node.set("expression", _double(node.expression))
    return node


def _cast(node: exp.Cast) -> exp.Expr:
    """To the nearest whole number, of two the even one, and not towards zero."""
    known = isinstance(node.this, (exp.Placeholder, exp.Null)) or _is(node.this, *_WHOLE)
    if node.to.this in exp.DataType.INTEGER_TYPES and not known:
        node.set("this", of("bround", _double(node.this)))
    return node


def _round(node: exp.Round) -> exp.Expr:
    """A binary number is rounded as it is, not as it is printed."""
    places = node.args.get("decimals")
    if places is None or _is(node.this, exp.DType.DECIMAL):
        return node
    scale = exp.cast(exp.Literal.number(f"1e{places.name}"), "double")
    scaled = exp.Mul(this=_double(node.this), expression=scale)
    return exp.Div(this=exp.Round(this=scaled), expression=scale.copy())


def _minus(node: exp.Sub) -> exp.Expr:
    """Between two dates lie days."""
    if _is(node.this, exp.DType.DATE) and _is(node.expression, exp.DType.DATE):
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
        exp.IntDiv(this=of("unix_seconds", exp.cast(one, "timestamptz")), expression=size.copy())
        for one in (node.this, node.expression)
    )
    return exp.Paren(this=exp.Sub(this=later, expression=earlier))


def _epoch(node: exp.TimeToUnix) -> exp.Expr:
    micros = of("unix_micros", exp.cast(node.this, "timestamptz"))
    million = exp.cast(exp.Literal.number("1e6"), "double")
    return exp.Paren(this=exp.Div(this=_double(micros), expression=million))


def _format(node: exp.TimeToStr) -> exp.Expr:
    told = re.sub(
        r"%.|[A-Za-z]+", lambda found: _CODES.get(found[0], f"'{found[0]}'"), node.text("format")
    )
    return of("date_format", node.this, told)


def _contains(node: exp.ArrayContains) -> exp.Expr:
    """Whether it is there is known, whatever else is there."""
    known = exp.func("coalesce", node.copy(), exp.false())
    return exp.Case(ifs=[exp.If(this=_there(node.this), true=known)])


def _weekday(node: exp.DayOfWeekIso) -> exp.Expr:
    """From Monday, 1, to Sunday, 7; Spark's own begins with Sunday."""
    since = exp.Add(this=of("dayofweek", node.this), expression=exp.Literal.number(5))
    place = exp.Mod(this=exp.Paren(this=since), expression=exp.Literal.number(7))
    return exp.Paren(this=exp.Add(this=place, expression=exp.Literal.number(1)))


def _greatest_list(node: exp.Max) -> exp.Expr:
    """Structs are not compared everywhere; lists of their fields are."""
    if not _is(node.this, exp.DType.ARRAY, exp.DType.LIST):
        return node
    (kind,) = node.this.type.expressions
    names = [field.name for field in kind.expressions]
    if not names:
        return node
    e = exp.to_identifier("e")
    apart = exp.Lambda(
        this=exp.Array(expressions=[exp.column(name, table="e") for name in names]),
        expressions=[e],
    )
    pairs = [part for k, name in enumerate(names) for part in (name, of("get", exp.column("e"), k))]
    whole = exp.Lambda(this=of("named_struct", *pairs), expressions=[e.copy()])
    return of("transform", exp.Max(this=of("transform", node.this, apart)), whole)


def _interval(*before: int) -> Callable[[exp.Expr], exp.Expr]:
    return lambda node: of("make_dt_interval", *before, *_arguments(node))


def _arguments(node: exp.Expr) -> list[exp.Expr]:
    return node.expressions if isinstance(node, exp.Anonymous) else [node.this]


_NAMED: Mapping[str, Callable[[exp.Expr], exp.Expr]] = {
    "to_minutes": _interval(0, 0),
    "to_seconds": _interval(0, 0, 0),
}


def _named(node: exp.Anonymous) -> exp.Expr:
    rule = _NAMED.get(node.name.lower())
    return node if rule is None else rule(node)


RULES: Mapping[type[exp.Expr], Callable[[Any], exp.Expr]] = {
    exp.Anonymous: _named,
    exp.ArgMax: _arg_max,
    exp.ArgMin: _arg_max,
    exp.ArrayAgg: _list,
    exp.ArrayContains: _contains,
    exp.Bracket: _bracket,
    exp.Cast: _cast,
    exp.DateDiff: _date_diff,
    exp.DateTrunc: _truncate,
    exp.DayOfWeekIso: _weekday,
    exp.Div: _divide,
    exp.GroupConcat: _joined,
    exp.Length: _length,
    exp.Max: _greatest_list,
    exp.Median: lambda node: of("percentile", node.this, exp.Literal.number("0.5")),
    exp.Round: _round,
    exp.Sub: _minus,
    exp.TimeToStr: _format,
    exp.TimeToUnix: _epoch,
    exp.TimestampTrunc: _truncate,
    exp.ToDays: _interval(),
    exp.Window: _window,
}
