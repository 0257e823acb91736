"""Answering a query from a list of records in memory: the reference for every other way.

Records are dictionaries of ONTAP's JSON shape. Without ``order_by`` they come by key; with it,
unset values come last in either direction, and equal ones by key. A page that stopped because
it was full names where to go on, whether or not anything follows, as ONTAP does.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from analyzer.resource import Resource
from analyzer.restquery.condition import fold
from analyzer.restquery.query import Clause, Query
from analyzer.restquery.selection import cut, tree, values

Record = Mapping[str, Any]
Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Some records, cut to the fields asked for; ``count`` of them even if none are returned.

    ``after`` is the key of the last one, ``position`` how many came so far, where a next page
    has to be asked for; both are None on the last page.
    """

    records: list[dict[str, Any]]
    count: int
    after: Key | None = None
    position: int | None = None


def key(resource: Resource, record: Record) -> Key:
    """What a record is found and sorted by; an unset part sorts first."""
    parts = []
    for name in resource.keys:
        found = values(record, name)
        empty: Any = -1 if resource.by_name[name].kind == "integer" else ""
        parts.append(found[0] if found else empty)
    return tuple(parts)


def matches(record: Record, where: Iterable[Clause]) -> bool:
    return all(_holds(record, clause) for clause in where)


def _holds(record: Record, clause: Clause) -> bool:
    if len(clause.fields) == 1:
        (field,) = clause.fields
        return clause.condition.holds(fold(field, values(record, field.name)))
    return clause.condition.holds(
        [str(value).lower() for field in clause.fields for value in values(record, field.name)]
    )


def page(query: Query, records: Iterable[Record], *, limit: int = 10_000) -> Page:
    """One page of the records that match.

    Args:
        query: what is asked.
        records: all there are, in any order.
        limit: of records in one page where the query sets none.
    """
    resource = query.resource
    found = sorted(
        ((key(resource, record), record) for record in records if matches(record, query.where)),
        key=lambda pair: pair[0],
    )
    for name, direction in reversed(query.order_by):
        _sort(found, name, reverse=direction == "desc")
    begin = query.position + (query.offset if not (query.position or query.start) else 0)
    if query.start is not None:
        found = [pair for pair in found if pair[0] > query.start]
    most = query.max_records or (limit if query.return_records else len(found) + 1)
    taken = found[begin : begin + most]
    shape = tree(query.fields)
    shown = [cut(record, shape) for _, record in taken] if query.return_records else []
    if len(taken) < most:
        return Page(shown, len(taken))
    if query.order_by:
        return Page(shown, len(taken), position=begin + len(taken))
    return Page(shown, len(taken), after=taken[-1][0])


def _sort(found: list[tuple[Key, Record]], name: str, *, reverse: bool) -> None:
    present = [pair for pair in found if values(pair[1], name)]
    unset = [pair for pair in found if not values(pair[1], name)]
    present.sort(key=lambda pair: values(pair[1], name)[0], reverse=reverse)
    found[:] = present + unset
