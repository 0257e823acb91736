"""Statements that Spark wants in another shape: their WITH, ALL, QUALIFY and windows."""

from collections.abc import Iterable, Iterator

from sqlglot import exp

from analyzer.engine.spark import subquery
from analyzer.engine.spark.call import column, of
from analyzer.engine.spark.subquery import inner


def plain(tree: exp.Expr) -> None:
    """Before anything is known of columns: one WITH, at the top, and no named windows."""
    for nested in list(tree.find_all(exp.Subquery)):
        # A statement that others filter brings its own.
        own = nested.this.args.get("with_")
        if own is not None and tree.args.get("with_") is None:
            nested.this.set("with_", None)
            tree.set("with_", own)
    top = tree.args.get("with_")
    if top is not None:
        flat: list[exp.CTE] = []
        for cte in list(top.expressions):
            _lift(top, cte, flat)
            flat.append(cte)
        top.set("expressions", flat)
        for cte in flat:
            if cte.alias in cte.this.named_selects:
                _rename(cte, f"{cte.alias}__", [tree])
    for select in tree.find_all(exp.Select):
        _window_names(select)


def _lift(top: exp.Expr, cte: exp.CTE, flat: list[exp.CTE]) -> None:
    """Bring the relations inside *cte* before it, under names of their own."""
    within = cte.this.args.get("with_")
    if within is None:
        return
    cte.this.set("with_", None)
    if within.args.get("recursive"):
        top.set("recursive", True)  # noqa: FBT003  # sqlglot's own
    for nested in list(within.expressions):
        _lift(top, nested, flat)
        _rename(nested, f"{cte.alias}__{nested.alias}", [*within.expressions, cte])
        flat.append(nested)


def _rename(cte: exp.CTE, fresh: str, places: Iterable[exp.Expr]) -> None:
    """Call a relation otherwise, but in the qualified names of its columns."""
    name, columns = cte.alias, cte.this.named_selects
    # Where one of its columns has the relation's name, name.x may be a field of that column.
    spoken = name not in columns
    for place in places:
        for used in place.find_all(exp.Column):
            if not spoken and used.table == name and used.name in columns:
                used.set("table", exp.to_identifier(fresh))
        for table in place.find_all(exp.Table):
            if table.name == name:
                if spoken and not table.alias:
                    table.set("alias", exp.TableAlias(this=exp.to_identifier(name)))
                table.set("this", exp.to_identifier(fresh))
    cte.set("alias", exp.TableAlias(this=exp.to_identifier(fresh)))


def _window_names(select: exp.Select) -> None:
    """Put the definition of a named window where its name stands."""
    named = {window.name: window for window in select.args.get("windows") or ()}
    if not named:
        return
    for window in list(select.find_all(exp.Window)):
        definition = named.get(window.alias)
        if definition is None or window is definition or window.parent_select is not select:
            continue
        window.set("alias", None)
        for part in ("partition_by", "order", "spec"):
            value = definition.args.get(part)
            if value and not window.args.get(part):
                several = isinstance(value, list)
                window.set(part, [item.copy() for item in value] if several else value.copy())
    select.set("windows", None)


def mended(tree: exp.Expr) -> exp.Expr:
    """The statement, whose columns are all traced, in a shape that Spark and its like read."""
    for query in list(tree.find_all(exp.Query)):
        if not isinstance(query.parent, exp.SetOperation) and not isinstance(query, exp.Subquery):
            _columns(query)
    for select in list(tree.find_all(exp.Select)):
        _group_all(select)
        subquery.exists(select)
    subquery.correlated(tree)
    for order in list(tree.find_all(exp.Order)):
        _order_all(order)
    _order_whole(tree)
    for select in reversed(list(tree.find_all(exp.Select))):
        wrapped = _deviation(_qualify(select))
        if select is tree:
            tree = wrapped
        elif wrapped is not select:
            select.replace(wrapped)
    return tree


def _columns(query: exp.Expr) -> None:
    """Of two columns of one name the first is meant; a union goes by its first part's names."""
    selects = list(_branches(query))
    names = selects[0].named_selects
    firsts = [k for k, name in enumerate(names) if name not in names[:k]]
    for select in selects:
        chosen = [
            exp.alias_(select.expressions[k].unalias(), names[k], quoted=True) for k in firsts
        ]
        select.set("expressions", chosen)


def _branches(query: exp.Expr) -> Iterator[exp.Select]:
    if isinstance(query, exp.SetOperation):
        yield from _branches(query.this)
        yield from _branches(query.expression)
    elif isinstance(query, exp.Subquery):
        yield from _branches(query.this)
    elif isinstance(query, exp.Select):
        yield query


def _group_all(select: exp.Select) -> None:
    group = select.args.get("group")
    if group is not None and group.args.get("all"):
        keys = [item.unalias().copy() for item in select.expressions if not _aggregates(item)]
        select.set("group", exp.Group(expressions=keys) if keys else None)


def _aggregates(node: exp.Expr) -> bool:
    """Whether it is an aggregate of a group, and not of a window."""
    for call in node.find_all(exp.AggFunc, exp.Anonymous):
        holder = call.parent.parent if isinstance(call.parent, exp.Filter) else call.parent
        if (isinstance(call, exp.AggFunc) or _is_mad(call)) and not isinstance(holder, exp.Window):
            return True
    return False


def _order_all(order: exp.Order) -> None:
    if [item.this.name.lower() for item in order.expressions] == ["all"]:
        names = order.parent.named_selects  # type: ignore[union-attr]  # only a query is ordered by all
        order.set(
            "expressions", [exp.Ordered(this=column(name), nulls_first=False) for name in names]
        )


def _order_whole(tree: exp.Expr) -> None:
    """The order of a statement that others filter is that of the whole: within, it may be lost."""
    source = tree.args.get("from_")
    within = source.this.this if source is not None else None
    if not isinstance(within, exp.Select) or "order" not in within.args or tree.args.get("order"):
        return
    order = within.args.pop("order")
    selected = {item.alias: item.unalias() for item in within.expressions}
    for used in list(order.find_all(exp.Column)):
        if not used.table and used.name in selected:
            used.replace(selected[used.name].copy())
    place = exp.Window(this=exp.RowNumber(), order=order)
    within.select(exp.alias_(place, "place__"), copy=False)
    tree.set("order", exp.Order(expressions=[exp.Ordered(this=column("place__"))]))


def _qualify(select: exp.Select) -> exp.Select:
    """QUALIFY is a condition on a column of what is selected."""
    condition = select.args.get("qualify")
    if condition is None:
        return select
    names = select.named_selects
    within = select.copy()
    within.set("qualify", None)
    within.set("order", None)
    within.select(exp.alias_(condition.this.copy(), "is_selected__"), copy=False)
    top = within.args.pop("with_", None)
    outer = exp.select(*map(column, names)).from_(inner(within)).where(column("is_selected__"))
    outer.set("order", select.args.get("order"))
    order = outer.args.get("order")
    for used in list(order.find_all(exp.Column)) if order else ():
        shown = [item.alias for item in select.expressions if item.unalias() == used]
        if shown:
            used.replace(column(shown[0]))
    outer.set("with_", top)
    return outer


def _is_mad(node: exp.Expr) -> bool:
    return isinstance(node, exp.Anonymous) and node.name.lower() == "mad"


def _deviation(select: exp.Select) -> exp.Select:
    """``mad`` is the middle of the distances from the middle, of a list of all."""
    lists = [item.alias for item in select.expressions if _is_mad(item.unalias())]
    if not lists:
        return select
    outer = []
    for item in select.expressions:
        result = column(item.alias)
        if item.alias in lists:
            item.set("this", of("collect_list", item.this.expressions[0]))
            far = of("abs", exp.Sub(this=exp.column("v"), expression=_middle(result)))
            each = exp.Lambda(this=far, expressions=[exp.to_identifier("v")])
            result = exp.alias_(_middle(of("transform", result, each)), item.alias, quoted=True)
        outer.append(result)
    within = select.copy()
    top = within.args.pop("with_", None)
    wrapped = exp.select(*outer).from_(inner(within))
    wrapped.set("with_", top)
    return wrapped


def _middle(held: exp.Expr) -> exp.Expr:
    """The median of a list of numbers."""
    ends = []
    for more in (-1, 0):
        place = exp.Paren(
            this=exp.Add(this=of("size", held.copy()), expression=exp.Literal.number(more))
        )
        half = exp.IntDiv(this=place, expression=exp.Literal.number(2))
        ends.append(of("get", of("array_sort", held.copy()), half))
    both = exp.Paren(this=exp.Add(this=ends[0], expression=ends[1]))
    return exp.Paren(this=exp.Div(this=both, expression=exp.cast(exp.Literal.number(2), "double")))
