"""Request and response between the server and the process that renders a page."""

from collections.abc import Mapping
from dataclasses import dataclass, field

HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class PageRequest:
    """*path* and *query* still percent-encoded; *etag* is what the browser has already."""

    path: str
    query: str = ""
    etag: str = ""


@dataclass(frozen=True, slots=True)
class PageResponse:
    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": HTML})
