"""Commands that show or serve: demo, simulate."""

import shlex
import shutil
import sys
from pathlib import Path

import click

from analyzer.cli.context import Context, pass_context


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
    from analyzer import demo as room  # noqa: PLC0415  # --help answers at once
    from analyzer import output as formats  # noqa: PLC0415  # --help answers at once
    from analyzer.console import page as console  # noqa: PLC0415  # --help answers at once
    from analyzer.errors import UsageError  # noqa: PLC0415  # --help answers at once
    from analyzer.store.layout import Store  # noqa: PLC0415  # --help answers at once
    from analyzer.store.publish import deliver  # noqa: PLC0415  # --help answers at once

    store = Store(context.store or output / "store", host="demo")
    page = output / "day.html"
    if context.store is None and page.is_file() and store.clusters() == [room.CLUSTER]:
        shutil.rmtree(store.root)  # of an earlier demonstration
    if store.clusters():
        raise UsageError(f"{store.root} is there already; remove it or name another with --output")
    context.say(
        "A simulated array with four nodes, 19 hosts and a bad night is asked every five minutes\n"
        f"for a day ({room.DAY}), over real HTTP on loopback."
    )
    with click.progressbar(length=289, label="collecting", file=sys.stderr) as bar:
        end = room.record(store, lambda _number, _count, _outcome: bar.update(1))
    reports = room.headlines(store, end)
    for report in reports:
        formats.write(report, "table", None, sys.stdout)
        click.echo()
    output.mkdir(parents=True, exist_ok=True)
    with deliver(page) as draft:
        draft.write_text(console.bound(reports, f"{room.CLUSTER} on {room.DAY}"), encoding="utf-8")
    context.say(
        f"The store is in {store.root}, the same as a page in {page}. This shell asks it after\n"
        f"  export ANALYZER_NOW={end:%Y-%m-%dT%H:%M:%SZ} ANALYZER_STORE={shlex.quote(str(store.root))}\n"
        "for example:\n"
        + "".join(f"  {_called()} {command}\n" for command in _TRY).removesuffix("\n")
    )
    return 0


_TRY = ("status", "dropped-connections --initiator '*lnx4*'", "timeline '*lnx1'", "coverage",
        "diff 02:10 03:00")  # fmt: skip


def _called() -> str:
    """How the reader can call this program: by name only where the shell would find it."""
    if shutil.which("analyzer"):
        return "analyzer"
    started = Path(sys.argv[0])
    return str(started) if started.name == "analyzer" else f"{sys.executable} -m analyzer"


@click.command("simulate")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help="Port to listen on; any free one if 0.",
)
@click.option("--sessions", default=0, help="A fleet of so many sessions; the small world if 0.")
@click.option("--drift", default=10.0, show_default=True, help="Seconds between small changes.")
@click.option("--seed", default=1, show_default=True, help="Of everything random.")
def simulate(host: str, port: int, sessions: int, drift: float, seed: int) -> int:
    """A simulated array that keeps changing, for trying the rest (user admin, password netapp1!)."""
    from analyzer.simulate import SimulatedArray, base_world, fleet, serve_forever  # noqa: PLC0415  # --help answers at once

    world = fleet(sessions, seed) if sessions else base_world(seed)
    array = SimulatedArray(world, host=host, port=port)
    serve_forever(array, drift=drift, seed=seed, report=click.echo)
    return 0


COMMANDS: tuple[click.Command, ...] = (demo, simulate)
