"""Subqueries that depend on the row, where Spark and its like do not take them."""

from collections.abc import Sequence

from sqlglot import exp

from analyzer.engine.spark.call import of
from analyzer.errors import UsageError


def inner(select: exp.Expr) -> exp.Subquery:
    """A select as what another one selects from."""
    return exp.Subquery(this=select, alias=exp.TableAlias(this=exp.to_identifier("inner__")))


def exists(select: exp.Select) -> None:
    """EXISTS inside an aggregate becomes a column of what is aggregated."""
    inside = [node for node in select.find_all(exp.Exists) if _aggregated(node, select)]
    if inside:
        _move(select, inside)


def _move(select: exp.Select, inside: Sequence[exp.Expr]) -> None:
    """Make columns of what is selected from, in a select of its own, of these expressions."""
    joins = select.args.get("joins") or []
    sources = {source.this.alias_or_name for source in (select.args["from_"], *joins)}
    within = exp.Select()
    for part in ("from_", "joins", "where"):
        within.set(part, select.args.pop(part, None))
    for k, expression in enumerate(inside):
        expression.replace(exp.column(f"moved_{k}", table="inner__"))
        within.select(exp.alias_(expression, f"moved_{k}"), copy=False)
    for used in list(select.find_all(exp.Column)):
        if used.table in sources:
            name = f"{used.table}__{used.name}"
            if name not in within.named_selects:
                within.select(exp.alias_(used.copy(), name), copy=False)
            moved = exp.column(name, table="inner__")
            moved.type = used.type
            used.replace(moved)
    select.from_(inner(within), copy=False)


def _aggregated(node: exp.Expr, select: exp.Select) -> bool:
    holder = node.find_ancestor(exp.AggFunc, exp.Select)
    return isinstance(holder, exp.AggFunc) and holder.find_ancestor(exp.Select) is select


def correlated(tree: exp.Expr) -> None:
    """What depends on a row otherwise than by equality is sought in a list of all that is equal."""
    for subquery in list(tree.find_all(exp.Subquery)):
        if not isinstance(subquery.parent, (exp.From, exp.Join, exp.SetOperation)):
            holder, correlated = subquery.find_ancestor(exp.Select), _correlated(subquery)
            if correlated is not subquery and holder is not None:
                subquery.replace(correlated)
                # Spark has no subquery inside a function of lists.
                _move(holder, list(correlated.find_all(exp.Subquery)))


def _correlated(node: exp.Subquery) -> exp.Expr:
    """A count, or a list, of what fits a row otherwise than by equality: sought in what is equal."""
    select = node.this
    where = select.args.get("where")
    if not isinstance(select, exp.Select) or where is None or select.args.get("joins"):
        return node
    source = select.args["from_"].this
    tests = list(where.this.flatten()) if isinstance(where.this, exp.And) else [where.this]
    apart = [
        test
        for test in tests
        if not isinstance(test, exp.EQ)
        and any(used.table != source.alias_or_name for used in test.find_all(exp.Column))
    ]
    if not apart:
        return node
    what: exp.Expr = select.expressions[0].unalias()
    aggregate = what.find(exp.ArrayAgg)
    if aggregate is None and not (isinstance(what, exp.Count) and isinstance(what.this, exp.Star)):
        raise UsageError("cannot be said in Spark's SQL: a subquery that is no count and no list")
    fields: dict[str, exp.Expr] = {}
    for test in (*apart, what):
        for used in list(test.find_all(exp.Column)):
            if used.table == source.alias_or_name:
                fields[used.name] = used.copy()
                used.replace(exp.column(used.name, table="e__"))
    row = of("named_struct", *(part for pair in fields.items() for part in pair))
    equal = [test.copy() for test in tests if test not in apart]
    held = exp.select(exp.alias_(of("collect_list", row), "held")).from_(source.copy())
    every = exp.func("coalesce", exp.Subquery(this=held.where(*equal)), exp.Array(expressions=[]))
    fits = of("filter", every, _each(exp.and_(*(test.copy() for test in apart))))
    if aggregate is None:
        return of("size", fits)
    values = of(
        "nullif", of("transform", fits, _each(aggregate.this.copy())), exp.Array(expressions=[])
    )
    if aggregate is what:
        return values
    aggregate.replace(values)
    return what.copy()


def _each(body: exp.Expr) -> exp.Lambda:
    return exp.Lambda(this=body, expressions=[exp.to_identifier("e__")])
