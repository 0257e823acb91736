"""A row of a table as a record: dotted columns become objects, parallel lists become arrays."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from analyzer.rest.language.selection import Tree, tree

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class _Member:
    """One member of an object: the column *at*, an object of *inner*, or an array of them.

    An array's columns are those from *at* to *end*, since a resource declares them side by side.
    """

    name: str
    at: int
    end: int = 0
    inner: "tuple[_Member, ...]" = ()


@lru_cache(maxsize=256)
def _members(arrays: frozenset[str], names: tuple[str, ...]) -> tuple[_Member, ...]:
    places = {name: at for at, name in enumerate(names)}
    return _below(arrays, tree(names), places, "", 0)


def _below(
    arrays: frozenset[str], shape: Tree, places: Mapping[str, int], above: str, first: int
) -> tuple[_Member, ...]:
    members = []
    for name, inner in shape.items():
        path = f"{above}{name}"
        if inner is None:
            members.append(_Member(name, places[path] - first))
            continue
        own = sorted(at for column, at in places.items() if column.startswith(f"{path}."))
        if path in arrays:
            below = _below(arrays, inner, places, f"{path}.", own[0])
            members.append(_Member(name, own[0] - first, own[-1] + 1 - first, below))
        else:
            members.append(_Member(name, -1, 0, _below(arrays, inner, places, f"{path}.", first)))
    return tuple(members)


def shaper(arrays: frozenset[str], names: tuple[str, ...]) -> Callable[[Row], dict[str, Any]]:
    """What makes a record of a row with these columns, which are in the resource's order.

    What is unset or empty is left out.
    """
    members = _members(arrays, names)
    return lambda row: _object(members, row)


def _object(members: tuple[_Member, ...], row: Row) -> dict[str, Any]:
    record = {}
    for member in members:
        if not member.inner:
            value = row[member.at]
        elif member.end:
            lists = row[member.at : member.end]
            value = (
                [_object(member.inner, item) for item in zip(*lists, strict=True)]
                if lists[0]
                else None
            )
        else:
            value = _object(member.inner, row)
        if value is not None and value not in ({}, []):
            record[member.name] = value
    return record
