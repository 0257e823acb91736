"""The state of a page, as the URL that a ticket can hold."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import parse_qsl, quote, urlencode

_LONGEST = 2_000  # characters of a name that is linked


@dataclass(frozen=True, slots=True)
class PageAddress:
    """*path* is percent-encoded; *values* are names and values of the query, empty ones left out."""

    path: str
    values: tuple[tuple[str, str], ...] = ()

    @classmethod
    def read(cls, path: str, query: str) -> Self:
        """From what came over the wire, both still percent-encoded."""
        pairs = parse_qsl(query, errors="replace")
        return cls(path, tuple((name, text.strip()) for name, text in pairs if text.strip()))

    def value(self, name: str, default: str = "") -> str:
        """The last value of that name."""
        return next((text for other, text in reversed(self.values) if other == name), default)

    def all_values(self, name: str) -> tuple[str, ...]:
        return tuple(text for other, text in self.values if other == name)

    def at(self, path: str) -> Self:
        """The same values at another path."""
        return replace(self, path=path)

    def changed(self, **values: str | Sequence[str] | None) -> Self:
        """The same with other values; None or '' leaves one out, several stand one after another."""
        rest = [(name, text) for name, text in self.values if name not in values]
        for name, text in values.items():
            texts = (text,) if isinstance(text, str) else text or ()
            rest += [(name, part) for part in texts if part]
        return replace(self, values=tuple(rest))

    def only(self, *names: str) -> Self:
        """The same with the values of these names only."""
        return replace(self, values=tuple(pair for pair in self.values if pair[0] in names))

    def __str__(self) -> str:
        query = urlencode(self.values, quote_via=quote, safe=":,*@/")
        return f"{self.path}?{query}" if query else self.path


def of_object(kind: str, name: str | None, values: tuple[tuple[str, str], ...] = ()) -> str | None:
    """The URL of the page of an initiator, an interface or a node; None for a name without one."""
    if not name or len(name) > _LONGEST:
        return None
    if name.strip(".") == "":  # a browser takes dots for folders
        return str(PageAddress(f"/{kind}/", (("name", name), *values)))
    return str(PageAddress(f"/{kind}/{quote(name, safe=':@', errors='replace')}", values))
