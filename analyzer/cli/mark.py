"""The command that gives instants names: mark."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from analyzer.cli import options
from analyzer.cli.context import Context, pass_context
from analyzer.errors import UsageError

if TYPE_CHECKING:
    from analyzer.report.archive import Archive
    from analyzer.schema import Mark

_LISTED = "select name, instant, note, ticket, keep, baseline from marks order by instant, name"
# How many clusters answer at an instant, and the first and the last of the snapshots that do.
_ANSWERED = """
select count(*), min(taken_at), max(taken_at)
from (
    select cluster, max(taken_at) as taken_at from attempts
    where status = 'complete' and taken_at <= $instant group by cluster
)
"""


@click.command("mark")
@click.argument("name", required=False)
@click.option("--at", default="now", show_default=True, help="The instant, of the past or now.")
@click.option("--note", help="What to remember of it.")
@click.option("--ticket", metavar="ID", help="The change or incident that it belongs to.")
@click.option("--keep", is_flag=True, help="Let prune spare what answers at that instant.")
@click.option("--baseline", is_flag=True, help="Make it the default of --before, and of status.")
@click.option("--list", "list_", is_flag=True, help="List the marks.")
@click.option("--delete", metavar="NAME", help="Take a mark away.")
@pass_context
def mark(
    context: Context, /, name: str | None, at: str, note: str | None, ticket: str | None,
    delete: str | None, format_: str, output: Path | None, *, keep: bool, baseline: bool,
    list_: bool,
) -> int:  # fmt: skip
    """Give an instant a name, which may stand wherever a time may.

    'analyzer mark before-CHG4711', and after the change 'analyzer diff before-CHG4711 latest'.
    """
    from analyzer.report import run
    from analyzer.schema import Mark
    from analyzer.store import marks

    if [name is not None, list_, delete is not None].count(True) != 1:
        raise UsageError("say one of: a NAME to mark, --list, --delete NAME")
    if delete is not None:
        marks.delete(context.existing(), delete)
        context.say(f"deleted the mark {delete}")
        return 0
    with context.tables() as archive:
        if name is None:
            _list(archive, format_, output)
            return context.exit_status()
        named = Mark(
            name=name, instant=run.moment(archive, at, options.zone(context)), note=note,
            ticket=ticket, keep=keep, baseline=baseline,
        )  # fmt: skip
        marks.add(archive.store, named)
        context.say(_sentence(archive, named))
    return context.exit_status()


def _list(archive: "Archive", format_: str, output: Path | None) -> None:
    from analyzer import output as formats

    listed = archive.select(_LISTED)
    formats.write_rows(
        listed.columns, listed.rows, format_, output, sys.stdout, pager=options.pager()
    )


def _sentence(archive: "Archive", mark: "Mark") -> str:
    """What was marked, and which snapshots answer for it."""
    from analyzer import clock
    from analyzer.text import counted

    ((count, first, last),) = archive.select(_ANSWERED, {"instant": mark.instant}).rows
    marked = f"{mark.name} is {clock.iso(mark.instant)}"
    if not count:
        return f"{marked}; no cluster has a complete snapshot by then"
    of = clock.iso(first) if first == last else f"{clock.iso(first)} to {clock.iso(last)}"
    return f"{marked}: the last complete snapshot of {counted(count, 'cluster')} is of {of}"


mark.params += [options.TZ, options.FORMAT, options.OUTPUT, options.NO_PAGER]

COMMANDS = (mark,)
