"""The console over a store, asked without a socket and without worker processes."""

from collections.abc import Callable
from datetime import UTC, tzinfo
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from analyzer.config import policy
from analyzer.console import routes
from analyzer.console.access import Access
from analyzer.console.exchange import Exchange
from analyzer.console.pages import Pages
from analyzer.report.archive import Archive
from analyzer.rest.server.authentication import Authenticator
from analyzer.store.layout import Store

HTML = "text/html,application/xhtml+xml"


def pages(store: Store, zone: tzinfo = UTC, folders: tuple[Path, ...] = ()) -> Exchange:
    def catalog(clusters: tuple[str, ...]) -> Archive:
        return Archive(store, clusters, folders, policy.tables(None))

    return Exchange(store, zone, Pages(catalog, zone, on_error=_again).page)


def _again(error: Exception) -> None:
    raise error


def console(
    store: Store, token: str | None = None, *, secure: bool = False, now: Callable[[], float] | None = None
) -> ASGIApp:  # fmt: skip
    """The application; what is not the console's is answered by ``api``."""
    access = Access(token, Authenticator().answers_to, secure)
    if now is not None:
        access = Access(token, Authenticator().answers_to, secure, now)
    return routes.application(pages(store).page, api, access)


async def api(scope: Scope, receive: Receive, send: Send) -> None:
    """Stands for the array's own interface."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"api"})
