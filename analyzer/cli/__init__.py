"""The command line: parses, calls the rooms below, answers with the exit status.

stdout is data, stderr is narration. Commands import what they need when they run, so that
``--help`` answers at once.
"""

import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from analyzer import __version__
from analyzer.cli import check, collect, demo, evidence, page, policy, report, serve, store
from analyzer.cli.context import Context, shown
from analyzer.errors import AnalyzerError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--store",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="ANALYZER_STORE",
    help="Folder of snapshots and history.  [default: ./store, or what the configuration says]",
)
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="ANALYZER_CONFIG",
    help="Configuration file.  [default: ./analyzer.toml if it exists]",
)
@click.option("--verbose", is_flag=True, help="Say more on stderr.")
@click.option("--quiet", is_flag=True, help="Say nothing on stderr but errors.")
@click.version_option(__version__, message="analyzer %(version)s")
@click.pass_context
def analyzer(
    context: click.Context, store: Path | None, config: Path | None, *, verbose: bool, quiet: bool
) -> None:
    """Keep the iSCSI sessions of ONTAP clusters, and say which paths were lost and came back."""
    context.obj = Context(store=store, config=config, verbose=verbose, quiet=quiet)


for _room in (demo, collect, check, report, policy, store, page, evidence, serve):
    for _command in _room.COMMANDS:
        analyzer.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program and leave with its exit status."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # no letter is worth a crash
    sys.exit(status(arguments))


def status(arguments: Sequence[str] | None = None) -> int:
    """Run the program; every way to end has its exit status, and none is a bare traceback."""
    try:
        answer = analyzer.main(arguments, prog_name="analyzer", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("analyzer: stopped", err=True)
        return 130
    except AnalyzerError as error:
        click.echo(shown(f"analyzer: {error}"), err=True)
        return error.exit_code
    except BrokenPipeError:
        # Whoever read the output has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001  # the last resort: a bug must not look like an answer
        click.echo(f"analyzer: internal error: {type(error).__name__}; {kept(error)}", err=True)
        return 70
    return answer if isinstance(answer, int) else 0


def kept(error: BaseException) -> str:
    """Write the traceback to a file; says where."""
    import tempfile  # noqa: PLC0415  # only when something broke
    import traceback  # noqa: PLC0415  # only when something broke

    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="analyzer-", suffix=".traceback", delete=False
        ) as file:
            file.writelines(traceback.format_exception(error))
    except OSError:
        return "the traceback could not be written"
    return f"the traceback is in {file.name}; please report it"
