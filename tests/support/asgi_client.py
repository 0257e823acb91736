"""An application asked without a socket, by the bytes that a server would hand it."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from starlette.types import ASGIApp


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return str(self.json["error"]["code"])

    @property
    def message(self) -> str:
        return str(self.json["error"]["message"])


def ask(app: ASGIApp, target: str, method: str = "GET", body: bytes = b"", **headers: str) -> Reply:
    """One request; header names with ``_`` for ``-``."""
    return asyncio.run(asking(app, target, method, body, **headers))


async def asking(
    app: ASGIApp, target: str, method: str = "GET", body: bytes = b"", **headers: str
) -> Reply:
    path, _, query = target.partition("?")
    fields = {"host": "127.0.0.1:8080"} | {n.replace("_", "-"): v for n, v in headers.items()}
    scope = {
        "type": "http",
        "method": method,
        "path": unquote(path),
        "raw_path": path.encode("latin-1"),
        "query_string": query.encode("latin-1"),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in fields.items()],
    }
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    received = {name.decode(): value.decode("latin-1") for name, value in sent[0]["headers"]}
    return Reply(
        sent[0]["status"], received, b"".join(message.get("body", b"") for message in sent[1:])
    )
