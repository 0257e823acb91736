"""The value of ``fields=``, and cutting records down to it.

Names, whole objects, ``*`` (all that is not expensive), ``**`` (all), ``connections.{cid,…}``,
and ``!name`` to leave one out. The default fields of a collection always come along.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from analyzer.ontap.resource import Json, Release, Resource
from analyzer.rest.language.error import BRACES, bad, invalid

_DEEPEST = 8
Tree = Mapping[str, "Tree | None"]


def select(resource: Resource, release: Release, text: str, *, lenient: bool) -> tuple[str, ...]:
    """The scalars that *text* names, in the resource's own order, without the default ones.

    Fields that are later than *release* are unknown; unknown names are passed over where the
    request is *lenient* (``ignore_unknown_fields``).

    Raises:
        QueryError: 262197 for an unknown name, 262286 for a brace without its other half.
    """
    chosen: set[str] = set()
    excluded: set[str] = set()
    for name in _expand(text):
        bare = name.removeprefix("!")
        named = _named(resource, release, bare)
        if not named and not lenient:
            raise invalid(bare, "fields", " (<field,...>)")
        (excluded if name.startswith("!") else chosen).update(named)
    if excluded and not chosen:
        chosen.update(_named(resource, release, "*"))
    return tuple(field.name for field in resource.fields if field.name in chosen - excluded)


def _named(resource: Resource, release: Release, name: str) -> tuple[str, ...]:
    fields = resource.at(release)
    if name == "**":
        return tuple(fields)
    if name == "*":
        return tuple(field.name for field in fields.values() if not field.expensive)
    return resource.below(name.removesuffix(".*"), release)


def _expand(text: str) -> list[str]:
    """``a.{b,c}`` as ``a.b`` and ``a.c``; nested braces too."""
    names = []
    for part in _split(text):
        head, brace, rest = part.partition("{")
        if brace:
            inner = rest.removesuffix("}")
            if inner == rest or not head.removeprefix("!").endswith("."):
                raise bad(BRACES, f'Braces do not fit in "{part}"', "fields")
            names += [head + name for name in _expand(inner)]
        elif part:
            names.append(part)
    return names


def _split(text: str) -> list[str]:
    parts, depth = [""], 0
    for letter in text:
        depth += (letter == "{") - (letter == "}")
        if not 0 <= depth <= _DEEPEST:
            break
        if letter == "," and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    if depth:
        raise bad(BRACES, f'Braces do not match in "{text}"', "fields")
    return [part.strip() for part in parts]


@lru_cache(maxsize=256)
def tree(names: tuple[str, ...]) -> Tree:
    """The names as nested members."""
    grown: Json = {}
    for name in names:
        *above, last = name.split(".")
        place = grown
        for part in above:
            place = place.setdefault(part, {})
        place[last] = None
    return grown


def cut(record: Mapping[str, Any], shape: Tree) -> Json:
    """The record with the members of *shape* only; what is unset or empty is left out."""
    members = {}
    for name, inner in shape.items():
        value = record.get(name)
        if isinstance(value, Mapping):
            value = cut(value, inner) if inner else None
        elif isinstance(value, list) and inner:
            value = [cut(item, inner) for item in value]
        if value is not None and value not in ({}, []):
            members[name] = value
    return members


def values(record: Any, name: str) -> list[Any]:
    """Every value of a dotted name, through arrays; those unset are left out."""
    level: Iterable[Any] = [record]
    for part in name.split("."):
        below: list[Any] = []
        for item in level:
            value = item.get(part) if isinstance(item, Mapping) else None
            below.extend(value if isinstance(value, list) else [value])
        level = below
    return [value for value in level if value is not None]
