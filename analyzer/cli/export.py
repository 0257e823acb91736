"""The group of commands that give the history to other programs: export."""

import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from analyzer.cli import options, streams
from analyzer.cli.context import Context, pass_context
from analyzer.errors import UsageError

if TYPE_CHECKING:
    from analyzer.output.openmetrics import Sample


@click.group()
def export() -> None:
    """The history for other programs, in their own formats."""


@export.command()
@click.option("--step", default="1h", show_default=True, help="From one number to the next.")
@pass_context
def openmetrics(
    context: Context,
    /,
    step: str,
    since: str,
    until: str,
    cluster: tuple[str, ...],
    output: Path | None,
) -> int:
    """The numbers of /metrics for the past.

    Sessions, limits, hosts and open losses at each step that lies in the window, for a Prometheus
    that is new: promtool's 'tsdb create-blocks-from openmetrics' takes them in.
    """
    from analyzer import clock
    from analyzer import output as formats
    from analyzer.alerts import metrics
    from analyzer.output import openmetrics as text
    from analyzer.store import marks

    zone = options.zone(context)
    store = context.existing()
    begin, end = marks.moment(store, since, zone), marks.moment(store, until, zone)
    clock.check_window(begin, end)
    seconds = int(clock.duration(step).total_seconds())
    if seconds < 1:
        raise UsageError("--step is at least one second")
    with closing(context.catalog(cluster)) as catalog:
        families, names = metrics.families(catalog), catalog.clusters

    def samples() -> "Iterator[Iterator[Sample]]":
        for name in names:
            sys.stdout.flush()
            if not streams.has_reader():
                return
            with closing(context.tables([name])) as alone:
                yield metrics.past(alone, begin, end, seconds)

    with closing(text.merged(families, samples())) as pieces:
        formats.put_pieces(pieces, output, sys.stdout)
    return context.exit_status()


openmetrics.params[:0] = [options.SINCE, options.UNTIL]
openmetrics.params += [options.TZ, options.CLUSTER, options.OUTPUT]
