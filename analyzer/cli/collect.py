"""Commands that bring sessions in: collect, import, doctor."""

import signal
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING

import click

from analyzer.cli import options
from analyzer.cli.context import Context, pass_context
from analyzer.cli.progress import progress
from analyzer.text import counted, escape_controls, escape_lines

if TYPE_CHECKING:
    from analyzer.collect.collector import Outcome


@click.command("collect")
@click.argument("clusters", nargs=-1)
@click.option(
    "--parallel",
    type=click.IntRange(1, 256),
    default=8,
    show_default=True,
    help="How many clusters at a time.",
)
@click.option("--slot", is_flag=True, help="Store under the scheduled instant, once.")
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    help="How everything on stderr is written; json is an object a line.",
)
@pass_context
def collect(
    context: Context, /, clusters: tuple[str, ...], parallel: int, log_format: str, *, slot: bool
) -> int:
    """Take one snapshot of each configured (or named) cluster.

    With [retention] in the configuration it also compacts and prunes, once a day. With --quiet
    only failures are printed.
    """
    from analyzer.errors import AnalyzerError

    if log_format == "text":
        return _collect(context, clusters, parallel, slot=slot, json=False)
    try:
        return _collect(context, clusters, parallel, slot=slot, json=True)
    except AnalyzerError as error:
        context.complain(_json(level="error", message=str(error)))
        return error.exit_code


def _collect(
    context: Context, names: tuple[str, ...], parallel: int, *, slot: bool, json: bool
) -> int:
    from analyzer.collect import collector

    config = context.required()
    clusters = config.named(tuple(dict.fromkeys(names)))
    for cluster in clusters:
        for warning in collector.warnings(cluster, slot=slot):
            if json:
                context.say(_json(level="warning", cluster=cluster.name, message=warning))
            else:
                context.say(f"{cluster.name}: {warning}")

    def on_outcome(outcome: "Outcome") -> None:
        tell = context.complain if outcome.exit_code else context.say
        if json:
            tell(_outcome_json(outcome))
        else:
            tell(_outcome_line(outcome))
            for note in outcome.notes:
                context.say(f"{outcome.cluster}: {note}")
            for problem in outcome.problems:
                context.complain(f"{outcome.cluster}: {problem}")
        step()

    with progress(context, "collecting", len(clusters)) as step:
        outcomes = collector.collect(
            context.open(), clusters, parallel=parallel, slot=slot, on_outcome=on_outcome,
            compact_after=config.retention.compact_after, keep=config.retention.keep,
        )  # fmt: skip
    return max((outcome.exit_code for outcome in outcomes), default=0)


def _outcome_line(outcome: "Outcome") -> str:
    sessions = counted(outcome.sessions, "session")
    counts = f", {sessions}, {counted(outcome.connections, 'connection')}"
    why = (outcome.reason or "").removeprefix(f"{outcome.cluster}: ")
    reason = f": {escape_controls(why)}" if why else ""
    return (
        f"{outcome.cluster}: {outcome.status}{counts if outcome.status != 'failed' else ''},"
        f" {outcome.seconds:.1f} s{reason}"
    )


def _outcome_json(outcome: "Outcome") -> str:
    from dataclasses import asdict

    from analyzer import clock

    level = "error" if outcome.exit_code else "warning" if outcome.notes else "info"
    taken_at = clock.iso(outcome.taken_at) if outcome.taken_at else None
    return _json(**asdict(outcome) | {"taken_at": taken_at, "level": level})


def _json(**fields: object) -> str:
    return dumps(fields, sort_keys=True)


@click.command("import")
@click.option("--cluster", required=True, help="Which cluster the answers are of.")
@click.option("--taken-at", required=True, help="When the cluster was queried.")
@click.option("--failed", metavar="WHY", help="Record that nothing could be had, and why.")
@click.option("--svms", type=options.FILE, help="Answer of /api/svm/svms.")
@click.option("--interfaces", type=options.FILE, help="Answer of /api/network/ip/interfaces.")
@click.option("--igroups", type=options.FILE, help="Answer of /api/protocols/san/igroups.")
@click.option("--nodes", type=options.FILE, help="Answer of /api/cluster/nodes.")
@click.option("--lun-maps", type=options.FILE, help="Answer of /api/protocols/san/lun-maps.")
@click.option("--portsets", type=options.FILE, help="Answer of /api/protocols/san/portsets.")
@click.option("--ports", type=options.FILE, help="Answer of /api/network/ethernet/ports.")
@click.option("--metrocluster", type=options.FILE, help="Answer of /api/cluster/metrocluster/svms.")
@click.option("--ems", type=options.FILE, help="Answer of /api/support/ems/events.")
@click.option("--messages", type=options.FILE, help="Answer of /api/support/ems/messages.")
@click.option("--cluster-info", type=options.FILE, help="Answer of /api/cluster.")
@click.option(
    "--future", is_flag=True, help="Take what is more than five minutes ahead of the clock."
)
@click.argument("pages", nargs=-1, type=options.FILE)
@pass_context
def import_(
    context: Context,
    /,
    cluster: str,
    taken_at: str,
    failed: str | None,
    cluster_info: Path | None,
    pages: tuple[Path, ...],
    *,
    future: bool,
    **side_files: Path | None,
) -> int:
    """Saved API answers (PAGES in order, - is stdin) become a snapshot.

    Byte order marks, UTF-16 and gzip are read as what they are, up to 256 MB a file. A failed or
    partial attempt gives way to a complete one of the same instant.
    """
    from analyzer import clock
    from analyzer.collect import files
    from analyzer.errors import UsageError

    # Polars' handler would restart the read of a standard input that never ends.
    signal.siginterrupt(signal.SIGINT, True)  # noqa: FBT003  # the function's own way
    instant = clock.moment(taken_at, options.zone(context))
    store = context.open()
    if failed is not None:
        if pages:
            raise UsageError("--failed takes no pages: nothing could be had")
        attempt = files.fail(store, cluster, instant, failed, future=future)
        context.say(f"{cluster}: recorded as failed at {clock.iso(instant)}: {attempt.reason}")
        return 0
    if not pages:
        raise UsageError("give the saved pages of the session listing, or --failed")
    inventories = {name: path for name, path in side_files.items() if path is not None}
    with progress(context, "importing", 1):
        attempt, code = files.bring(
            store, cluster, instant, pages, inventories, cluster_info, future=future
        )
    reason = f": {escape_controls(attempt.reason)}" if attempt.reason else ""
    context.say(
        f"{cluster}: {attempt.status} at {clock.iso(attempt.taken_at)},"
        f" {counted(attempt.sessions, 'session')},"
        f" {counted(attempt.connections, 'connection')}{reason}"
    )
    return code


import_.params.append(options.TZ)


@click.command("doctor")
@click.argument("clusters", nargs=-1)
@click.option("--example", is_flag=True, help="Print a configuration to start from.")
@pass_context
def doctor(context: Context, /, clusters: tuple[str, ...], *, example: bool) -> int:
    """Check configuration, credentials, TLS, rights and store, and say what to do."""
    from analyzer.collect.doctor import check_cluster, check_store
    from analyzer.config.file import EXAMPLE

    if example:
        click.echo(EXAMPLE, nl=False)
        return 0
    config = context.required()
    selected, code = config.named(clusters), 0
    for warning in config.warnings():
        click.echo(escape_lines(f"warn  configuration: {warning}"))
    for checks in (check_store(context.open()), *map(check_cluster, selected)):
        for check in checks:
            code = max(code, check.exit_code)
            prefix = f"{check.cluster}: " if check.cluster else ""
            # Releases and names are the array's own words.
            click.echo(escape_lines(f"{check.status:<4}  {prefix}{check.name}: {check.detail}"))
            for line in check.advice.splitlines():
                click.echo(escape_lines(f"      {line}"))
    return code


COMMANDS: tuple[click.Command, ...] = (collect, import_, doctor)
