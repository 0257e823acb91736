"""One request for records, parsed: what to filter, what to return, where to begin."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote_plus

from analyzer.ontap.resource import Field, Release, Resource
from analyzer.rest.language.condition import (
    Condition,
    Either,
    Equal,
    Like,
    comparisons,
    condition,
    lowered,
    split,
)
from analyzer.rest.language.error import (
    INVALID,
    MISSING_VALUE,
    SEARCH_ALONE,
    SEARCH_FIELD,
    SEARCH_FIELDS_ALONE,
    TWICE,
    UNEXPECTED,
    QueryError,
    bad,
    invalid,
)
from analyzer.rest.language.selection import select

POSITION = "start.position"
Direction = Literal["asc", "desc"]
_LENIENT_SINCE: Release = (9, 11)
_SAME = {"$orderBy": "order_by"}
_NUMBER = re.compile(r"\d{1,18}")
_ORDER = re.compile(r"(\S+?)(?:\s+(asc|desc))?", re.IGNORECASE)
_COMPARISONS = 2_048  # of one request, alternatives and stars included, times the fields searched


@dataclass(frozen=True, slots=True)
class Clause:
    """The condition holds if any of the fields' values satisfies it.

    A *search* looks at the text of values, numbers included, without regard to letter case.
    """

    fields: tuple[Field, ...]
    condition: Condition
    search: bool = False


@dataclass(frozen=True, slots=True)
class RestQuery:
    """A request, checked against its resource.

    ``fields`` are the scalars to return, defaults and filtered ones included. ``clauses`` must
    all hold. ``start`` is the key of the last record already seen;
    ``position`` is how many were already seen, where ``order_by`` rules out a key. ``raw`` is
    the query string as it came, for the links that repeat it.
    """

    resource: Resource
    fields: tuple[str, ...]
    clauses: tuple[Clause, ...] = ()
    order_by: tuple[tuple[str, Direction], ...] = ()
    max_records: int | None = None
    return_records: bool = True
    return_timeout: int = 15
    offset: int = 0
    start: tuple[str | int, ...] | None = None
    position: int = 0
    pretty: bool = True
    raw: str = ""


def parse(
    resource: Resource, raw: str = "", release: Release = (9, 99), *, instance: bool = False
) -> RestQuery:
    """Parse a query string as it came over the wire, percent-encoded, without the question mark.

    An *instance* is one record by its key: no filters, no paging, and all standard fields by default.
    Fields and parameters that are later than *release* are unknown.

    Raises:
        QueryError: as ONTAP would refuse it.
    """
    arguments = _arguments(raw, resource)
    lenient = False
    if release >= _LENIENT_SINCE:
        lenient = _flag(arguments, "ignore_unknown_fields", default=False)
    selected = select(
        resource, release, arguments.pop("fields", "") or ("*" if instance else ""), lenient=lenient
    )
    pretty = _flag(arguments, "pretty", default=True)
    if instance:
        _refuse(arguments)
        return RestQuery(resource, _ordered(resource, {*selected}), pretty=pretty, raw=raw)
    fields = resource.at(release)
    paging = {
        "max_records": _number(arguments, "max_records", low=1),
        "return_timeout": _number(arguments, "return_timeout", high=120),
        "offset": _number(arguments, "offset"),
        POSITION: _number(arguments, POSITION),
    }
    return_records = _flag(arguments, "return_records", default=True)
    order_by = _order(arguments.pop("order_by", ""), resource, fields)
    start = _start(arguments, resource)
    clauses = _search(arguments, resource, release)
    for name in [name for name in arguments if name in fields]:
        clauses.append(Clause((fields[name],), condition(fields[name], arguments.pop(name))))
    _refuse(arguments)
    _bound(clauses)
    filtered = {field.name for clause in clauses if not clause.search for field in clause.fields}
    timeout = paging["return_timeout"]
    return RestQuery(
        resource,
        _ordered(resource, {*selected, *filtered}),
        clauses=tuple(clauses),
        order_by=order_by,
        max_records=paging["max_records"],
        return_records=return_records,
        return_timeout=15 if timeout is None else timeout,
        offset=paging["offset"] or 0,
        start=start,
        position=paging[POSITION] or 0,
        pretty=pretty,
        raw=raw,
    )


def pairs(raw: str) -> list[tuple[str, str, str]]:
    """Name, value, and the text of each parameter as it came.

    Raises:
        QueryError: 262197, bytes that are no UTF-8.
    """
    parsed = []
    for text in raw.split("&"):
        name, equals, value = text.partition("=")
        if not text:
            continue
        try:
            name, value = unquote_plus(name, errors="strict"), unquote_plus(value, errors="strict")
        except UnicodeDecodeError as error:
            raise bad(INVALID, f'The text "{text}" is not UTF-8') from error
        if not equals:
            raise bad(MISSING_VALUE, f'Missing value for "{name}"', name)
        parsed.append((name, value, text))
    return parsed


def _arguments(raw: str, resource: Resource) -> dict[str, str]:
    arguments: dict[str, str] = {}
    for written, value, _ in pairs(raw):
        name = _SAME.get(written, resource.aliases.get(written, written))
        if name in arguments:
            raise bad(TWICE, f'Field "{written}" is specified twice', written)
        arguments[name] = value
    return arguments


def _refuse(arguments: Mapping[str, str]) -> None:
    for name in arguments:
        raise bad(UNEXPECTED, f'Unexpected argument "{name}".', name)


def _ordered(resource: Resource, names: set[str]) -> tuple[str, ...]:
    names |= set(resource.default)
    return tuple(field.name for field in resource.fields if field.name in names)


def _flag(arguments: dict[str, str], name: str, *, default: bool) -> bool:
    value = arguments.pop(name, None)
    if value is None:
        return default
    if value.lower() not in {"true", "false", "1", "0"}:
        raise invalid(value, name)
    return value.lower() in {"true", "1"}


def _number(
    arguments: dict[str, str], name: str, *, low: int = 0, high: int | None = None
) -> int | None:
    value = arguments.pop(name, None)
    if value is None:
        return None
    if not _NUMBER.fullmatch(value) or int(value) < low or (high and int(value) > high):
        raise invalid(value, name)
    return int(value)


def _order(
    text: str, resource: Resource, fields: Mapping[str, Field]
) -> tuple[tuple[str, Direction], ...]:
    """The sort keys. Fields inside arrays have no order of their own and are passed over."""
    order: dict[str, Direction] = {}
    for part in filter(None, map(str.strip, text.split(","))):
        match = _ORDER.fullmatch(part)
        if not match or match[1] not in fields:
            raise invalid(part, "order_by")
        if not resource.in_array(match[1]):
            direction: Direction = "desc" if (match[2] or "").lower() == "desc" else "asc"
            order.setdefault(match[1], direction)  # once more changes nothing
    return tuple(order.items())


def _bound(clauses: list[Clause]) -> None:
    """Bounds the cost of planning and running a request."""
    if sum(comparisons(clause.condition) * len(clause.fields) for clause in clauses) > _COMPARISONS:
        sentence = f"more than {_COMPARISONS:,} comparisons in one request: send fewer at once"
        raise bad(INVALID, sentence)


def token(resource: Resource, name: str) -> str:
    """The parameter that carries one part of the key: ``start.tpgroup``, ``start.svm.uuid``."""
    alias = {field: alias for alias, field in resource.aliases.items()}
    return f"start.{alias.get(name, name)}"


def _start(arguments: dict[str, str], resource: Resource) -> tuple[str | int, ...] | None:
    tokens = {name: arguments.pop(token(resource, name), None) for name in resource.keys}
    if all(value is None for value in tokens.values()):
        return None
    key: list[str | int] = []
    for name, value in tokens.items():
        text = (value or "").removeprefix('"').removesuffix('"')
        if resource.by_name[name].kind == "integer":
            if not _NUMBER.fullmatch(text.removeprefix("-")):
                raise invalid(text, token(resource, name))
            key.append(int(text))
        else:
            key.append(text)
    return tuple(key)


def _search(arguments: dict[str, str], resource: Resource, release: Release) -> list[Clause]:
    """``query=a b|c``: the text a, and one of b and c, each anywhere in ``query_fields``."""
    text, names = arguments.pop("query", None), arguments.pop("query_fields", None)
    if text is None and names is None:
        return []
    if names is None:
        raise bad(SEARCH_ALONE, "query needs query_fields", "query")
    if text is None:
        raise bad(SEARCH_FIELDS_ALONE, "query_fields needs query", "query_fields")
    try:
        selected = select(resource, release, names, lenient=False)
    except QueryError:
        selected = ()
    if not selected:
        raise bad(SEARCH_FIELD, f'The value "{names}" names no field', "query_fields")
    fields = tuple(resource.by_name[name] for name in selected)
    terms = re.sub(r"\s*\|\s*", "|", text.strip())
    return [Clause(fields, _term(term), search=True) for term in split(terms, " ", "query") if term]


def _term(text: str) -> Condition:
    """Words match the text of a value, numbers included, without regard to letter case."""
    words: list[Condition] = []
    for word in split(lowered(text), "|", "query"):
        pieces = tuple(piece.strip('"{}') for piece in split(word, "*", "query"))
        words.append(Like(pieces) if len(pieces) > 1 else Equal(pieces[0]))
    return words[0] if len(words) == 1 else Either(tuple(words))
