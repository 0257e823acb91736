"""Commands that show or serve: demo, simulate."""

import shlex
import shutil
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from analyzer.cli import options
from analyzer.cli.context import Context, pass_context

if TYPE_CHECKING:
    from analyzer.store.layout import Store


@click.command("demo")
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo"),
    show_default=True,
    help="Folder for the store and the page.",
)
@pass_context
def demo(context: Context, /, output: Path) -> int:
    """Live through a day with an incident on a simulated array, and read what the reports say of it."""
    from analyzer import demo as room
    from analyzer import output as formats
    from analyzer.cli.progress import progress
    from analyzer.console import html_file
    from analyzer.errors import UsageError
    from analyzer.output import table
    from analyzer.store.layout import Store
    from analyzer.store.publish import deliver

    store = Store(context.store or output / "store", host=room.HOST)
    page = output / "day.html"
    if not room.clear(store):
        raise UsageError(
            f"{store.root} holds more than an earlier demonstration; name another place with"
            " --output, or with --store where it is set"
        )
    context.say(
        "A simulated array with four nodes, 19 hosts and a bad night is polled every five minutes\n"
        f"for a day ({room.DAY}), over real HTTP on loopback, into {store.root}."
    )
    with progress(context, "collecting", 289) as advance:
        end = room.record(store, advance)
    overviews, reports = room.headlines(store, end)
    width = None if sys.stdout.isatty() else formats.WIDTH
    for report in overviews:
        text = table.render(report, width, f"analyzer report {report.name} --wide")
        formats.put(f"{text}\n", None, sys.stdout, people=True)
    output.mkdir(parents=True, exist_ok=True)
    with deliver(page) as draft:
        draft.write_text(
            html_file.of_reports(reports, f"{room.CLUSTER} on {room.DAY}"), encoding="utf-8"
        )
    examples = "".join(f"  analyzer {command}\n" for command in _EXAMPLES)
    context.say(
        f"The store is in {store.root}, the same as a page in {page}. For example:\n{examples}"
        f"after this line, which sets store, clock and path for this shell:\n  {_exports(store, end)}"
    )
    return 0


_EXAMPLES = ("status", "dropped-connections --initiator '*lnx4*'", "timeline '*lnx1'", "coverage",
             "diff 02:10 03:00")  # fmt: skip


def _exports(store: "Store", end: datetime) -> str:
    """The line that points a shell to the demonstration's store, as of its last instant."""
    words = f"ANALYZER_STORE={shlex.quote(str(store.root))} ANALYZER_NOW={end:%Y-%m-%dT%H:%M:%SZ}"
    folder = Path(sys.argv[0]).absolute().parent
    if shutil.which("analyzer") is None and (folder / "analyzer").is_file():
        words += f' PATH={shlex.quote(str(folder))}:"$PATH"'
    return f"export {words}"


@click.command("simulate")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help="Port to listen on; any free one if 0.",
)
@click.option("--sessions", default=0, help="A fleet of so many sessions; the small world if 0.")
@click.option(
    "--drift",
    type=options.PauseRange(min=0.01, max=1_000_000),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="Seconds between small changes.",
)
@click.option("--seed", default=1, show_default=True, help="Of everything random.")
def simulate(host: str, port: int, sessions: int, drift: float, seed: int) -> None:
    """A simulated array that keeps changing, for trying the rest (user admin, password netapp1!)."""
    from analyzer.simulate import SimulatedArray, base_world, fleet, serve_forever

    world = fleet(sessions, seed) if sessions else base_world(seed)
    array = SimulatedArray(world, host=host, port=port)
    serve_forever(array, drift=drift, seed=seed, report=click.echo)


COMMANDS: tuple[click.Command, ...] = (demo, simulate)
