"""A clause as a condition in SQL: true or false of every row of a ``table``, never null.

Text and numbers of a request are bound, never written into a statement.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from string import ascii_lowercase, ascii_uppercase
from typing import TypeGuard

from analyzer.ontap.resource import Field, Resource
from analyzer.rest.language.condition import (
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
from analyzer.rest.language.query import Clause

_TYPES = {str: "varchar", int: "bigint", bool: "boolean"}


@dataclass(slots=True)
class Bound:
    """The values of a statement, by the names of their parameters."""

    values: dict[str, object] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=count)

    def __call__(self, value: object) -> str:
        """The parameter that stands for *value*."""
        name = f"v{next(self._numbers)}"
        self.values[name] = value
        return f"${name}"


def quoted(name: str) -> str:
    """A column's name in a statement."""
    return f'"{name}"'


def folded(field: Field) -> str:
    """The column that has a field's text in lower case."""
    return f"{field.name} folded"


def lowered(text: str) -> str:
    """``condition.lowered``; the engine's own is as fast as it gets, but right for ASCII only."""
    letters = f"translate({text}, '{ascii_uppercase}', '{ascii_lowercase}')"
    return f"case when strlen({text}) = length({text}) then lower({text}) else {letters} end"


def condition(resource: Resource, clause: Clause, bind: Bound) -> str:
    """A condition that is true or false of every row, never null."""
    places = [_Place.of(resource, field, search=clause.search) for field in clause.fields]
    return _holds(clause.condition, places, bind)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the values of one field are: a column, or every element of a list."""

    column: str
    is_list: bool
    value: str

    @classmethod
    def of(cls, resource: Resource, field: Field, *, search: bool) -> "_Place":
        """*search* compares the text of a value, numbers included, in lower case."""
        is_list = resource.in_array(field.name)
        column = quoted(field.name)
        value = "x" if is_list else column
        if search:
            value = lowered(value if field.kind == "string" else f"{value}::varchar")
        elif field.folded:
            value = lowered("x") if is_list else quoted(folded(field))
        return cls(column, is_list, value)

    def any(self, test: str) -> str:
        """Whether a value passes *test*, in which ``{}`` stands for it."""
        passes = test.replace("{}", self.value)
        if self.is_list:
            passes = f"len(list_filter({self.column}, lambda x: {passes})) > 0"
        return f"coalesce({passes}, false)"

    def any_set(self) -> str:
        if self.is_list:
            return f"coalesce(len(list_filter({self.column}, lambda x: x is not null)) > 0, false)"
        return f"{self.column} is not null"


def _holds(condition: Condition, places: Sequence[_Place], bind: Bound) -> str:
    is_set = _or([place.any_set() for place in places])
    match condition:
        case Null():
            return f"not {is_set}"
        case Not(of):
            return f"({is_set} and not {_holds(of, places, bind)})"
        case Like(pieces) if not any(pieces):
            return is_set
        case Either(of):
            return _or(_either(of, places, bind))
    test = _test(condition, bind)
    return _or([place.any(test) for place in places])


def _either(of: Sequence[Condition], places: Sequence[_Place], bind: Bound) -> list[str]:
    """Values of one kind are looked up, and patterns matched, all at once: there can be many."""
    parts, tests = [], []
    equal: list[Scalar] = [part.value for part in of if isinstance(part, Equal)]
    patterns = [part for part in of if _is_pattern(part)]
    if equal:
        tests.append(f"list_contains({bind(equal)}::{_TYPES[type(equal[0])]}[], {{}})")
    if patterns:
        tests.append(_matches(patterns, bind))
    for part in of:
        if isinstance(part, Compare | Range):
            tests.append(_test(part, bind))
        elif not isinstance(part, Equal) and not _is_pattern(part):
            parts.append(_holds(part, places, bind))
    return [*parts, *(place.any(_or(tests)) for place in places if tests)]


def _is_pattern(condition: Condition) -> TypeGuard[Like]:
    return isinstance(condition, Like) and any(condition.pieces)


def _test(condition: Equal | Like | Compare | Range, bind: Bound) -> str:
    match condition:
        case Equal(value):
            return f"{{}} = {bind(value)}"
        case Like():
            return _matches([condition], bind)
        case Compare(sign, value):
            return f"{{}} {sign} {bind(value)}"
        case Range(low, high):
            return f"{{}} between {bind(low)} and {bind(high)}"


def _matches(patterns: Sequence[Like], bind: Bound) -> str:
    """As a regular expression, whose engine is linear in the text; that of LIKE is not."""
    alternatives = (".*".join(map(re.escape, pattern.pieces)) for pattern in patterns)
    return f"regexp_full_match({{}}, {bind('|'.join(alternatives))}, 's')"


def _or(parts: Sequence[str]) -> str:
    """A balanced tree, since the depth of an expression is limited."""
    if not parts:
        return "false"
    if len(parts) == 1:
        return parts[0]
    half = len(parts) // 2
    return f"({_or(parts[:half])} or {_or(parts[half:])})"
