"""The records of one resource, wherever they are held, and what a page of them is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from analyzer.ontap.resource import Json, Release, Resource
from analyzer.rest.language.query import RestQuery
from analyzer.rest.language.selection import values

Record = Mapping[str, Any]
"""ONTAP's JSON of one record; what is unset is left out."""
Key = tuple[Any, ...]

LIMIT = 10_000
"""Records of one page where neither the request nor the source sets a limit."""


@dataclass(frozen=True, slots=True)
class Slice:
    """The records of one page, cut to the requested fields.

    ``count`` is of them even if none are returned. ``after`` is the key of the last one,
    ``position`` how many came so far, if there is a next page; both are None on the last page.
    """

    records: list[Json]
    count: int
    after: Key | None = None
    position: int | None = None


class Records(Protocol):
    """The records of one resource, by key.

    Without ``order_by`` they come by key; with it, unset values come last in either direction,
    and equal ones by key. A page that stopped because it was full names where to go on, whether
    or not anything follows, as ONTAP does.
    """

    def find(self, key: Key, /) -> Record | None: ...

    def page(self, query: RestQuery, limit: int = LIMIT, /) -> Slice:
        """The records that match; at most *limit* where the query sets no limit."""


class Source(Protocol):
    """A source of the records of all resources."""

    @property
    def release(self) -> Release:
        """Of ONTAP: later fields and parameters are unknown to it."""

    @property
    def limit(self) -> int:
        """Records of one page where the request sets no limit."""

    def records(self, resource: Resource, svm: str, /) -> Records:
        """Those of one SVM, by uuid or name; '' for all."""

    def has_svm(self, uuid: str, /) -> bool: ...


def key_of(resource: Resource, record: Record) -> Key:
    """The key of a record, for looking up and sorting; an unset part sorts first.

    Where no uuid came, a name stands for it.
    """
    parts = []
    for name in resource.keys:
        present = values(record, name) or values(record, stand_in(name))
        unset: Any = -1 if resource.by_name[name].kind == "integer" else ""
        parts.append(present[0] if present else unset)
    return tuple(parts)


def stand_in(name: str) -> str:
    """The field that stands for a part of the key where that is unset: the name beside a uuid."""
    return f"{name.removesuffix('uuid')}name" if name.endswith("uuid") else name


def window(query: RestQuery, limit: int) -> tuple[int, int | None]:
    """How many matching records a page skips, and how many it may have (None: all are counted)."""
    skipped = query.position or (0 if query.start else query.offset)
    return skipped, query.max_records or (limit if query.return_records else None)
