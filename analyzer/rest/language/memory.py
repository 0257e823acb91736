"""Answering a query from records in memory: the reference for the answer in SQL."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import islice

from analyzer.ontap.resource import Resource
from analyzer.rest.language.condition import fold, lowered
from analyzer.rest.language.query import Clause, RestQuery
from analyzer.rest.language.records import LIMIT, Key, Record, Slice, key_of, window
from analyzer.rest.language.selection import cut, tree, values

_Keyed = tuple[Key, Record]


def matches(record: Record, clauses: Iterable[Clause]) -> bool:
    return all(_holds(record, condition) for condition in clauses)


def _holds(record: Record, clause: Clause) -> bool:
    if clause.search:
        texts = (values(record, field.name) for field in clause.fields)
        return clause.condition.holds([lowered(str(value)) for text in texts for value in text])
    folded = (fold(field, values(record, field.name)) for field in clause.fields)
    return clause.condition.holds([value for field in folded for value in field])


class MemoryRecords:
    """The records of a resource in memory, sorted by key once for all pages."""

    def __init__(self, resource: Resource, records: Iterable[Record]) -> None:
        keyed = ((key_of(resource, record), record) for record in records)
        self._keyed: list[_Keyed] = sorted(keyed, key=lambda pair: pair[0])

    def find(self, key: Key) -> Record | None:
        at = bisect_left(self._keyed, key, key=lambda pair: pair[0])
        if at < len(self._keyed) and self._keyed[at][0] == key:
            return self._keyed[at][1]
        return None

    def page(self, query: RestQuery, limit: int = LIMIT) -> Slice:
        begin = 0
        if query.start is not None:
            begin = bisect_right(self._keyed, query.start, key=lambda pair: pair[0])
        matching: Iterator[_Keyed] = (
            pair for pair in islice(self._keyed, begin, None) if matches(pair[1], query.clauses)
        )
        if query.order_by:
            matching = iter(_sorted(list(matching), query))
        skipped, most = window(query, limit)
        taken = list(islice(matching, skipped, None if most is None else skipped + most))
        shape = tree(query.fields)
        shown = [cut(record, shape) for _, record in taken] if query.return_records else []
        if most is None or len(taken) < most:
            return Slice(shown, len(taken))
        if query.order_by:
            return Slice(shown, len(taken), position=skipped + len(taken))
        return Slice(shown, len(taken), after=taken[-1][0])


def _sorted(pairs: list[_Keyed], query: RestQuery) -> list[_Keyed]:
    for name, direction in reversed(query.order_by):
        field = query.resource.by_name[name]
        present = [pair for pair in pairs if values(pair[1], name)]
        unset = [pair for pair in pairs if not values(pair[1], name)]
        present.sort(
            key=lambda pair: fold(field, values(pair[1], name))[0],  # sorted at once
            reverse=direction == "desc",
        )
        pairs = present + unset
    return pairs
