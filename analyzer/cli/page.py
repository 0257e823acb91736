"""The daily report as one HTML file: page."""

import sys
from pathlib import Path

import click

from analyzer.cli import options
from analyzer.cli.context import Context, pass_context
from analyzer.cli.progress import progress
from analyzer.errors import UsageError


@click.command()
@click.option("--last", help="The window of this length before its end: 90m, 24h, 7d.")
@pass_context
def page(
    context: Context, /, since: str, until: str, last: str | None, cluster: tuple[str, ...],
    queries: tuple[Path, ...], output: Path | None,
) -> int:  # fmt: skip
    """The daily report: coverage, outages, losses, new hosts, paths and capacity in one file.

    It is self-contained HTML: it loads nothing, works without scripts and can be mailed.
    """
    from analyzer import clock
    from analyzer import output as formats
    from analyzer.console import html_file
    from analyzer.report.run import ReportRequest
    from analyzer.store import marks

    zone = options.zone(context)
    if last is not None:
        source = click.get_current_context().get_parameter_source("since")
        if source is not click.core.ParameterSource.DEFAULT:
            raise UsageError("--last and --since both say where the window begins; leave one out")
        end = clock.now() if until == "latest" else marks.moment(context.existing(), until, zone)
        since = clock.iso(clock.back(end, last))
    request = ReportRequest(since=since, until=until, zone=zone)
    with progress(context, "asking and drawing", 1):
        text = html_file.daily(context.catalog(cluster, queries), request)
    formats.put(text, output, sys.stdout)
    if not formats.is_stream(output):
        context.say(f"wrote {output}")
    return context.exit_status()


page.params[:0] = [options.SINCE, options.UNTIL]
page.params += [options.TZ, options.CLUSTER, options.QUERIES, options.OUTPUT]

COMMANDS = (page,)
