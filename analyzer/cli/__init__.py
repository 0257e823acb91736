"""The command line: parses, calls the rooms below, answers with the exit status.

stdout is data, stderr is narration. Commands import what they need when they run, so that
``--help`` answers at once.
"""

import gc
import re
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

import click

from analyzer.cli import options, streams
from analyzer.cli.context import Context
from analyzer.cli.group import Program
from analyzer.cli.status import status as status_command
from analyzer.errors import AnalyzerError, StoreError
from analyzer.text import escape_lines
from analyzer.version import __version__

# Garbage is rare; higher, a fleet takes half as much memory again.
GARBAGE_THRESHOLD = 10_000


@click.group(
    cls=Program,
    invoke_without_command=True,
    subcommand_metavar=options.COMMAND,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="A report may be run by its name alone: 'analyzer outages'. ANALYZER_NOW replaces the clock,"
    " PAGER shows long tables.",
)
@click.option(
    "--store",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="ANALYZER_STORE",
    show_envvar=True,
    help="Folder of snapshots and history.  [default: ./store, or what the configuration says]",
)
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="ANALYZER_CONFIG",
    show_envvar=True,
    help="Configuration file.  [default: ./analyzer.toml if it exists]",
)
@click.option("--verbose", is_flag=True, help="Say more on stderr.")
@click.option("--quiet", is_flag=True, help="Say nothing on stderr but errors.")
@click.version_option(__version__, message="analyzer %(version)s")
@click.pass_context
def analyzer(
    context: click.Context, store: Path | None, config: Path | None, *, verbose: bool, quiet: bool
) -> int:
    """Keep the iSCSI sessions of ONTAP clusters, and say which paths were lost and came back."""
    context.obj = Context(store=store, config=config, verbose=verbose, quiet=quiet)
    if context.invoked_subcommand is None:
        if not context.obj.open().exists():
            click.echo(context.get_help())
            return 0
        status: int = context.invoke(status_command)
        return status
    return 0


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program and leave with its exit status."""
    streams.prepare()
    gc.set_threshold(GARBAGE_THRESHOLD)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup ignores one
            signal.signal(number, _terminate)
    code = status(arguments)
    gc.freeze()  # else the interpreter looks for garbage once more before it ends
    sys.exit(code)


# How Rust spells an error of the system that a library did not expect.
_SYSTEM_ERROR = re.compile(r'Os \{ code: \d+, kind: \w+, message: "([^"]+)" \}')


class Terminated(KeyboardInterrupt):
    """A signal that ends the program, with an exit status of its own."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.exit_code = 128 + number


# A library that is interrupted may drop our exception and raise one of its own: DuckDB does.
_signals: list[int] = []


def _terminate(number: int, _frame: FrameType | None) -> None:
    _signals.append(number)
    raise Terminated(number)


def status(arguments: Sequence[str] | None = None) -> int:
    """Run the program; every way to end has its exit status, and none is a bare traceback."""
    try:
        result = analyzer.main(arguments, prog_name="analyzer", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except SystemExit:
        raise
    except BaseException as error:  # noqa: BLE001  # the last resort; a panic of Polars is no Exception
        code, sentence = _ending(error)
        click.echo(escape_lines(f"analyzer: {sentence}"), err=True)
        return code
    return result if isinstance(result, int) else 0


def _ending(error: BaseException) -> tuple[int, str]:
    """The exit status of *error*, and what is said of it."""
    if _signals:
        return 128 + _signals[-1], "stopped"
    if isinstance(error, (click.Abort, KeyboardInterrupt)):
        return 130, "stopped"
    if isinstance(error, (AnalyzerError, OSError)):
        return getattr(error, "exit_code", StoreError.exit_code), _sentence(error)
    if refused := _SYSTEM_ERROR.search(str(error)):
        return StoreError.exit_code, refused[1]
    return 70, _bug(error)


def _sentence(error: Exception) -> str:
    if not isinstance(error, OSError):
        return str(error)
    # No module above the files knew better: a full disk, no descriptors left, an I/O error.
    return f"{error.filename}: {error.strerror}" if error.filename else error.strerror or str(error)


def _bug(error: BaseException) -> str:
    return f"internal error: {type(error).__name__}; {save_traceback(error)}"


def save_traceback(error: BaseException) -> str:
    """Write the traceback to a file; says where."""
    import tempfile
    import traceback

    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="analyzer-", suffix=".traceback", delete=False
        ) as file:
            file.writelines(traceback.format_exception(error))
    except OSError:
        return "the traceback could not be written"
    return f"the traceback is in {file.name}; please report it"
