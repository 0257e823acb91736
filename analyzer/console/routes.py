"""The console over HTTP: who may see it, its static files, its pages; the rest is the array's API.

Pages are rendered elsewhere (in a process of bounded time and memory); here is only transport.
"""

import asyncio
from collections.abc import Callable
from importlib import resources
from typing import cast
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.convertors import Convertor, register_url_convertor
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from analyzer.console.access import Access
from analyzer.console.exchange import HTML, PageRequest, PageResponse
from analyzer.console.markup import render
from analyzer.errors import Busy

Pages = Callable[[PageRequest, float], PageResponse]

SECONDS = 30.0  # of one page, waiting for a worker included
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_SHARED = {"", "reports"}  # where a program gets JSON and a browser a page
_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}
_LONGEST = 16_384  # bytes of a URL
_BODY = 4_096  # bytes of a login
_BODY_SECONDS = 10.0  # until it has arrived
_PATIENCE = 1.0  # seconds after a wrong token


def application(pages: Pages, api: ASGIApp, access: Access) -> ASGIApp:
    """An ASGI application: the console to a browser, *api* to programs."""

    async def page(request: Request) -> Response:
        raw = cast("bytes", request.scope["raw_path"]).partition(b"?")[0].decode("latin-1")
        query = request.scope["query_string"].decode("latin-1")
        if len(raw) + len(query) > _LONGEST:
            raise HTTPException(414, f"the URL is longer than {_LONGEST} bytes")
        page_request = PageRequest(raw, query, request.headers.get("if-none-match", ""))
        try:
            response = await run_in_threadpool(pages, page_request, SECONDS)
        except Busy as error:
            raise HTTPException(503, str(error), {"Retry-After": "1"}) from error
        return Response(response.body, response.status, dict(response.headers))

    async def login(request: Request) -> Response:
        try:
            async with asyncio.timeout(_BODY_SECONDS):
                body = await _body(request)
        except (ClientDisconnect, TimeoutError) as error:
            raise HTTPException(408, "the form did not arrive") from error
        fields = parse_qs(body.decode(errors="replace"))
        target = _local(fields.get("next", [""])[0])
        if not access.is_token(fields.get("token", [""])[0].strip()):
            await asyncio.sleep(_PATIENCE)
            return _login(target, "that is not the token")
        return Response(
            status_code=303, headers={"Location": target, "Set-Cookie": access.cookie()}
        )

    paths = ["/", "/store", "/incident", "/capacity", "/reports", "/reports/{name}"]
    paths += [
        f"/{kind}/{{name:anything}}" for kind in ("initiator", "interface", "node", "incident")
    ]
    routes = [Route(path, page, methods=["GET"]) for path in paths]
    routes += [
        Route("/login", login, methods=["POST"]),
        Route("/login", _to_front, methods=["GET"]),
        Route("/static/{name}", static, methods=["GET"]),
    ]
    console = Starlette(
        routes=routes,
        middleware=[Middleware(Guard, access), Middleware(GZipMiddleware, minimum_size=1_000)],
        exception_handlers={HTTPException: _refusal},
    )
    first = {path.split("/")[1] for path in paths} - _SHARED | {"login", "static"}

    async def either(scope: Scope, receive: Receive, send: Send) -> None:
        # A client may send "*" or anything else without a slash: no page is there.
        root, _, rest = scope.get("path", "").partition("/")
        segment = None if root or scope["type"] != "http" else rest.partition("/")[0]
        browser = segment in _SHARED and "text/html" in Headers(scope=scope).get("accept", "")
        await (console if browser or segment in first else api)(scope, receive, send)

    return either


class AnythingConvertor(Convertor[str]):
    """The rest of a path, whatever a name holds: slashes and line breaks too."""

    regex = r"[\s\S]*"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("anything", AnythingConvertor())


class Guard:
    """Middleware: our host names only, a login where a token is needed, our headers on everything."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self.app, self.access = app, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(Request(scope))(scope, receive, sending)

    def _app(self, request: Request) -> ASGIApp:
        headers, path = request.headers, request.url.path
        if not self.access.answers_to(headers.get("host", "")):
            return _error(421, "this server does not answer to that host name (see --allow-host)")
        if path == "/login" or path.startswith("/static/"):
            return self.app
        if self.access.admits(headers.get("cookie", ""), headers.get("authorization", "")):
            return self.app
        query = request.scope["query_string"].decode("latin-1")
        return _login(
            f"{request.scope['raw_path'].decode('latin-1')}{f'?{query}' if query else ''}"
        )


async def static(request: Request) -> Response:
    """A file that came with the program."""
    name = request.path_params["name"]
    kind = _TYPES.get(name.rpartition(".")[2])
    files = {
        item.name: item for item in resources.files("analyzer.console").joinpath("static").iterdir()
    }
    if kind is None or name not in files:
        raise HTTPException(404, "there is no such file")
    headers = {"Content-Type": kind, "Cache-Control": "no-cache"}
    return Response(files[name].read_bytes(), headers=headers)


async def _to_front(_request: Request) -> Response:
    return Response(status_code=303, headers={"Location": "/"})


async def _body(request: Request) -> bytes:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _BODY:
            raise HTTPException(413, "the form is too long")
    return body


def _local(target: str) -> str:
    """A path of ours, whatever a form says: no other origin is ever redirected to."""
    if target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable():
        return target if target.isascii() else "/"
    return "/"


def _login(target: str, wrong: str = "") -> Response:
    headers = {"Content-Type": HTML, "WWW-Authenticate": 'Bearer realm="analyzer"'}
    return Response(render("login.html", target=_local(target), wrong=wrong), 401, headers)


def _error(status: int, sentence: str, headers: dict[str, str] | None = None) -> Response:
    body = render("error.html", status=status, sentence=sentence)
    return Response(body, status, {"Content-Type": HTML, **(headers or {})})


async def _refusal(_request: Request, error: Exception) -> Response:
    refused = cast("HTTPException", error)
    return _error(refused.status_code, str(refused.detail), dict(refused.headers or {}))
