"""The command that answers a scheduler: check."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import to_builtins
from msgspec.structs import replace

from analyzer.cli import options
from analyzer.cli.context import Context, pass_context
from analyzer.config.rules import SEVERITIES
from analyzer.errors import AnalyzerError, UsageError
from analyzer.text import escape_controls

if TYPE_CHECKING:
    from analyzer.alerts.check import CheckResult
    from analyzer.alerts.state import News
    from analyzer.config.rules import CheckSettings
    from analyzer.report.catalog import Catalog


@click.command("check")
@click.option("--report", "only", multiple=True, help="Only this report; repeatable.")
@click.option(
    "--fail-on",
    type=click.Choice(SEVERITIES),
    help="Least severity that makes the exit status 1.  [default: configured, or high]",
)
@click.option("--strict-coverage", is_flag=True, help="Exit status 3 where something is unknown.")
@click.option(
    "--once", is_flag=True, help="Tell only what is new, over or muted since the last time."
)
@click.option(
    "--test", is_flag=True, help="Send a message to each destination, and say what each answered."
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["table", "json", "nagios", "openmetrics", "prometheus"]),
    default="table",
    show_default=True,
    help="table is for people; prometheus is for a textfile collector.",
)
@click.option(
    "--plugin", is_flag=True, help="Be a monitoring plugin: that line, and exit status 0 to 3."
)
@click.option("--output", type=options.FILE, help="Write to a file, atomically.")
@pass_context
def check(
    context: Context,
    /,
    cluster: tuple[str, ...],
    only: tuple[str, ...],
    queries: tuple[Path, ...],
    fail_on: str | None,
    format_: str,
    output: Path | None,
    *,
    strict_coverage: bool,
    once: bool,
    test: bool,
    plugin: bool,
    **times: str,
) -> int:
    """Run every report that finds something, and answer with the exit status.

    With --plugin it is 0, 1 (warning), 2 (critical) or 3 (unknown), as Nagios, Icinga and Checkmk
    read it; what cannot be answered is unknown too.

    With --once the exit status is 1 only for what is new. The configured webhook and destinations
    are notified of each finding once; one that does not answer does not hold up the others.
    """
    from analyzer import clock
    from analyzer import output as formats
    from analyzer.alerts import state

    if test:
        return _test(context)
    if plugin and (once or output is not None):
        raise UsageError("--plugin prints the state: it goes with neither --once nor --output")
    try:
        settings, catalog, result = _run(
            context, cluster, queries, only, fail_on, times, strict=strict_coverage
        )
    except AnalyzerError as error:
        if not plugin:
            raise
        click.echo(f"ISCSI UNKNOWN - {error}")
        return 3
    if plugin:
        click.echo(result.plugin_line())
        return result.plugin_code
    code, news = result.exit_code, None
    if once:
        news = state.news(context.open(), result.checked, result.clusters, clock.now())
        if code == 1 and not news.first:
            code = int(bool(news.new))
    if format_ in {"openmetrics", "prometheus"}:
        text = _numbers(catalog, result, format_)
    else:
        text = _text(result, news, format_, code)
    formats.put(text, output, sys.stdout, people=format_ == "table")
    if news is not None:
        code = max(code, _tell(context, settings, result))
        _post(settings, news)
        state.remember(context.open(), news)
    return code


def _run(
    context: Context,
    clusters: tuple[str, ...],
    folders: tuple[Path, ...],
    only: tuple[str, ...],
    fail_on: str | None,
    times: dict[str, str],
    *,
    strict: bool,
) -> "tuple[CheckSettings, Catalog, CheckResult]":
    from analyzer.alerts import check
    from analyzer.report import run

    settings = context.configuration.check
    if fail_on is not None:
        settings = replace(settings, fail_on=fail_on)
    request = run.ReportRequest(**times, at=times["until"], zone=options.zone(context))  # type: ignore[arg-type]  # only times
    catalog = context.catalog(clusters, folders)
    result = check.check(catalog, request, settings, strict=strict, only=only)
    return settings, catalog, result


def _numbers(catalog: "Catalog", result: "CheckResult", format_: str) -> str:
    from analyzer.alerts import metrics
    from analyzer.output import openmetrics

    samples = metrics.present(catalog, result, result.until)
    families, classic = metrics.families(catalog), format_ == "prometheus"
    return "".join(openmetrics.exposition(families, samples, classic=classic))


def _text(result: "CheckResult", news: "News | None", format_: str, code: int) -> str:
    from analyzer import output as formats
    from analyzer.output import table
    from analyzer.output.json import envelope
    from analyzer.output.value import encode

    if format_ == "json":
        reports = [envelope(report) for report, _ in result.checked]
        additions = {} if news is None else {"news": to_builtins(news.body())}
        answer = {"exit_code": code, "reports": reports, **additions}
        return encode(answer, indent=1) + "\n"
    if format_ == "nagios":
        return result.plugin_line() + "\n"
    if news is not None:
        return "".join(f"{line}\n" for line in news.lines())
    width = None if sys.stdout.isatty() else formats.WIDTH
    parts, quiet = [], []
    for report, _ in result.checked:
        if report.name in result.details or not report.rows:
            continue
        if any(row["severity"] != "info" for row in report.records()):
            wide = f"analyzer report {report.name} --wide"
            parts.append(table.render(report, width, wide) + "\n")
        else:
            quiet.append(f"{len(report.rows):,} info, not shown: analyzer report {report.name}\n")
    return "".join(parts + quiet) + result.summary() + "\n"


def _tell(context: Context, settings: "CheckSettings", result: "CheckResult") -> int:
    """Every destination hears what is news to it; the highest status of those that did not."""
    code = 0
    for destination in settings.destinations:
        from analyzer.alerts import message

        try:
            rest = message.tell(context.open(), destination, result, settings.console)
            if rest:
                context.say(f"destination {destination.name}: {rest} more with the next check")
        except AnalyzerError as error:
            context.complain(f"analyzer: {error}")
            code = max(code, error.exit_code)
    return code


def _test(context: Context) -> int:
    """Send a message to each, and print what each answered."""
    from analyzer.alerts import message, webhook
    from analyzer.alerts.state import NewsBody

    settings = context.configuration.check
    if not (settings.destinations or settings.webhook):
        raise UsageError("no destination is configured; add [[check.destinations]]")
    tests: dict[str, Callable[[], int]] = {
        destination.name: partial(message.test, destination, settings.console)
        for destination in settings.destinations
    }
    if settings.webhook is not None:
        nothing = NewsBody(test=True, first=False, new=(), over=(), muted=())
        tests["webhook"] = lambda: webhook.post(settings.webhook or "", nothing, _token(settings))
    code = 0
    for name, test in tests.items():
        try:
            answer = f"HTTP {test()}"
        except AnalyzerError as error:
            answer = str(error).removesuffix("; the next check sends it again")
            code = max(code, error.exit_code)
        click.echo(escape_controls(f"{name}: {answer}"))
    return code


def _post(settings: "CheckSettings", news: "News") -> None:
    """Send to the webhook before the state is written: what it missed is sent again."""
    if settings.webhook is None or not (news.edges or (news.first and news.alerts)):
        return
    from analyzer.alerts import webhook

    webhook.post(settings.webhook, news.body(), _token(settings))


def _token(settings: "CheckSettings") -> str | None:
    """The webhook's token."""
    from analyzer.config import secret

    if settings.webhook_token_env is None:
        return None
    return secret.reveal("webhook_token_env", settings.webhook_token_env, 0.0)


check.params[:0] = [options.SINCE, options.UNTIL, options.TZ, options.CLUSTER]
check.params.append(options.QUERIES)

COMMANDS = (check,)
