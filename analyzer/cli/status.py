"""The first screen: status."""

import sys
from pathlib import Path

import click

from analyzer.cli import options
from analyzer.cli.context import Context, pass_context


@click.command("status")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["table", "markdown", "json"]),
    default="table",
    show_default=True,
    help="markdown is for a ticket, json for programs.",
)
@pass_context
def status(
    context: Context, /, since: str, until: str, cluster: tuple[str, ...], format_: str,
    output: Path | None,
) -> int:  # fmt: skip
    """What is open, still missing and new, how old the data is, ready for an upgrade or not."""
    from analyzer import output as formats
    from analyzer.output import status_screen
    from analyzer.output.value import encode
    from analyzer.report import status as reports
    from analyzer.report.run import ReportRequest

    request = ReportRequest(
        since=since, until=until, zone=options.zone(context), covered=format_ == "json"
    )
    catalog = context.catalog(cluster)
    try:
        answer = reports.status(catalog, request)
    finally:
        catalog.close()
    people = format_ == "table"
    if people:
        narrow = None if formats.is_stream(output) and sys.stdout.isatty() else 80
        text = status_screen.render(answer, narrow)
    elif format_ == "markdown":
        text = status_screen.text(answer)
    else:
        text = encode(status_screen.as_json(answer), indent=1) + "\n"
    formats.put(text, output, sys.stdout, people=people)
    return context.exit_status()


status.params[:0] = [options.SINCE, options.UNTIL, options.TZ, options.CLUSTER]
status.params.append(options.OUTPUT)


COMMANDS = (status,)
