"""Expressions that mean one thing to DuckDB and another, or nothing, to Spark: one rule each."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlglot import exp

from analyzer.engine.spark import datetimes
from analyzer.engine.spark.call import double, is_a, of, there
from analyzer.errors import UsageError

_WHOLE = (*exp.DataType.INTEGER_TYPES, exp.DType.BOOLEAN, *exp.DataType.TEXT_TYPES)


def mended(tree: exp.Expr) -> exp.Expr:
    """The statement with every expression in Spark's words, from the innermost outwards."""
    for node in reversed(list(tree.walk())):
        rule = RULES.get(type(node))
        rewritten = node if rule is None else rule(node)
        if rewritten is not node:
            rewritten.type = rewritten.type or node.type
            # A rule for an aggregate takes its FILTER along.
            filtered = isinstance(node, (exp.ArrayAgg, exp.GroupConcat)) and isinstance(
                node.parent, exp.Filter
            )
            place = node.parent if filtered and node.parent is not None else node
            place.replace(rewritten)
    return tree


def _length(node: exp.Length) -> exp.Expr:
    listed = is_a(node.this, exp.DType.ARRAY, exp.DType.LIST)
    return of("size", node.this) if listed or isinstance(node.this, exp.ArrayFilter) else node


def _bracket(node: exp.Bracket) -> exp.Expr:
    """Past the end of a list, and for a key that a map lacks, there is nothing, and no error."""
    keyed = node.expressions[0].is_string
    return of("try_element_at" if keyed else "get", node.this, *node.expressions)


def _window(node: exp.Window) -> exp.Expr:
    """FILTER of an aggregate that runs: what it leaves out is null. A row's number is a bigint."""
    if isinstance(node.this, exp.Filter):
        call, condition = node.this.this, node.this.expression.this
        value = exp.Literal.number(1) if isinstance(call.this, exp.Star) else call.this
        call.set("this", exp.Case(ifs=[exp.If(this=condition, true=value)]))
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
        if any(term.args.get("desc") for term in value.expressions):
            raise UsageError(
                "cannot be said in Spark's SQL: texts joined from the last to the first"
            )
        value, keys = value.this, [term.this for term in value.expressions]
    distinct = isinstance(value, exp.Distinct)
    value = value.expressions[0] if distinct else value
    pairs = [part for k, key in enumerate(keys) for part in (f"k{k}", key.copy())]
    row = of("named_struct", *pairs, "v", value)
    present = there(value)
    if isinstance(node.parent, exp.Filter):
        present = exp.and_(node.parent.expression.this.copy(), present)
    rows = of("collect_list", exp.Distinct(expressions=[row]) if distinct else row)
    filtered = exp.Filter(this=rows, expression=exp.Where(this=present))
    each = exp.Lambda(this=exp.column("v", table="e"), expressions=[exp.to_identifier("e")])
    texts = of("transform", of("array_sort", filtered), each)
    separator = node.args.get("separator") or exp.Literal.string(",")
    return of("array_join", of("nullif", texts, exp.Array(expressions=[])), separator.copy())


def _arg_max(node: exp.ArgMax | exp.ArgMin) -> exp.Expr:
    """A null value is never that of the greatest."""
    present = there(node.this)
    if isinstance(node.parent, exp.Filter):
        condition = node.parent.expression
        condition.set("this", exp.and_(condition.this, present))
        return node
    return exp.Filter(this=node.copy(), expression=exp.Where(this=present))


def _divide(node: exp.Div) -> exp.Expr:
    """A quotient is a binary number, of decimals too."""
    node.set("this", double(node.this))
    node.set("expression", double(node.expression))
    return node


def _cast(node: exp.Cast) -> exp.Expr:
    """To the nearest whole number, of two the even one, and not towards zero."""
    typed = isinstance(node.this, (exp.Placeholder, exp.Null)) or is_a(node.this, *_WHOLE)
    if node.to.this in exp.DataType.INTEGER_TYPES and not typed:
        node.set("this", of("bround", double(node.this)))
    return node


def _round(node: exp.Round) -> exp.Expr:
    """A binary number is rounded as it is, not as it is printed."""
    places = node.args.get("decimals")
    if places is None or is_a(node.this, exp.DType.DECIMAL):
        return node
    scale = exp.cast(exp.Literal.number(f"1e{places.name}"), "double")
    scaled = exp.Mul(this=double(node.this), expression=scale)
    return exp.Div(this=exp.Round(this=scaled), expression=scale.copy())


def _contains(node: exp.ArrayContains) -> exp.Expr:
    """False, not null, where it is not in a list that has a null."""
    result = exp.func("coalesce", node.copy(), exp.false())
    return exp.Case(ifs=[exp.If(this=there(node.this), true=result)])


def _greatest_list(node: exp.Max) -> exp.Expr:
    """Structs are not compared everywhere; lists of their fields are."""
    if not is_a(node.this, exp.DType.ARRAY, exp.DType.LIST):
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


RULES: Mapping[type[exp.Expr], Callable[[Any], exp.Expr]] = {
    exp.ArgMax: _arg_max,
    exp.ArgMin: _arg_max,
    exp.ArrayAgg: _list,
    exp.ArrayContains: _contains,
    exp.ArrayOverlaps: lambda node: of("arrays_overlap", node.this, node.expression),
    exp.Bracket: _bracket,
    exp.Cast: _cast,
    exp.Div: _divide,
    exp.GroupConcat: _joined,
    exp.Length: _length,
    exp.Max: _greatest_list,
    exp.Median: lambda node: of("percentile", node.this, exp.Literal.number("0.5")),
    exp.Round: _round,
    exp.Window: _window,
    **datetimes.RULES,
}
