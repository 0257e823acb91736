"""The standing report as one HTML file."""

import sys
from pathlib import Path

import click

from analyzer.cli.context import Context, pass_context


@click.command()
@click.option("--since", default="24h", show_default=True, help="Begin of the window.")
@click.option("--until", default="now", show_default=True, help="End of the window.")
@click.option("--last", help="The window of this length before its end: 90m, 24h, 7d.")
@click.option("--cluster", multiple=True, help="Only this cluster; * matches; repeatable.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write to a file, whole or not at all.",
)
@pass_context
def page(
    context: Context,
    since: str,
    until: str,
    last: str | None,
    cluster: tuple[str, ...],
    output: Path | None,
) -> None:
    """The standing report: coverage, outages, losses, newcomers, paths and capacity in one file.

    It is self-contained HTML: it asks no network, works without scripts and can be mailed.
    """
    from analyzer import clock  # noqa: PLC0415  # --help answers at once
    from analyzer.console import page  # noqa: PLC0415  # --help answers at once
    from analyzer.report import run  # noqa: PLC0415  # --help answers at once
    from analyzer.store.publish import deliver  # noqa: PLC0415  # --help answers at once

    if last is not None:
        end = clock.moment("now" if until == "latest" else until)
        since = clock.iso(end - (clock.now() - clock.moment(last)))
    told = page.standing(context.catalog(cluster), run.Request(since=since, until=until))
    if output is None:
        sys.stdout.write(told)
        return
    with deliver(output) as draft:
        draft.write_text(told, encoding="utf-8", newline="")
    context.say(f"wrote {output}")


COMMANDS = (page,)
