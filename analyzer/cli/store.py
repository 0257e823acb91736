"""Commands that care for the store: verify, rebuild, compact, prune."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from analyzer.cli.context import Context, pass_context
from analyzer.cli.progress import progress
from analyzer.errors import UsageError

if TYPE_CHECKING:
    from analyzer.history import Deleted


def _clusters(context: Context, named: Sequence[str]) -> list[str]:
    stored = context.existing().clusters()
    for name in named:
        if name not in stored:
            raise UsageError(f"there is no cluster '{name}'; the store has {', '.join(stored)}")
    return list(dict.fromkeys(named)) or stored


def _each(context: Context, clusters: Sequence[str], what: str) -> Iterator[str]:
    """The clusters, one after the other, with a bar that counts them."""
    with progress(context, what, len(clusters)) as step:
        for cluster in clusters:
            yield cluster
            step()


def _cutoff(text: str | None, configured: timedelta | None, option: str) -> datetime:
    from analyzer import clock  # noqa: PLC0415  # --help answers at once

    span = clock.duration(text) if text else configured
    if span is None:
        raise UsageError(f"say how much to keep: {option} 14d, or [retention] in the configuration")
    return clock.now() - span


@click.command("verify")
@click.argument("clusters", nargs=-1)
@pass_context
def verify(context: Context, /, clusters: tuple[str, ...]) -> int:
    """Prove that every snapshot can be given back as it was."""
    from analyzer import history  # noqa: PLC0415  # --help answers at once

    code = 0
    for cluster in _each(context, _clusters(context, clusters), "verifying"):
        history.catch_up(context.open(), cluster)
        found = history.verify(context.open(), cluster)
        if found.problem:
            code = 4
            click.echo(
                f"{cluster}: {found.problem}; 'analyzer rebuild {cluster}' folds anew", err=True
            )
        else:
            context.say(f"{cluster}: {found.snapshots} snapshots can be given back")
    return code


@click.command("rebuild")
@click.argument("clusters", nargs=-1)
@pass_context
def rebuild(context: Context, /, clusters: tuple[str, ...]) -> int:
    """Fold the history anew from the snapshot files."""
    from analyzer import history  # noqa: PLC0415  # --help answers at once

    for cluster in _each(context, _clusters(context, clusters), "folding anew"):
        count = history.rebuild(context.open(), cluster)
        context.say(f"{cluster}: folded {count} snapshots anew")
    return 0


@click.command("compact")
@click.argument("clusters", nargs=-1)
@click.option("--older-than", metavar="SPAN", help="Keep the files of this long, such as 14d.")
@click.option("--dry-run", is_flag=True, help="Only say what would be deleted.")
@pass_context
def compact(
    context: Context, /, clusters: tuple[str, ...], older_than: str | None, *, dry_run: bool
) -> int:
    """Let the history stand for old snapshot files, once it is proved to give them back."""
    from analyzer import history  # noqa: PLC0415  # --help answers at once

    config, stored = context.configuration(), _clusters(context, clusters)
    cutoff = _cutoff(older_than, config.retention.compact_after if config else None, "--older-than")
    for cluster in _each(context, stored, "compacting"):
        done = history.compact(context.open(), cluster, cutoff, dry_run=dry_run)
        _tell(context, done, "would replace" if dry_run else "replaced")
    return 0


@click.command("prune")
@click.argument("clusters", nargs=-1)
@click.option("--keep", metavar="SPAN", help="How much history stays, such as 400d.")
@click.option("--dry-run", is_flag=True, help="Only say what would be deleted.")
@pass_context
def prune(
    context: Context, /, clusters: tuple[str, ...], keep: str | None, *, dry_run: bool
) -> int:
    """Forget old history; never one side of an event that stays, never the newest snapshot."""
    from analyzer import history  # noqa: PLC0415  # --help answers at once

    config, stored = context.configuration(), _clusters(context, clusters)
    cutoff = _cutoff(keep, config.retention.keep if config else None, "--keep")
    for cluster in _each(context, stored, "pruning"):
        done = history.prune(context.open(), cluster, cutoff, dry_run=dry_run)
        _tell(context, done, "would forget" if dry_run else "forgot")
    return 0


def _tell(context: Context, done: "Deleted", verb: str) -> None:
    size = f"{done.bytes / 1e6:.1f} MB of files"
    context.say(f"{done.cluster}: {verb} {done.snapshots} snapshots, {size}")


COMMANDS: tuple[click.Command, ...] = (verify, rebuild, compact, prune)
