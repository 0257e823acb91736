"""Answering a query in SQL: the same pages as ``page.Listing`` gives, from a table.

The table has one row per record, numbered by key in ``#``. Every field is a column of its own
dotted name; a field inside an array is a list with one element per element of the array.
Text and numbers of a request are bound, never written into a statement.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from string import ascii_lowercase, ascii_uppercase
from typing import Any, TypeGuard

from analyzer.resource import Field, Resource
from analyzer.restquery.condition import (
    Compare,
    Condition,
    Either,
    Equal,
    Like,
    Not,
    Null,
    Range,
    Scalar,
)
from analyzer.restquery.page import Key, Page, Record, key, stand_in
from analyzer.restquery.query import Clause, Query
from analyzer.restquery.row import shaper

Run = Callable[[str, Mapping[str, Any]], Sequence[tuple[Any, ...]]]
Bind = Callable[[Any], str]
_TYPES = {"string": "varchar", "integer": "bigint", "boolean": "boolean"}
_OF = {str: "varchar", int: "bigint", bool: "boolean"}


def quoted(name: str) -> str:
    """A column's name in a statement."""
    return f'"{name}"'


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
    folded = "".join(
        f", {_lowered(quoted(one.name))} as {quoted(_folded(one))}"
        for one in resource.fields
        if one.folded and not resource.in_array(one.name)
    )
    return f'select row_number() over (order by {by}) as "#", {listed}{folded} from ({select}) order by "#"'


def _key(resource: Resource) -> list[str]:
    parts = []
    for name in resource.keys:
        if resource.by_name[name].kind == "integer":
            parts.append(f"coalesce({quoted(name)}, -1)")
        else:
            parts.append(f"coalesce({quoted(name)}, {quoted(stand_in(name))}, '')")
    return parts


def _folded(one: Field) -> str:
    return f"{one.name} folded"


def _lowered(text: str) -> str:
    """``condition.lowered``; the engine's own is as fast as it gets, but right for ASCII only."""
    letters = f"translate({text}, '{ascii_uppercase}', '{ascii_lowercase}')"
    return f"case when strlen({text}) = length({text}) then lower({text}) else {letters} end"


@dataclass(slots=True)
class Bound:
    """The values of a statement, by the names they are bound under."""

    values: dict[str, Any] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=count)

    def __call__(self, value: Any) -> str:
        """The mark that stands for *value*."""
        name = f"v{next(self._numbers)}"
        self.values[name] = value
        return f"${name}"


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
        cut = f"{order(query)} limit {bound(most)} offset {bound(skipped)}"
        taken = self._rows(names, matching, cut, bound)
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
        self, names: tuple[str, ...], where: str, cut: str, bound: Bound
    ) -> list[dict[str, Any]]:
        listed = ", ".join(map(quoted, names))
        rows = self.run(f"select {listed} from {self.table} where {where} {cut}", bound.values)
        return list(map(shaper(self.resource.arrays, names), rows))


def order(query: Query) -> str:
    """Unset values last in either direction, equal ones by key."""
    by = []
    for name, direction in query.order_by:
        one = query.resource.by_name[name]
        by.append(f"{quoted(_folded(one) if one.folded else name)} {direction} nulls last")
    return f"order by {', '.join([*by, quoted('#')])}"


def clause(resource: Resource, asked: Clause, bind: Bind) -> str:
    """A condition that is true or false of every row, never null."""
    return _holds(
        asked.condition,
        [_Place.of(resource, one, search=asked.search) for one in asked.fields],
        bind,
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the values of one field are: a column, or every element of a list."""

    column: str
    listed: bool
    value: str

    @classmethod
    def of(cls, resource: Resource, one: Field, *, search: bool) -> "_Place":
        """*search* compares the text of a value, numbers included, in lower case."""
        listed = resource.in_array(one.name)
        column = quoted(one.name)
        value = "x" if listed else column
        if search:
            value = _lowered(value if one.kind == "string" else f"{value}::varchar")
        elif one.folded:
            value = _lowered("x") if listed else quoted(_folded(one))
        return cls(column, listed, value)

    def any(self, test: str) -> str:
        """Whether a value passes *test*, in which ``{}`` stands for it."""
        told = test.replace("{}", self.value)
        if self.listed:
            told = f"len(list_filter({self.column}, lambda x: {told})) > 0"
        return f"coalesce({told}, false)"

    def any_set(self) -> str:
        if self.listed:
            return f"coalesce(len(list_filter({self.column}, lambda x: x is not null)) > 0, false)"
        return f"{self.column} is not null"


def _holds(condition: Condition, places: Sequence[_Place], bind: Bind) -> str:
    there = _or([place.any_set() for place in places])
    match condition:
        case Null():
            return f"not {there}"
        case Not(of):
            return f"({there} and not {_holds(of, places, bind)})"
        case Like(pieces) if not any(pieces):
            return there
        case Either(of):
            return _or(_either(of, places, bind))
    test = _test(condition, bind)
    return _or([place.any(test) for place in places])


def _either(of: Sequence[Condition], places: Sequence[_Place], bind: Bind) -> list[str]:
    """Values of one kind are looked up, and patterns matched, all at once: there can be many."""
    parts, tests = [], []
    equal: list[Scalar] = [one.value for one in of if isinstance(one, Equal)]
    like = [one for one in of if _is_pattern(one)]
    if equal:
        tests.append(f"list_contains({bind(equal)}::{_OF[type(equal[0])]}[], {{}})")
    if like:
        tests.append(_matches(like, bind))
    for one in of:
        if isinstance(one, Compare | Range):
            tests.append(_test(one, bind))
        elif not isinstance(one, Equal) and not _is_pattern(one):
            parts.append(_holds(one, places, bind))
    return [*parts, *(place.any(_or(tests)) for place in places if tests)]


def _is_pattern(condition: Condition) -> TypeGuard[Like]:
    return isinstance(condition, Like) and any(condition.pieces)


def _test(condition: Equal | Like | Compare | Range, bind: Bind) -> str:
    match condition:
        case Equal(value):
            return f"{{}} = {bind(value)}"
        case Like():
            return _matches([condition], bind)
        case Compare(sign, value):
            return f"{{}} {sign} {bind(value)}"
        case Range(low, high):
            return f"{{}} between {bind(low)} and {bind(high)}"


def _matches(patterns: Sequence[Like], bind: Bind) -> str:
    """As a regular expression, whose engine takes time in proportion; that of LIKE does not."""
    told = "|".join(".*".join(map(re.escape, one.pieces)) for one in patterns)
    return f"regexp_full_match({{}}, {bind(told)}, 's')"


def _or(parts: Sequence[str]) -> str:
    """Halved again and again, since the depth of an expression is limited."""
    if not parts:
        return "false"
    if len(parts) == 1:
        return parts[0]
    half = len(parts) // 2
    return f"({_or(parts[:half])} or {_or(parts[half:])})"
