"""DuckDB's SQL as Spark's: the only door to sqlglot.

Every column is traced to its table and every expression to its type first, so that what follows
is about what an expression is, and not about how it was written. What DuckDB and Spark
understand differently is mended here, one rule each; no query knows of it.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify

from analyzer.errors import UsageError

_KINDS = {bool: "boolean", int: "bigint", float: "double", str: "varchar", datetime: "timestamp"}


@dataclass(frozen=True, slots=True)
class Part:
    """A relation of a statement; *grows* is what a recursive one adds to itself, round by round."""

    name: str
    sql: str
    uses: frozenset[str]
    grows: str | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement in Spark's words: relations, each standing on those before it, and the last."""

    parts: tuple[Part, ...]
    sql: str
    uses: frozenset[str]


def translate(
    text: str, tables: Mapping[str, Mapping[str, str]], bound: Mapping[str, Any]
) -> Statement:
    """A statement over *tables* (name, column, DuckDB type) with the parameters *bound*.

    Raises:
        UsageError: there is no saying it in Spark's words; says what.
    """
    try:
        # A text that ends in '' is not read whole without a line's end.
        tree = sqlglot.parse_one(f"{text}\n", read="duckdb")
        _flatten(tree)
        for node in list(tree.find_all(exp.Placeholder)):
            kind = _KINDS.get(type(bound.get(node.name)))
            if kind:
                node.replace(exp.cast(node.copy(), kind, dialect="duckdb"))
        for node in tree.find_all(exp.Select):
            _window_names(node)
        tree = qualify(
            tree,
            schema={name: dict(columns) for name, columns in tables.items()},
            dialect="duckdb",
            quote_identifiers=False,
        )
        tree = annotate_types(tree, schema={n: dict(c) for n, c in tables.items()}, dialect="duckdb")
        for node in list(tree.find_all(exp.Query)):
            if not isinstance(node.parent, (exp.SetOperation)) and not isinstance(node, exp.Subquery):
                _columns(node)
        for node in list(tree.find_all(exp.Select)):
            _group_all(node)
        for node in list(tree.find_all(exp.Select)):
            _hoist(node)
        for node in list(tree.find_all(exp.Subquery)):
            node.replace(_scalar(node))
        for node in list(tree.find_all(exp.Order)):
            _order_all(node)
        for node in reversed(list(tree.walk())):
            mend = _MENDS.get(type(node))
            if mend is not None:
                place = node.parent if isinstance(node, exp.ArrayAgg) and isinstance(node.parent, exp.Filter) else node
                mended = mend(node)
                if mended is not node:
                    if place is tree: tree = mended
                    else: place.replace(mended)
        return _statement(tree)
    except SqlglotError as error:
        raise UsageError(f"cannot be said in Spark's SQL: {error}") from error


def _flatten(tree: exp.Expression) -> None:
    """Bring every nested WITH to the top, in order, under names of their own."""
    top = tree.args.get("with_")
    if top is None:
        return
    flat: list[exp.CTE] = []
    for cte in list(top.expressions):
        _lift(top, cte, flat)
        flat.append(cte)
    top.set("expressions", flat)
    for cte in flat:
        if cte.alias in cte.this.named_selects:
            _rename(cte, f"{cte.alias}__", [tree])


def _lift(top: exp.With, cte: exp.CTE, flat: list[exp.CTE]) -> None:
    inner = cte.this.args.get("with_")
    if inner is None:
        return
    cte.this.set("with_", None)
    if inner.args.get("recursive"):
        top.set("recursive", True)
    for one in list(inner.expressions):
        _lift(top, one, flat)
        _rename(one, f"{cte.alias}__{one.alias}", [*inner.expressions, cte])
        flat.append(one)


def _rename(cte: exp.CTE, fresh: str, places: Iterable[exp.Expression]) -> None:
    """Call a relation otherwise, but in the qualified names of its columns."""
    name = cte.alias
    # Where one of its columns has the relation's name, name.x is a field of that column.
    spoken = name not in cte.this.named_selects
    for place in places:
        for table in place.find_all(exp.Table):
            if table.name == name:
                if spoken and not table.alias:
                    table.set("alias", exp.TableAlias(this=exp.to_identifier(name)))
                table.set("this", exp.to_identifier(fresh))
    cte.set("alias", exp.TableAlias(this=exp.to_identifier(fresh)))


def _window_names(select: exp.Select) -> None:
    """Put the definition of a named window where its name stands."""
    named = {window.name: window for window in select.args.get("windows") or ()}
    for window in list(select.find_all(exp.Window)):
        told = named.get(window.alias)
        if told is None or window is told:
            continue
        window.set("alias", None)
        for part in ("partition_by", "order", "spec"):
            value = told.args.get(part)
            if value and not window.args.get(part):
                several = isinstance(value, list)
                window.set(part, [one.copy() for one in value] if several else value.copy())
    select.set("windows", None)


def _columns(tree: exp.Query) -> None:
    """Of two columns of one name the first is meant; a union goes by its first part's names."""
    names = [one.alias_or_name for one in tree.selects]
    kept = [k for k, name in enumerate(names) if name not in names[:k]]
    for select in _branches(tree):
        chosen = [exp.alias_(select.expressions[k].unalias(), names[k], quoted=True) for k in kept]
        select.set("expressions", chosen)


def _branches(tree: exp.Expression) -> Iterator[exp.Select]:
    if isinstance(tree, exp.SetOperation):
        yield from _branches(tree.this)
        yield from _branches(tree.expression)
    elif isinstance(tree, exp.Subquery):
        yield from _branches(tree.this)
    elif isinstance(tree, exp.Select):
        yield tree


def _group_all(select: exp.Select) -> None:
    group = select.args.get("group")
    if group is not None and group.args.get("all"):
        keys = [one.unalias().copy() for one in select.expressions if not _aggregates(one)]
        select.set("group", exp.Group(expressions=keys) if keys else None)


def _aggregates(node: exp.Expression) -> bool:
    for found in node.find_all(exp.AggFunc, *_AGGREGATES, exp.Anonymous):
        if isinstance(found, exp.Anonymous) and found.name.lower() != "mad":
            continue
        holder = found.parent
        if isinstance(holder, exp.Filter):
            holder = holder.parent
        if not isinstance(holder, exp.Window):
            return True
    return False


def _order_all(order: exp.Order) -> None:
    if len(order.expressions) == 1 and order.expressions[0].this.name.lower() == "all":
        query = order.parent
        assert isinstance(query, exp.Query)  # noqa: S101  # nothing else can be ordered by all
        order.set("expressions", [_ordered(exp.column(name, quoted=True)) for name in dict.fromkeys(query.named_selects)])


def _ordered(by: exp.Expression) -> exp.Ordered:
    return exp.Ordered(this=by, nulls_first=False)


def _keep(select: exp.Select) -> exp.Expression:
    """QUALIFY as a condition on a column."""
    told = select.args.get("qualify")
    if told is None:
        return select
    select.set("qualify", None)
    names = select.named_selects
    outer = [exp.column(name, quoted=True) for name in names]
    select.set("expressions", [*select.expressions, exp.alias_(told.this, "kept__")])
    order = select.args.pop("order", None)
    wrapped = exp.select(*outer).from_(exp.Subquery(this=select.copy(), alias=exp.TableAlias(this=exp.to_identifier("q__")))).where(exp.column("kept__"))
    if order is not None:
        wrapped.set("order", order)
    return wrapped


def _of(name: str, *arguments: exp.Expression | str | int) -> exp.Expression:
    return exp.Anonymous(this=name, expressions=[exp.convert(a) if not isinstance(a, exp.Expression) else a for a in arguments])


def _is(node: exp.Expression, *kinds: exp.DType) -> bool:
    return bool(node.type) and node.is_type(*kinds)


_LISTS = (exp.DType.ARRAY, exp.DType.LIST)
_REALS = (exp.DType.DOUBLE, exp.DType.FLOAT)
_DATES = (exp.DType.DATE, exp.DType.DATE32)


def _length(node: exp.Length) -> exp.Expression:
    return _of("size", node.this) if _is(node.this, *_LISTS) else node


def _bracket(node: exp.Bracket) -> exp.Expression:
    # Past the end there is nothing, and that is no error.
    return _of("get", node.this, *node.expressions)


def _window(node: exp.Window) -> exp.Expression:
    """FILTER of an aggregate that runs: what is not wanted is null."""
    if isinstance(node.this, exp.Filter):
        call, wanted = node.this.this, node.this.expression.this
        value = exp.Literal.number(1) if isinstance(call.this, exp.Star) else call.this
        call.set("this", exp.Case(ifs=[exp.If(this=wanted, true=value)]))
        node.set("this", call)
    return node


def _list(node: exp.ArrayAgg) -> exp.Expression:
    """A list keeps its nulls, and a list of nothing is null."""
    value = node.this
    if isinstance(value, exp.Order):
        raise UsageError("a list's own order; sort the list instead")
    distinct = isinstance(value, exp.Distinct)
    value = value.expressions[0] if distinct else value
    boxed = _of("named_struct", "v", value)
    call = _of("collect_list", exp.Distinct(expressions=[boxed]) if distinct else boxed)
    holder = node.parent
    if isinstance(holder, exp.Filter):
        call = exp.Filter(this=call, expression=holder.expression.copy())
    opened = _of("transform", call, exp.Lambda(this=exp.Dot(this=exp.to_identifier("e"), expression=exp.to_identifier("v")), expressions=[exp.to_identifier("e")]))
    return _of("nullif", opened, exp.Array(expressions=[]))


def _filter(node: exp.Filter) -> exp.Expression:
    return node


def _arg_max(node: exp.ArgMax | exp.ArgMin) -> exp.Expression:
    """What is null is not the greatest's."""
    there = exp.Not(this=exp.Is(this=node.this.copy(), expression=exp.Null()))
    holder = node.parent
    if isinstance(holder, exp.Filter):
        holder.expression.set("this", exp.and_(holder.expression.this, there))
        return node
    return exp.Filter(this=node.copy(), expression=exp.Where(this=there))


def _divide(node: exp.Div) -> exp.Expression:
    for side in ("this", "expression"):
        node.set(side, exp.cast(exp.Paren(this=node.args[side]) if isinstance(node.args[side], exp.Binary) else node.args[side], "double"))
    return node


def _cast(node: exp.Cast) -> exp.Expression:
    """To the nearest whole number, not towards zero."""
    if node.to.this in exp.DataType.INTEGER_TYPES and not _is(node.this, *exp.DataType.INTEGER_TYPES, exp.DType.BOOLEAN, *exp.DataType.TEXT_TYPES) and not isinstance(node.this, (exp.Placeholder, exp.Null)) :
        if _is(node.this, exp.DType.INTERVAL, *_DATES): return node
        node.set("this", _of("rint", exp.cast(node.this, "double")))
    return node


def _round(node: exp.Round) -> exp.Expression:
    """Of a binary number, as it is and not as it is printed."""
    if node.args.get("decimals") and (_is(node.this, *_REALS) or not _is(node.this, exp.DType.DECIMAL)):
        scale = exp.cast(exp.Literal.number(f"1e{node.args['decimals'].name}"), "double")
        scaled = exp.Round(this=exp.Mul(this=exp.Paren(this=exp.cast(node.this,"double")), expression=scale))
        return exp.Div(this=scaled, expression=scale.copy())
    return node


def _minus(node: exp.Sub) -> exp.Expression:
    if _is(node.this, *_DATES) and _is(node.expression, *_DATES):
        return exp.Paren(this=exp.cast(_of("datediff", node.this, node.expression), "bigint"))
    return node


def _trunc(node: exp.Expression) -> exp.Expression:
    return exp.cast(_of("date_trunc", node.args["unit"].name, node.this), "timestamp", dialect="duckdb")


_SECONDS = {"SECOND": 1, "MINUTE": 60, "HOUR": 3600}


def _date_diff(node: exp.DateDiff) -> exp.Expression:
    """How often the unit turned between two instants."""
    size = _SECONDS.get(node.text("unit").upper())
    if size is None:
        raise UsageError(f"date_diff in {node.text('unit').lower()}")
    later, earlier = (exp.IntDiv(this=_of("unix_seconds", exp.cast(one, "timestamptz")), expression=exp.Literal.number(size)) for one in (node.this, node.expression))
    return exp.Paren(this=exp.Sub(this=later, expression=earlier))


def _epoch(node: exp.TimeToUnix) -> exp.Expression:
    return exp.Paren(this=exp.Div(this=exp.cast(_of("unix_micros", exp.cast(node.this, "timestamptz")), "double"), expression=exp.cast(exp.Literal.number("1e6"), "double")))


_CODES = {"%Y": "yyyy", "%m": "MM", "%d": "dd", "%H": "HH", "%M": "mm", "%S": "ss"}


def _format(node: exp.TimeToStr) -> exp.Expression:
    told = re.sub(r"%.|[A-Za-z]+", lambda found: _CODES.get(found[0], f"'{found[0]}'"), node.text("format"))
    return _of("date_format", node.this, told)


def _contains(node: exp.ArrayContains) -> exp.Expression:
    """Whether it is there is known, whatever else is there."""
    there = exp.Not(this=exp.Is(this=node.this.copy(), expression=exp.Null()))
    return exp.Case(ifs=[exp.If(this=there, true=exp.func("coalesce", node.copy(), exp.false()))])


def _weekday(node: exp.DayOfWeekIso) -> exp.Expression:
    return exp.Paren(this=exp.Add(this=_of("weekday", node.this), expression=exp.Literal.number(1)))


def _middle(values: exp.Expression) -> exp.Expression:
    return _of("percentile", values, exp.Literal.number("0.5"))


def _median(node: exp.Median) -> exp.Expression:
    return _middle(node.this)


def _mad(select: exp.Select) -> exp.Expression:
    """The middle of the distances from the middle, over a list of all."""
    inside = [one for one in select.find_all(exp.Anonymous) if one.name.lower() == "mad" and one.find_ancestor(exp.Select) is select]
    if not inside:
        return select
    outer = []
    for k, one in enumerate(select.expressions):
        name = one.alias
        outer.append(exp.column(name, quoted=True))
        if one.unalias() in inside:
            select.expressions[k].set("this", _of("collect_list", one.unalias().expressions[0]))
            middle = _middle_of(outer[k])
            far = _of("abs", exp.Sub(this=exp.column("v"), expression=middle))
            distances = _of("transform", outer[k], exp.Lambda(this=far, expressions=[exp.to_identifier("v")]))
            outer[k] = exp.alias_(_middle_of(distances), name, quoted=True)
    return exp.select(*outer).from_(exp.Subquery(this=select.copy(), alias=exp.TableAlias(this=exp.to_identifier("m__"))))


def _middle_of(held: exp.Expression) -> exp.Expression:
    both = [
        _of("get", _of("array_sort", held.copy()), exp.IntDiv(this=exp.Paren(this=exp.Sub(this=_of("size", held.copy()), expression=exp.Literal.number(less))), expression=exp.Literal.number(2)))
        for less in (1, 0)
    ]
    return exp.Paren(this=exp.Div(this=exp.Paren(this=exp.Add(this=both[0], expression=both[1])), expression=exp.cast(exp.Literal.number(2), "double")))


def _scalar(node: exp.Subquery) -> exp.Expression:
    """A count or a list of what fits a row otherwise than by equality: of all that is equal."""
    select = node.this
    if not isinstance(select, exp.Select) or not isinstance(node.parent, exp.Expression) or isinstance(node.parent, (exp.From, exp.Join, exp.SetOperation, exp.CTE)):
        return node
    where = select.args.get("where")
    if where is None or "joins" in select.args and select.args["joins"]:
        return node
    (source,) = (select.args["from_"].this.alias_or_name,)
    tests = list(where.this.flatten()) if isinstance(where.this, exp.And) else [where.this]
    outer = [t for t in tests if any(c.table != source for c in t.find_all(exp.Column))]
    unequal = [t for t in outer if not isinstance(t, exp.EQ)]
    if not unequal:
        return node
    what = select.expressions[0].unalias()
    columns: dict[str, exp.Expression] = {}
    for one in (*unequal, what):
        for column in list(one.find_all(exp.Column)):
            if column.table == source:
                columns[column.name] = column.copy()
                column.replace(exp.Dot(this=exp.to_identifier("e"), expression=exp.to_identifier(column.name)))
    boxed = _of("named_struct", *(part for name, column in columns.items() for part in (name, column)))
    rest = [t for t in tests if t not in unequal]
    inner = exp.select(exp.alias_(_of("collect_list", boxed), "held")).from_(select.args["from_"].this.copy()).where(*[t.copy() for t in rest])
    held = exp.func("coalesce", exp.Subquery(this=inner), exp.Array(expressions=[]))
    fits = _of("filter", held, exp.Lambda(this=exp.and_(*[t.copy() for t in unequal]), expressions=[exp.to_identifier("e")]))
    if isinstance(what, exp.Count) and isinstance(what.this, exp.Star):
        return _of("size", fits)
    listed = what.find(exp.ArrayAgg)
    if listed is None:
        raise UsageError("a subquery that is neither a count nor a list")
    value = listed.this.copy()
    opened = _of("transform", fits, exp.Lambda(this=value, expressions=[exp.to_identifier("e")]))
    opened = _of("nullif", opened, exp.Array(expressions=[]))
    if what is listed: return opened
    listed.replace(opened)
    return what.copy()


def _hoist(select: exp.Select) -> None:
    """EXISTS in an aggregate as a column of what is aggregated."""
    inside = [one for one in select.find_all(exp.Exists) if _within(one, select)]
    if not inside:
        return
    sources = {one.alias_or_name for one in (select.args["from_"].this, *(join.this for join in select.args.get("joins") or ()))}
    inner = exp.Select()
    for part in ("from_", "joins", "where"):
        inner.set(part, select.args.pop(part, None))
    for k, one in enumerate(inside):
        one.replace(exp.column(f"exists_{k}", table="x__"))
        inner.select(exp.alias_(one, f"exists_{k}"), copy=False)
    for column in list(select.find_all(exp.Column)):
        if column.table in sources:
            name = f"{column.table}__{column.name}"
            if name not in inner.named_selects:
                inner.select(exp.alias_(column.copy(), name), copy=False)
            moved = exp.column(name, table="x__")
            moved.type = column.type
            column.replace(moved)
    select.from_(exp.Subquery(this=inner, alias=exp.TableAlias(this=exp.to_identifier("x__"))), copy=False)


def _within(node: exp.Expression, select: exp.Select) -> bool:
    """Whether the next aggregate above belongs to the select."""
    above = node.parent
    while above is not select and above is not None:
        if isinstance(above, exp.Select): return False
        if isinstance(above, exp.AggFunc): return above.find_ancestor(exp.Select) is select
        above = above.parent
    return False


def _anonymous(node: exp.Anonymous) -> exp.Expression:
    none = exp.Literal.number(0)
    match node.name.lower():
        case "to_days":
            return _of("make_dt_interval", node.expressions[0])
        case "to_minutes":
            return _of("make_dt_interval", 0, 0, node.expressions[0])
        case "to_seconds":
            return _of("make_dt_interval", 0, 0, 0, node.expressions[0])
        case _:
            return node


_AGGREGATES: tuple[type[exp.Expression], ...] = (exp.ArrayAgg, exp.GroupConcat, exp.ArgMax, exp.ArgMin)
_MENDS: dict[type[exp.Expression], Callable[[Any], exp.Expression]] = {
    exp.Select: lambda node: _mad(_keep(node)),
    exp.Length: _length,
    exp.Bracket: _bracket,
    exp.Window: _window,
    exp.ArrayAgg: _list,
    exp.ArgMax: _arg_max,
    exp.ArgMin: _arg_max,
    exp.Div: _divide,
    exp.Cast: _cast,
    exp.Round: _round,
    exp.Sub: _minus,
    exp.TimestampTrunc: _trunc,
    exp.DateTrunc: _trunc,
    exp.DateDiff: _date_diff,
    exp.TimeToUnix: _epoch,
    exp.TimeToStr: _format,
    exp.ArrayContains: _contains,
    exp.DayOfWeekIso: _weekday,
    exp.Median: _median,
    exp.ToDays: lambda node: _of('make_dt_interval', node.this),
    exp.Anonymous: _anonymous,
}


def _statement(tree: exp.Expression) -> Statement:
    top = tree.args.get("with_")
    parts = []
    if top is not None:
        tree.set("with_", None)
        names = {cte.alias for cte in top.expressions}
        for cte in top.expressions:
            uses = _uses(cte.this, names)
            grows = None
            body = cte.this
            if cte.alias in uses:
                grows, body = _text(body.expression), body.this
            parts.append(Part(cte.alias, _text(body), uses - {cte.alias}, grows))
    else:
        names = set()
    return Statement(tuple(parts), _text(tree), _uses(tree, names))


def _uses(tree: exp.Expression, names: set[str]) -> frozenset[str]:
    return frozenset(table.name for table in tree.find_all(exp.Table)) & names


def _text(tree: exp.Expression) -> str:
    return tree.sql("spark", comments=False, unsupported_level=sqlglot.ErrorLevel.RAISE)
