"""The value side of a filter: ``joe*``, ``<10``, ``3..9``, ``!x``, ``a|b``, ``null``, ``"x|y"``.

What ONTAP leaves undocumented is decided here, for the simulated array and for ``serve``:

- a condition holds if any of the field's values (any element of an array) satisfies it;
- ``!x`` holds if the field is set and none of its values satisfies x; it binds tighter than ``|``;
- an unset field satisfies ``null`` and nothing else, not even ``!x``;
- names of initiators compare without regard to the case of A to Z, all other text exactly;
- text compares by code point, ``false`` before ``true``.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import ge, gt, le, lt
from string import ascii_uppercase
from typing import Any, Literal

from analyzer.ontap.resource import Field
from analyzer.rest.language.error import MISSING_BOUND, MISSING_VALUE, bad, invalid

Scalar = str | int | bool
Order = Literal["<", "<=", ">", ">="]

_INTEGER = re.compile(r"[+-]?\d{1,19}")
_FLAGS = {"true": True, "1": True, "false": False, "0": False}
_ORDERS: dict[Order, Callable[[Any, Any], Any]] = {"<": lt, "<=": le, ">": gt, ">=": ge}
_CLOSING = {'"': '"', "{": "}"}
_WIDEST = 2**63
_LOWER = {ord(letter): letter.lower() for letter in ascii_uppercase}


@dataclass(frozen=True, slots=True)
class Null:
    """The field is unset."""

    def holds(self, values: Sequence[Scalar]) -> bool:
        return not values


@dataclass(frozen=True, slots=True)
class Equal:
    value: Scalar

    def holds(self, values: Sequence[Scalar]) -> bool:
        return self.value in values


@dataclass(frozen=True, slots=True)
class Like:
    """Text whose pieces appear in this order, with anything between them.

    ``a*b`` has the pieces ``a`` and ``b``; a lone ``*`` has two empty ones and holds for
    whatever is set, of any kind.
    """

    pieces: tuple[str, ...]

    def holds(self, values: Sequence[Scalar]) -> bool:
        if not any(self.pieces):
            return bool(values)
        return any(self._fits(str(value)) for value in values)

    def _fits(self, text: str) -> bool:
        # Not as a regular expression of Python: many stars take it exponential time.
        first, *middle, last = self.pieces
        if len(text) < len(first) + len(last) or not text.startswith(first):
            return False
        at, end = len(first), len(text) - len(last)
        for piece in middle:
            at = text.find(piece, at, end)
            if at < 0:
                return False
            at += len(piece)
        return text.endswith(last)


@dataclass(frozen=True, slots=True)
class Compare:
    order: Order
    value: Scalar

    def holds(self, values: Sequence[Scalar]) -> bool:
        return any(_compare(value, self.order, self.value) for value in values)


@dataclass(frozen=True, slots=True)
class Range:
    """Between two bounds, both of which belong to it."""

    low: Scalar
    high: Scalar

    def holds(self, values: Sequence[Scalar]) -> bool:
        return any(
            _compare(value, ">=", self.low) and _compare(value, "<=", self.high) for value in values
        )


@dataclass(frozen=True, slots=True)
class Not:
    of: "Condition"

    def holds(self, values: Sequence[Scalar]) -> bool:
        return bool(values) and not self.of.holds(values)


@dataclass(frozen=True, slots=True)
class Either:
    of: tuple["Condition", ...]

    def holds(self, values: Sequence[Scalar]) -> bool:
        return any(condition.holds(values) for condition in self.of)


Condition = Null | Equal | Like | Compare | Range | Not | Either


def _compare(value: Scalar, order: Order, bound: Scalar) -> bool:
    # Both are of the field's kind: the record's by contract, the bound's by parsing.
    return bool(_ORDERS[order](value, bound))


def lowered(text: str) -> str:
    """The text with A to Z in lower case: one rule that every engine can follow alike."""
    return text.translate(_LOWER)


def fold(field: Field, values: Iterable[Scalar]) -> list[Scalar]:
    """The values as they are compared."""
    if field.folded:
        return [lowered(value) if isinstance(value, str) else value for value in values]
    return list(values)


def condition(field: Field, text: str) -> Condition:
    """Parse what follows ``field=``, already percent-decoded.

    Raises:
        QueryError: 262177, 262194 or 262197.
    """
    parts = [_alternative(field, part.strip()) for part in split(text, "|", field.name)]
    return parts[0] if len(parts) == 1 else Either(tuple(parts))


def comparisons(condition: Condition) -> int:
    """How many values it compares with; a pattern counts for each of its pieces."""
    match condition:
        case Either(of):
            return sum(map(comparisons, of))
        case Not(of):
            return comparisons(of)
        case Like(pieces):
            return len(list(filter(None, pieces)))
    return 1


def _alternative(field: Field, text: str) -> Condition:
    plain = text.lstrip("! ")
    negated = text[: len(text) - len(plain)].count("!") % 2
    return Not(_plain(field, plain)) if negated else _plain(field, plain)


def _plain(field: Field, text: str) -> Condition:
    if not text:
        raise bad(MISSING_VALUE, f'Missing value for field "{field.name}"', field.name)
    if _quoted(text):
        return Equal(_scalar(field, text))
    if text == "null":
        return Null()
    for order in ("<=", ">=", "<", ">"):
        if text.startswith(order):
            rest = text[len(order) :].strip()
            if not rest:
                raise bad(MISSING_VALUE, f'Missing value after "{order}"', field.name)
            return Compare(order, _scalar(field, rest))
    return _range(field, text)


def _range(field: Field, text: str) -> Condition:
    bounds = split(text, "..", field.name)
    if len(bounds) == 2:  # low and high
        low, high = (bound.strip() for bound in bounds)
        if not low or not high:
            raise bad(MISSING_BOUND, f'Missing bound in "{text}"', field.name)
        return Range(_scalar(field, low), _scalar(field, high))
    if len(bounds) > 2:  # low and high
        raise invalid(text, field.name)
    return _like(field, text)


def _like(field: Field, text: str) -> Condition:
    pieces = split(text, "*", field.name)
    if len(pieces) == 1:
        return Equal(_scalar(field, text))
    if field.kind != "string" and any(pieces):
        raise invalid(text, field.name)
    return Like(tuple(_text(field, piece) for piece in pieces))


def _quoted(text: str) -> bool:
    return len(text) > 1 and text[0] in _CLOSING and _end(text, 0) == len(text)


def _end(text: str, start: int) -> int:
    """Where the literal that opens at *start* ends, one past its closing mark; -1: nowhere."""
    if text[start] == '"':
        return text.find('"', start + 1) + 1 or -1
    depth = 0
    for at in range(start, len(text)):
        depth += (text[at] == "{") - (text[at] == "}")
        if not depth:
            return at + 1
    return -1


def split(text: str, mark: str, name: str) -> list[str]:
    """Split at *mark*, but not inside ``"…"`` or ``{…}``.

    Raises:
        QueryError: 262197, a quote or a brace is not closed.
    """
    if _CLOSING.keys().isdisjoint(text):
        return text.split(mark)
    parts, start, at = [], 0, 0
    while at < len(text):
        if text[at] in _CLOSING:
            at = _end(text, at)
            if at < 0:
                raise invalid(text, name)
        elif text.startswith(mark, at):
            parts.append(text[start:at])
            at = start = at + len(mark)
        else:
            at += 1
    return [*parts, text[start:]]


def _text(field: Field, text: str) -> str:
    plain = text[1:-1] if _quoted(text) else text
    return lowered(plain) if field.folded else plain


def _scalar(field: Field, text: str) -> Scalar:
    plain = _text(field, text)
    if field.kind == "integer":
        if not _INTEGER.fullmatch(plain) or not -_WIDEST <= int(plain) < _WIDEST:
            raise invalid(plain, field.name)
        return int(plain)
    if field.kind == "boolean":
        if plain.lower() not in _FLAGS:
            raise invalid(plain, field.name)
        return _FLAGS[plain.lower()]
    return plain
