"""Answering a query in SQL: the same pages as ``page.Listing`` gives, from a table.

The table has one row per record, numbered by key in ``#``. Every field is a column of its own
dotted name; a field inside an array is a list with one element per element of the array.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from analyzer.ontap.resources import Resource
from analyzer.rest.language.clause import Bound, clause, folded, lowered, quoted
from analyzer.rest.language.page import Key, Page, Record, key, stand_in
from analyzer.rest.language.query import Query
from analyzer.rest.language.row import shaper

Run = Callable[[str, Mapping[str, Any]], Sequence[tuple[Any, ...]]]
_TYPES = {"string": "varchar", "integer": "bigint", "boolean": "boolean"}


def columns(resource: Resource) -> dict[str, str]:
    """The columns of a resource's table, with DuckDB's types."""
    return {
        one.name: _TYPES[one.kind] + ("[]" if resource.in_array(one.name) else "")
        for one in resource.fields
    }


def numbered(resource: Resource, select: str) -> str:
    """The rows of *select*, which has the columns of the resource, as its table wants them."""
    by = ", ".join(_key(resource)) or "1"
    listed = ", ".join(
        f"{quoted(name)}::{kind} as {quoted(name)}" for name, kind in columns(resource).items()
    )
    beside = "".join(
        f", {lowered(quoted(one.name))} as {quoted(folded(one))}"
        for one in resource.fields
        if one.folded and not resource.in_array(one.name)
    )
    return f'select row_number() over (order by {by}) as "#", {listed}{beside} from ({select}) order by "#"'


def _key(resource: Resource) -> list[str]:
    parts = []
    for name in resource.keys:
        if resource.by_name[name].kind == "integer":
            parts.append(f"coalesce({quoted(name)}, -1)")
        else:
            parts.append(f"coalesce({quoted(name)}, {quoted(stand_in(name))}, '')")
    return parts


class Relation:
    """The records of a resource in a table, for as many pages as are asked.

    *run* runs a statement with bound values. *svm* narrows them to one SVM, by uuid or name.
    """

    def __init__(self, resource: Resource, table: str, run: Run, svm: str = "") -> None:
        self.resource = resource
        self.table = table
        self.run = run
        self.svm = svm

    def find(self, sought: Key) -> Record | None:
        bound = Bound()
        where = [
            *self._narrowed(bound),
            *(
                f"{part} = {bound(value)}"
                for part, value in zip(_key(self.resource), sought, strict=True)
            ),
        ]
        names = tuple(self.resource.by_name)
        found = self._rows(names, " and ".join(where), "limit 1", bound)
        return found[0] if found else None

    def page(self, query: Query, limit: int = 10_000) -> Page:
        """One page of the records that match.

        Args:
            query: what is asked.
            limit: of records in one page where the query sets none.
        """
        bound = Bound()
        where = [
            *self._narrowed(bound),
            *(clause(self.resource, one, bound) for one in query.where),
        ]
        if query.start is not None:
            marks = ", ".join(bound(value) for value in query.start)
            seen = f"({', '.join(_key(self.resource))}) <= ({marks})"
            where.append(f'"#" > (select coalesce(max("#"), 0) from {self.table} where {seen})')
        matching = " and ".join(where) or "true"
        skipped = query.position or (0 if query.start else query.offset)
        most = query.max_records or (limit if query.return_records else None)
        if most is None:
            ((total,),) = self.run(
                f"select count(*) from {self.table} where {matching}", bound.values
            )
            return Page([], max(0, total - skipped))
        names = query.fields if query.return_records else self.resource.default
        part = f"{order(query)} limit {bound(most)} offset {bound(skipped)}"
        taken = self._rows(names, matching, part, bound)
        shown = taken if query.return_records else []
        if len(taken) < most:
            return Page(shown, len(taken))
        if query.order_by:
            return Page(shown, len(taken), position=skipped + len(taken))
        return Page(shown, len(taken), after=key(self.resource, taken[-1]))

    def _narrowed(self, bound: Bound) -> list[str]:
        if not self.svm:
            return []
        mark = bound(self.svm)
        known = self.resource.by_name
        names = [name for name in ("svm.uuid", "svm.name") if name in known] or ["uuid", "name"]
        return [f"({' or '.join(f'{quoted(name)} = {mark}' for name in names if name in known)})"]

    def _rows(
        self, names: tuple[str, ...], where: str, part: str, bound: Bound
    ) -> list[dict[str, Any]]:
        listed = ", ".join(map(quoted, names))
        rows = self.run(f"select {listed} from {self.table} where {where} {part}", bound.values)
        return list(map(shaper(self.resource.arrays, names), rows))


def order(query: Query) -> str:
    """Unset values last in either direction, equal ones by key."""
    by = []
    for name, direction in query.order_by:
        one = query.resource.by_name[name]
        by.append(f"{quoted(folded(one) if one.folded else name)} {direction} nulls last")
    return f"order by {', '.join([*by, quoted('#')])}"
