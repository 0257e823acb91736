"""Commands that answer over HTTP: serve to programs and browsers, open to the one who sits here."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from analyzer.cli import options
from analyzer.cli.context import Context, pass_context
from analyzer.errors import AnalyzerError, Busy, ExtraMissing, UsageError

if TYPE_CHECKING:
    from analyzer.alerts.metrics import Scoreboard
    from analyzer.console.exchange import PageRequest, PageResponse
    from analyzer.console.pages import Pages
    from analyzer.rest.language.respond import RestRequest, RestResponse
    from analyzer.rest.server.answers import Answers
    from analyzer.rest.server.authentication import Identity
    from analyzer.rest.server.workers import Workers


@click.command()
@click.option("--cluster", default="", help="The cluster meant by requests that name none.")
@click.option(
    "--at",
    default="latest",
    show_default=True,
    help="The instant meant by requests that name none.",
)
@click.option(
    "--nearest",
    is_flag=True,
    help="Answer an instant that nobody saw from the last complete snapshot before it.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    help="Port to listen on; 0 takes a free one and prints where.",
)
@click.option("--allow-host", multiple=True, help="A name that clients may call us by; repeatable.")
@click.option("--token-env", help="Environment variable of the token that every request needs.")
@click.option("--token-file", type=options.FILE, help="File of that token.")
@click.option("--tls-cert", type=options.FILE, help="Certificate chain, for HTTPS.")
@click.option("--tls-key", type=options.FILE, help="Its key.")
@pass_context
def serve(
    context: Context,
    /,
    cluster: str,
    at: str,
    host: str,
    port: int,
    allow_host: tuple[str, ...],
    token_env: str | None,
    token_file: Path | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    queries: tuple[Path, ...],
    *,
    nearest: bool,
) -> int:
    """Answer GET /api/protocols/san/iscsi/sessions from history, as of any instant.

    Read-only. The reports are there too, as JSON: /reports and /openapi.json. A browser gets the
    console at /, a monitor its numbers at /metrics.
    """
    if (tls_cert is None) != (tls_key is None):
        raise UsageError("--tls-cert and --tls-key belong together")
    tls = (tls_cert, tls_key) if tls_cert and tls_key else None
    token = _token(token_env, token_file)
    source = ServeSource(cluster, at, nearest, queries)
    return _serve(context, source, host, port, allow_host, token, tls, click.echo)


@click.command("open")
@click.option("--no-browser", is_flag=True, help="Only print the address.")
@pass_context
def open_console(context: Context, /, queries: tuple[Path, ...], *, no_browser: bool) -> int:
    """Open the console in a browser: 'serve' on a free port of this machine, until Ctrl-C."""

    def ready(address: str) -> None:
        click.echo(address)
        if not no_browser and not _browse(address):
            context.say("there is no browser here; open the address in one")

    source = ServeSource(folders=queries)
    return _serve(context, source, "127.0.0.1", 0, (), None, None, ready)


def _browse(address: str) -> bool:
    """Open a browser window, if this machine has a browser that shows one."""
    import webbrowser

    shown = sys.platform == "darwin" or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")))  # fmt: skip
    try:
        return bool(shown) and webbrowser.get().open(address)
    except webbrowser.Error:
        return False


@dataclass(frozen=True, slots=True)
class ServeSource:
    """Defaults of requests that name no cluster or instant, and folders of reports."""

    cluster: str = ""
    at: str = "latest"
    nearest: bool = False
    folders: tuple[Path, ...] = ()


def _serve(
    context: Context,
    source: ServeSource,
    host: str,
    port: int,
    allow_host: tuple[str, ...],
    token: str | None,
    tls: tuple[Path, Path] | None,
    ready: Callable[[str], object],
) -> int:
    """Serve until a signal, the exit status; *ready* gets the address once the server listens."""
    try:
        from analyzer.console import routes
        from analyzer.rest.server import listen
    except ImportError as error:
        raise ExtraMissing("serve", "serve") from error
    from analyzer.console.access import Access
    from analyzer.console.exchange import Exchange
    from analyzer.output import openmetrics
    from analyzer.report import header
    from analyzer.rest.server import instant
    from analyzer.rest.server.app import App
    from analyzer.rest.server.authentication import Authenticator
    from analyzer.rest.server.scrape import Scrape
    from analyzer.rest.server.workers import Workers

    header.reports(source.folders)  # a file that is wrong is refused now
    store = context.existing()
    instant.read(source.at, store)
    stored = store.clusters()
    if source.cluster and source.cluster not in stored:
        raise UsageError(
            f"the store has no cluster '{source.cluster}'; it has {', '.join(stored) or 'none'}"
        )
    listening = listen.bind(host, port)
    with listening:
        if not listen.is_loopback(listening):
            if token is None:
                raise UsageError(
                    f"{host} can be reached from elsewhere, so a token is needed:"
                    " --token-env NAME or --token-file FILE"
                )
            if tls is None:
                context.say("warning: the token crosses the network in clear: see --tls-cert")
        hosts = [name.lower() for name in (host, *allow_host)]
        workers = Workers(partial(_worker, context, source))
        start = partial(Workers, partial(_numbers, context), count=1)
        scrape = Scrape(workers, start, openmetrics.aged, openmetrics.CONTENT_TYPE)

        def end() -> None:
            scrape.close()
            workers.close()

        try:
            authenticator = Authenticator(token, hosts)
            api = App(authenticator, scrape, on_error=_report_bug)
            access = Access(token, authenticator.answers_to, secure=tls is not None)
            policy = context.policy_file()
            watched = [policy] if policy is not None else []
            pages = Exchange(store, context.zone, partial(_page, workers), watched)
            app = routes.application(pages.page, api, access)
            serving = listen.server(app, tls)
            ready(listen.url(listening, tls=tls is not None))
            clusters = ", ".join(stored) or "no cluster yet"
            context.say(f"serving {clusters} from {store.root}; Ctrl-C ends it")
            return listen.run(serving, listening, end)
        finally:
            end()


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker process: the array's own answers, and the console's pages."""

    answers: "Answers"
    pages: "Pages"

    def answer(
        self, request: "RestRequest", identity: "Identity", seconds: float
    ) -> "RestResponse":
        return self.answers.answer(request, identity, seconds)

    def page(self, request: "PageRequest", seconds: float) -> "PageResponse | Busy":
        try:
            return self.pages.page(request, seconds)
        except Busy as error:  # it is raised again where the answer is waited for
            return error


def _worker(context: Context, source: ServeSource) -> Worker:
    from analyzer.console.pages import Pages
    from analyzer.rest.server.answers import Answers
    from analyzer.rest.server.endpoints import Endpoints
    from analyzer.rest.server.source import ServedClusters

    clusters = ServedClusters(context.existing())
    endpoints = Endpoints(clusters, source.cluster, source.at, source.nearest)
    catalog = partial(context.tables, folders=source.folders)
    return Worker(
        Answers(endpoints, catalog, _report_bug, source.folders),
        Pages(catalog, context.zone, _report_bug),
    )


@dataclass(frozen=True, slots=True)
class Counter:
    """The worker process of ``/metrics``: the numbers of every cluster."""

    scoreboard: "Scoreboard"

    def count(self, seconds: float) -> bytes | Busy:
        """The whole text, after what has changed was counted again."""
        try:
            self.scoreboard.refresh(seconds / 2)
        except AnalyzerError as error:
            return Busy(str(error))
        return self.scoreboard.text().encode()


def _numbers(context: Context) -> Counter:
    from analyzer.alerts.metrics import Scoreboard

    config = context.configuration
    configured = [cluster.name for cluster in config.clusters]
    return Counter(Scoreboard(context.existing(), context.tables, config.check, configured))


def _page(workers: "Workers", request: "PageRequest", seconds: float) -> "PageResponse":
    response: PageResponse = workers.call("page", request, seconds=seconds)
    return response


def _token(env: str | None, file: Path | None) -> str | None:
    """The token; never from an argument, where every process could read it."""
    from analyzer.config import secret

    if env is not None and file is not None:
        raise UsageError("--token-env and --token-file: one of them, please")
    for option, source in (("--token-env", env), ("--token-file", file)):
        if source is not None:
            token = secret.reveal(option, source, secret.LONGEST).strip()
            if not token:
                raise UsageError(f"{option}: {source} holds no token")
            return token
    return None


def _report_bug(error: Exception) -> None:
    from analyzer.cli import save_traceback

    click.echo(
        f"analyzer: internal error: {type(error).__name__}; {save_traceback(error)}", err=True
    )


for _command in (serve, open_console):
    _command.params.append(options.QUERIES)
COMMANDS = (serve, open_console)
