"""The command that keeps an incident: evidence, and evidence verify."""

import sys
from pathlib import Path

import click

from analyzer.cli import options
from analyzer.cli.context import Context, pass_context
from analyzer.cli.progress import progress
from analyzer.errors import StoreError, UsageError
from analyzer.text import counted


@click.group(invoke_without_command=True, subcommand_metavar=options.COMMAND)
@click.option(
    "--output", type=options.FILE, help="The zip file to write, atomically; - is standard output."
)
@click.option("--anonymise", is_flag=True, help="Replace names, addresses and uuids.")
@click.option(
    "--key-file",
    type=options.FILE,
    help="Secret key of the pseudonyms, to get the same ones again; random if absent.",
)
@click.pass_context
def evidence(
    context: click.Context,
    since: str,
    until: str,
    cluster: tuple[str, ...],
    output: Path | None,
    key_file: Path | None,
    *,
    anonymise: bool,
) -> None:
    """Bundle an incident: snapshots, history, reports, SQL and versions, with their SHA-256.

    The bundle holds a store that analyzer reads again. Maintenance and severity overrides are not
    applied in it: severities are those of the reports.
    """
    if context.invoked_subcommand is not None:
        return
    from analyzer import clock, evidence
    from analyzer import output as formats
    from analyzer.report import run

    if output is None:
        raise UsageError("say where to: --output incident.zip")
    if key_file is not None and not anonymise:
        raise UsageError("--key-file is for --anonymise")
    place = formats.for_bytes(output, sys.stdout, "A bundle")
    settings: Context = context.obj
    zone = options.zone(settings)
    with settings.catalog(cluster) as archive:
        start, end = (run.moment(archive, text, zone) for text in (since, until))
        clusters = archive.clusters
    clock.check_window(start, end)
    if settings.damaged:
        raise StoreError("no bundle without them; --cluster names others")
    request = evidence.BundleRequest(
        start,
        end,
        clusters,
        policy=settings.policy_text(),
        anonymous=anonymise,
        key=_key(key_file) if key_file is not None else None,
    )
    with progress(settings, "bundling", 1):
        bundle = evidence.write(settings.open(), request, place)
    files = counted(bundle.files, "file")
    settings.say(f"wrote {output}: {files}; SHA-256 of its manifest {bundle.sha256}")


def _key(path: Path) -> bytes:
    try:
        key = path.read_bytes().strip()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error
    if len(key) < 16:
        raise UsageError(f"{path}: a key has 16 bytes or more")
    return key


evidence.params[:0] = [options.SINCE, options.UNTIL, options.TZ, options.CLUSTER]


@evidence.command("verify")
@click.argument("file", type=options.FILE)
@pass_context
def verify(context: Context, file: Path) -> None:
    """Say whether a bundle is still what its manifest says; nothing is extracted."""
    from analyzer import evidence

    bundle = evidence.verify(file)
    context.say(
        f"{file}: {counted(bundle.files, 'file')} from {bundle.since} to {bundle.until}, as written;"
        f" SHA-256 of the manifest {bundle.sha256}"
    )


COMMANDS: tuple[click.Command, ...] = (evidence,)
