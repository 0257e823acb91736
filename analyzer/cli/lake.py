"""The exports that other engines read as tables: export delta, export parquet."""

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from analyzer.cli import options
from analyzer.cli.context import Context, pass_context
from analyzer.cli.export import export
from analyzer.cli.progress import progress
from analyzer.errors import ExtraMissing, StoreError, UsageError
from analyzer.text import counted

if TYPE_CHECKING:
    from analyzer.lake.holding import Holding

_URL = re.compile(r"[a-z0-9+]+://", re.IGNORECASE)


@export.command("delta")
@click.argument("target", metavar="DIR|s3://…")
@pass_context
def delta(context: Context, /, target: str, cluster: tuple[str, ...]) -> int:
    """Delta tables: a commit each of what changed.

    A table lies in the folder of its name, by cluster and year. Only clusters that changed are
    written. For object storage credentials and endpoint come from the environment (AWS_ACCESS_KEY_ID,
    AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT_URL, AWS_REGION, …).
    """
    try:
        from analyzer.lake import delta as lake
    except ImportError as error:
        raise ExtraMissing("export delta", "lake") from error

    holdings = _holdings(context, cluster)
    place = target if _URL.match(target) else str(_outside(context, Path(target)))
    written = []
    with progress(context, "exporting", len(holdings)) as step:
        for table, items in holdings.items():
            done = lake.write(items, table, place)
            context.detail(
                f"{table}: {counted(done.rows, 'row')} of {counted(done.clusters, 'cluster')}"
            )
            written.append(done)
            step()
    rows, clusters = sum(done.rows for done in written), max(done.clusters for done in written)
    context.say(
        f"exported {counted(rows, 'row')} of {counted(clusters, 'cluster')} that changed to {target}"
    )
    return context.exit_status()


@export.command("parquet")
@click.argument("target", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@pass_context
def parquet(context: Context, /, target: Path, cluster: tuple[str, ...]) -> int:
    """Folders of Parquet files, below DIR/latest.

    A table lies in the folder of its name, by cluster and year. Each run is a generation of its own, which has the files that did not change as hard links.
    """
    from analyzer.lake import generation

    holdings = _holdings(context, cluster)
    _outside(context, target)
    with progress(context, "exporting", 1):
        written = generation.write(holdings, target)
    context.say(
        f"wrote {counted(written.written, 'file')} and linked {written.linked:,}: {written.folder}"
    )
    return context.exit_status()


def _outside(context: Context, target: Path) -> Path:
    """The absolute path of *target*.

    Raises:
        UsageError: it is the store, or a folder in it.
    """
    # Path.resolve() fails where links lead in a circle.
    if Path(os.path.realpath(target)).is_relative_to(os.path.realpath(context.open().root)):
        raise UsageError(f"{target} is in the store; name a folder outside of it")
    return target.absolute()


def _holdings(context: Context, names: tuple[str, ...]) -> "dict[str, list[Holding]]":
    """The clusters' holdings; damaged clusters are named and left out.

    Raises:
        StoreError: all are damaged.
        UsageError: no cluster matches.
    """
    from analyzer.lake import holding
    from analyzer.pattern import matches_any

    store = context.existing()
    clusters = [name for name in store.clusters() if matches_any(names, name)]
    if not clusters:
        raise UsageError(f"{store.root} has no such cluster; it has {', '.join(store.clusters())}")
    holdings, damaged = holding.holdings(store, clusters)
    for name, reason in damaged.items():
        context.complain(f"analyzer: {name} is left out: {reason}")
    context.damaged.update(damaged)
    if len(damaged) == len(clusters):
        raise StoreError("nothing was exported")
    return holdings


for _command in (delta, parquet):
    _command.params.append(options.CLUSTER)

COMMANDS = (export,)
