"""Answering a query from a list of records in memory: the reference for every other way.

Records are dictionaries of ONTAP's JSON shape. Without ``order_by`` they come by key; with it,
unset values come last in either direction, and equal ones by key. A page that stopped because
it was full names where to go on, whether or not anything follows, as ONTAP does.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from analyzer.ontap.resources import Resource
from analyzer.rest.language.condition import fold, lowered
from analyzer.rest.language.query import Clause, Query
from analyzer.rest.language.selection import cut, tree, values

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
    """What a record is found and sorted by; an unset part sorts first.

    Where no uuid came, a name stands for it.
    """
    parts = []
    for name in resource.keys:
        found = values(record, name) or values(record, stand_in(name))
        empty: Any = -1 if resource.by_name[name].kind == "integer" else ""
        parts.append(found[0] if found else empty)
    return tuple(parts)


def stand_in(name: str) -> str:
    """The field that stands for a part of the key where that is unset: the name beside a uuid."""
    return f"{name.removesuffix('uuid')}name" if name.endswith("uuid") else name


def matches(record: Record, where: Iterable[Clause]) -> bool:
    return all(_holds(record, clause) for clause in where)


def _holds(record: Record, clause: Clause) -> bool:
    found = [(field, values(record, field.name)) for field in clause.fields]
    if clause.search:
        return clause.condition.holds([lowered(str(one)) for _, told in found for one in told])
    return clause.condition.holds([one for field, told in found for one in fold(field, told)])


class Listing:
    """The records of a resource by key, sorted once, for as many pages as are asked."""

    def __init__(self, resource: Resource, records: Iterable[Record]) -> None:
        self._found = sorted(
            ((key(resource, record), record) for record in records), key=lambda pair: pair[0]
        )

    def find(self, sought: Key) -> Record | None:
        at = bisect_left(self._found, sought, key=lambda pair: pair[0])
        if at < len(self._found) and self._found[at][0] == sought:
            return self._found[at][1]
        return None

    def page(self, query: Query, limit: int = 10_000) -> Page:
        """One page of the records that match.

        Args:
            query: what is asked.
            limit: of records in one page where the query sets none.
        """
        begin = 0
        if query.start is not None:
            begin = bisect_right(self._found, query.start, key=lambda pair: pair[0])
        fitting: Iterator[tuple[Key, Record]] = (
            pair for pair in islice(self._found, begin, None) if matches(pair[1], query.where)
        )
        if query.order_by:
            fitting = iter(_sorted(list(fitting), query))
        skipped = query.position or (0 if query.start else query.offset)
        most = query.max_records or (limit if query.return_records else None)
        taken = list(islice(fitting, skipped, None if most is None else skipped + most))
        shape = tree(query.fields)
        shown = [cut(record, shape) for _, record in taken] if query.return_records else []
        if most is None or len(taken) < most:
            return Page(shown, len(taken))
        if query.order_by:
            return Page(shown, len(taken), position=skipped + len(taken))
        return Page(shown, len(taken), after=taken[-1][0])


def page(query: Query, records: Iterable[Record], *, limit: int = 10_000) -> Page:
    """One page of records that are in any order; see Listing.page."""
    return Listing(query.resource, records).page(query, limit)


def _sorted(found: list[tuple[Key, Record]], query: Query) -> list[tuple[Key, Record]]:
    for name, direction in reversed(query.order_by):
        present = [pair for pair in found if values(pair[1], name)]
        unset = [pair for pair in found if not values(pair[1], name)]
        field = query.resource.by_name[name]
        present.sort(
            key=lambda pair: fold(field, values(pair[1], name))[0],  # sorted at once
            reverse=direction == "desc",
        )
        found = present + unset
    return found
