"""Answering a query in SQL: the same pages as ``MemoryRecords`` gives, from a table.

The table has one row per record, numbered by key in ``#``. Every field is a column of its own
dotted name; a field inside an array is a list with one element per element of the array.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from analyzer.ontap.resource import Json, Resource
from analyzer.rest.language.query import RestQuery
from analyzer.rest.language.records import LIMIT, Key, Record, Slice, key_of, stand_in, window
from analyzer.rest.language.row import shaper
from analyzer.rest.language.sql import Bound, condition, folded, lowered, quoted

Run = Callable[[str, Mapping[str, Any]], Sequence[tuple[Any, ...]]]
_TYPES = {"string": "varchar", "integer": "bigint", "boolean": "boolean"}


def columns(resource: Resource) -> dict[str, str]:
    """The columns of a resource's table, with DuckDB's types."""
    return {
        field.name: _TYPES[field.kind] + ("[]" if resource.in_array(field.name) else "")
        for field in resource.fields
    }


def numbered(resource: Resource, select: str) -> str:
    """The rows of *select*, which has the columns of the resource, as its table wants them."""
    by = ", ".join(_key(resource)) or "1"
    typed = ", ".join(
        f"{quoted(name)}::{kind} as {quoted(name)}" for name, kind in columns(resource).items()
    )
    lower = "".join(
        f", {lowered(quoted(field.name))} as {quoted(folded(field))}"
        for field in resource.fields
        if field.folded and not resource.in_array(field.name)
    )
    return f'select row_number() over (order by {by}) as "#", {typed}{lower} from ({select}) order by "#"'


def _key(resource: Resource) -> list[str]:
    parts = []
    for name in resource.keys:
        if resource.by_name[name].kind == "integer":
            parts.append(f"coalesce({quoted(name)}, -1)")
        else:
            parts.append(f"coalesce({quoted(name)}, {quoted(stand_in(name))}, '')")
    return parts


class TableRecords:
    """The records of a resource in a table, page by page.

    *run* runs a statement with bound values. *svm* narrows them to one SVM, by uuid or name.
    """

    def __init__(self, resource: Resource, table: str, run: Run, svm: str = "") -> None:
        self.resource = resource
        self.table = table
        self.run = run
        self.svm = svm

    def find(self, key: Key) -> Record | None:
        bound = Bound()
        parts = zip(_key(self.resource), key, strict=True)
        where = [*self._scope(bound), *(f"{part} = {bound(value)}" for part, value in parts)]
        names = tuple(self.resource.by_name)
        rows = self._rows(names, " and ".join(where), "limit 1", bound)
        return rows[0] if rows else None

    def page(self, query: RestQuery, limit: int = LIMIT) -> Slice:
        bound = Bound()
        where = [
            *self._scope(bound),
            *(condition(self.resource, clause, bound) for clause in query.clauses),
        ]
        skipped, most = window(query, limit)
        position = self._position(query.start) if query.start is not None else 0
        if most is not None and not where and not query.order_by:
            # The numbers have no gaps: nothing beyond these is looked at.
            where.append(f'"#" <= {bound(position + skipped + most)}')
        if position:
            where.append(f'"#" > {bound(position)}')
        matching = " and ".join(where) or "true"
        if most is None:
            statement = f"select count(*) from {self.table} where {matching}"
            ((total,),) = self.run(statement, bound.values)
            return Slice([], max(0, total - skipped))
        names = query.fields if query.return_records else self.resource.default
        part = f"{_order(query)} limit {bound(most)} offset {bound(skipped)}"
        records = self._rows(names, matching, part, bound)
        shown = records if query.return_records else []
        if len(records) < most:
            return Slice(shown, len(records))
        if query.order_by:
            return Slice(shown, len(records), position=skipped + len(records))
        return Slice(shown, len(records), after=key_of(self.resource, records[-1]))

    def _position(self, key: Key) -> int:
        """How many records come up to a key."""
        parts = _key(self.resource)
        bound = Bound()
        values = [bound(value) for value in key]
        pairs = zip(reversed(parts), reversed(values), strict=True)  # the last part differs most
        exact = " and ".join(f"{part} = {value}" for part, value in pairs)
        order = f"({', '.join(parts)}) <= ({', '.join(values)})"
        for test in (exact, order):  # a record that went since is not there
            ((number,),) = self.run(f'select max("#") from {self.table} where {test}', bound.values)
            if number is not None:
                return int(number)
        return 0

    def _scope(self, bound: Bound) -> list[str]:
        if not self.svm:
            return []
        parameter = bound(self.svm)
        fields = self.resource.by_name
        names = [name for name in ("svm.uuid", "svm.name") if name in fields] or ["uuid", "name"]
        tests = [f"{quoted(name)} = {parameter}" for name in names if name in fields]
        return [f"({' or '.join(tests)})"]

    def _rows(self, names: tuple[str, ...], where: str, part: str, bound: Bound) -> list[Json]:
        selected = ", ".join(map(quoted, names))
        rows = self.run(f"select {selected} from {self.table} where {where} {part}", bound.values)
        return list(map(shaper(self.resource.arrays, names), rows))


def _order(query: RestQuery) -> str:
    """Unset values last in either direction, equal ones by key."""
    by = []
    for name, direction in query.order_by:
        field = query.resource.by_name[name]
        by.append(f"{quoted(folded(field) if field.folded else name)} {direction} nulls last")
    return f"order by {', '.join([*by, quoted('#')])}"
