"""A filter as a condition in SQL: true or false of every row of a ``relation``, never null.

Text and numbers of a request are bound, never written into a statement.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from string import ascii_lowercase, ascii_uppercase
from typing import Any, TypeGuard

from analyzer.ontap.resources import Field, Resource
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
    """The values of a statement, by the names they are bound under."""

    values: dict[str, Any] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=count)

    def __call__(self, value: Any) -> str:
        """The mark that stands for *value*."""
        name = f"v{next(self._numbers)}"
        self.values[name] = value
        return f"${name}"


def quoted(name: str) -> str:
    """A column's name in a statement."""
    return f'"{name}"'


def folded(one: Field) -> str:
    """The column that has a field's text in lower case."""
    return f"{one.name} folded"


def lowered(text: str) -> str:
    """``condition.lowered``; the engine's own is as fast as it gets, but right for ASCII only."""
    letters = f"translate({text}, '{ascii_uppercase}', '{ascii_lowercase}')"
    return f"case when strlen({text}) = length({text}) then lower({text}) else {letters} end"


def clause(resource: Resource, asked: Clause, bind: Bound) -> str:
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
            value = lowered(value if one.kind == "string" else f"{value}::varchar")
        elif one.folded:
            value = lowered("x") if listed else quoted(folded(one))
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


def _holds(condition: Condition, places: Sequence[_Place], bind: Bound) -> str:
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


def _either(of: Sequence[Condition], places: Sequence[_Place], bind: Bound) -> list[str]:
    """Values of one kind are looked up, and patterns matched, all at once: there can be many."""
    parts, tests = [], []
    equal: list[Scalar] = [one.value for one in of if isinstance(one, Equal)]
    like = [one for one in of if _is_pattern(one)]
    if equal:
        tests.append(f"list_contains({bind(equal)}::{_TYPES[type(equal[0])]}[], {{}})")
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
