"""Commands that care for the store: verify, rebuild, compact, prune."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from analyzer.cli.context import Context, pass_context
from analyzer.cli.progress import progress
from analyzer.errors import AnalyzerError, StoreError, UsageError
from analyzer.text import counted

if TYPE_CHECKING:
    from analyzer.history import Deleted

_SHOWN = 10  # problems of one cluster that are printed


def _clusters(context: Context, named: Sequence[str]) -> list[str]:
    stored = context.existing().clusters()
    for name in named:
        if name not in stored:
            raise UsageError(f"there is no cluster '{name}'; the store has {', '.join(stored)}")
    return list(dict.fromkeys(named)) or stored


def _each(context: Context, clusters: Sequence[str], label: str) -> Iterator[str]:
    """The clusters, one after the other, with a bar that counts them."""
    with progress(context, label, len(clusters)) as step:
        for cluster in clusters:
            yield cluster
            step()


def _cutoff(text: str | None, configured: timedelta | None, option: str) -> datetime:
    from analyzer import clock, history

    span = clock.duration(text) if text else configured
    if span is None:
        raise UsageError(f"say how much to keep: {option} 14d, or [retention] in the configuration")
    return history.cutoff(clock.now(), span)


def _for_each(
    context: Context, clusters: Sequence[str], label: str, work: Callable[[str], None]
) -> int:
    """Do *work* for each cluster; what fails of one is reported, and the others go on.

    Returns the highest exit status.
    """
    code = 0
    for cluster in _each(context, clusters, label):
        try:
            work(cluster)
        except AnalyzerError as error:
            code = max(code, error.exit_code)
            context.complain(f"analyzer: {error}")
    return code


@click.command("verify")
@click.argument("clusters", nargs=-1)
@pass_context
def verify(context: Context, /, clusters: tuple[str, ...]) -> int:
    """Prove that every snapshot can be restored as it was."""
    from analyzer import history
    from analyzer.alerts import state
    from analyzer.store import marks

    code = 0
    for cluster in _each(context, _clusters(context, clusters), "verifying"):
        verified = history.verify(context.open(), cluster)
        for problem in verified.problems[:_SHOWN]:
            code = 4
            context.complain(f"{cluster}: {problem}")
        if verified.problems[_SHOWN:]:
            context.complain(f"{cluster}: and {len(verified.problems) - _SHOWN} more of the kind")
        if verified.problems:
            context.complain(f"{cluster}: 'analyzer rebuild {cluster}' makes anew what it can")
        else:
            context.say(
                f"{cluster}: {counted(verified.snapshots, 'snapshot')} can be restored;"
                f" the files of {verified.read} were read"
            )
        for note in verified.notes:
            context.say(f"{cluster}: {note}")
    for read in (marks.read, state.read):
        try:
            read(context.open())
        except StoreError as error:
            code = error.exit_code
            context.complain(f"analyzer: {error}")
    for stray in history.strays(context.open()):
        code = max(code, 4 if stray.data else 0)
        (context.complain if stray.data else context.say)(stray.sentence)
    return code


@click.command("rebuild")
@click.argument("clusters", nargs=-1)
@click.option("--accept-loss", is_flag=True, help="Go on without what nothing gives back.")
@pass_context
def rebuild(context: Context, /, clusters: tuple[str, ...], *, accept_loss: bool) -> int:
    """Rebuild the history from the snapshot files; what has none stays as it is."""
    from analyzer import history

    def work(cluster: str) -> None:
        rebuilt = history.rebuild(context.open(), cluster, accept_loss=accept_loss)
        context.say(f"{cluster}: {rebuilt.sentence}")
        for loss in rebuilt.lost:
            context.complain(f"{cluster}: lost: {loss}")

    return _for_each(context, _clusters(context, clusters), "folding anew", work)


@click.command("compact")
@click.argument("clusters", nargs=-1)
@click.option("--older-than", metavar="SPAN", help="Keep the files of this long, such as 14d.")
@click.option("--dry-run", is_flag=True, help="Only say what would be deleted.")
@pass_context
def compact(
    context: Context, /, clusters: tuple[str, ...], older_than: str | None, *, dry_run: bool
) -> int:
    """Delete old snapshot files after verifying that the history can restore them."""
    from analyzer import history

    configured, stored = context.configuration.retention, _clusters(context, clusters)
    cutoff = _cutoff(older_than, configured.compact_after, "--older-than")

    def work(cluster: str) -> None:
        deleted = history.compact(context.open(), cluster, cutoff, dry_run=dry_run)
        _tell(context, deleted, "would replace" if dry_run else "replaced")

    return _for_each(context, stored, "compacting", work)


@click.command("prune")
@click.argument("clusters", nargs=-1)
@click.option("--keep", metavar="SPAN", help="How much history stays, such as 400d.")
@click.option("--dry-run", is_flag=True, help="Only say what would be deleted.")
@pass_context
def prune(
    context: Context, /, clusters: tuple[str, ...], keep: str | None, *, dry_run: bool
) -> int:
    """Delete history older than --keep; never one side of an event that stays, never the newest snapshot."""
    from analyzer import history

    configured, stored = context.configuration.retention, _clusters(context, clusters)
    cutoff = _cutoff(keep, configured.keep, "--keep")

    def work(cluster: str) -> None:
        deleted = history.prune(context.open(), cluster, cutoff, dry_run=dry_run)
        _tell(context, deleted, "would forget" if dry_run else "forgot")

    return _for_each(context, stored, "pruning", work)


def _tell(context: Context, deleted: "Deleted", verb: str) -> None:
    size = f"{deleted.bytes / 1e6:.1f} MB of files"
    context.say(f"{deleted.cluster}: {verb} {counted(deleted.snapshots, 'snapshot')}, {size}")


COMMANDS: tuple[click.Command, ...] = (verify, rebuild, compact, prune)
