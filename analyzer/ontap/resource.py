"""A REST resource as data: path, keys, fields, and what the collector requests of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal

Json = dict[str, Any]  # of the array, whose members are a matter of the resource
Release = tuple[int, int]
Kind = Literal["string", "integer", "boolean"]

FIRST: Release = (9, 6)
"""The first release whose REST interface counts."""


@dataclass(frozen=True, slots=True)
class Field:
    """One documented scalar, by its dotted name (members of arrays without an index)."""

    name: str
    kind: Kind = "string"
    since: Release = FIRST
    expensive: bool = False
    folded: bool = False  # iSCSI names: letter case carries no meaning


@dataclass(frozen=True)
class Resource:
    """One endpoint.

    ``arrays`` names the fields that are lists: of objects, or of scalars. ``default`` is what a
    collection returns for a request without ``fields``. ``links`` maps objects that carry a link of
    their own to the path it points at; the member ``uuid`` completes it. ``aliases`` are query
    parameters whose name differs from the field's. ``collected`` is what the collector requests,
    where the release has it; ``costly`` what it requests beside that if the configuration says so.
    ``since`` is the first release that has the endpoint. A ``*`` in *path* stands for the first of
    the ``keys``: the endpoint lists what belongs to one object.
    """

    name: str
    path: str
    keys: tuple[str, ...]
    default: tuple[str, ...]
    fields: tuple[Field, ...]
    collected: tuple[str, ...]
    arrays: frozenset[str] = frozenset()
    links: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    singleton: bool = False
    costly: tuple[str, ...] = ()
    since: Release = FIRST

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        return MappingProxyType({item.name: item for item in self.fields})

    def at(self, release: Release) -> Mapping[str, Field]:
        """The fields that a release documents, by name."""
        return {item.name: item for item in self.fields if item.since <= release}

    def below(self, name: str, release: Release) -> tuple[str, ...]:
        """The scalars that *name* stands for: itself, or all below an object; may be none."""
        return _below(name, self.at(release))

    def in_array(self, name: str) -> bool:
        """Whether one record can hold several values of *name*."""
        parts = name.split(".")
        return any(".".join(parts[: end + 1]) in self.arrays for end in range(len(parts)))

    def request(self, release: Release = FIRST, *, connectivity: bool = False) -> tuple[str, ...]:
        """The collector's ``fields=``: never ``*``, whose meaning changes.

        With *connectivity* also ONTAP's own verdict on igroups, which is expensive.
        """
        names = (*self.collected, *(self.costly if connectivity else ()))
        fields = self.at(release)
        return tuple(name for name in names if _below(name, fields))


def _below(name: str, fields: Mapping[str, Field]) -> tuple[str, ...]:
    if name in fields:
        return (name,)
    return tuple(other for other in fields if other.startswith(name + "."))
