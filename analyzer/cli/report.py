"""Commands that ask the history: report, diff, timeline, snapshots, sql."""

import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from analyzer.cli.context import Context, pass_context
from analyzer.config.rules import SEVERITIES
from analyzer.errors import UsageError

if TYPE_CHECKING:
    from analyzer.report.header import Query

FORMATS = ("table", "json", "ndjson", "csv", "markdown", "html", "parquet")

OUTPUT = (
    click.Option(
        ["--format", "format_"],
        type=click.Choice(FORMATS),
        default="table",
        show_default=True,
        help="table is for people, the others are for programs.",
    ),
    click.Option(
        ["--output"],
        type=click.Path(path_type=Path, dir_okay=False),
        help="Write to a file, whole or not at all.",
    ),
)

FILTERS = (
    click.Option(["--cluster"], multiple=True, help="Only this cluster; * matches; repeatable."),
    click.Option(["--svm"], multiple=True, help="Only this SVM; * matches; repeatable."),
    click.Option(
        ["--initiator"], multiple=True, help="Only this initiator; * matches; repeatable."
    ),
)


CHART = click.Option(
    ["--chart"],
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also save the report's picture: FILE.svg, .png, or .json, its Vega-Lite.",
)
SEVERITY = click.Option(
    ["--severity"],
    type=click.Choice(SEVERITIES),
    default="info",
    show_default=True,
    help="Only findings at least this severe.",
)
WIDE = click.Option(["--wide"], is_flag=True, help="Every column in the table.")
WATCH = click.Option(
    ["--watch"],
    type=click.FloatRange(min=0.5),
    metavar="SECONDS",
    help="Draw the table again every so many seconds, until Ctrl-C.",
)
ENGINE = click.Option(
    ["--engine"],
    default="duckdb",
    envvar="ANALYZER_ENGINE",
    show_default=True,
    metavar="duckdb|sc://HOST:PORT",
    help="Who works it out: this machine, or a Spark Connect server.",
)
FAIL_ON = click.Option(
    ["--fail-on"],
    type=click.Choice(SEVERITIES),
    help="Answer with exit status 1 if a finding is at least this severe.",
)


def options(query: "Query") -> list[click.Parameter]:
    """The options of a query: its times, its own parameters, filters, output."""
    times: list[click.Parameter] = [
        click.Option([f"--{name}"], default=option.default, show_default=True, help=option.help)
        for name, option in query.time_options.items()
    ]
    own: list[click.Parameter] = [
        click.Option(
            [f"--{name.replace('_', '-')}", f"own_{name}"],
            default=param.default,
            type=click.Choice(param.choices) if param.choices else type(param.default),
            show_default=True,
            help=param.help,
        )
        for name, param in query.params.items()
    ]
    taken = {"svm", "initiator", "cluster"} & query.params.keys()
    filters = [option for option in FILTERS if option.name not in taken]
    if "severity" in query.columns:
        filters += [SEVERITY, FAIL_ON]
    explain = click.Option(["--explain"], is_flag=True, help="Print the rule and its SQL.")
    wide = [WIDE] if query.brief else []
    return [*times, *own, *filters, *OUTPUT, *wide, CHART, WATCH, ENGINE, explain]


def answer(
    context: Context, query: "Query", folders: tuple[Path, ...], given: dict[str, Any]
) -> int:
    """Run a query and write what it says; returns the exit status."""
    from analyzer import output  # noqa: PLC0415  # --help answers at once
    from analyzer.report import run  # noqa: PLC0415  # --help answers at once

    format_, target = given.pop("format_"), given.pop("output")
    explain, fail_on = given.pop("explain", False), given.pop("fail_on", None)
    picture, wide = given.pop("chart", None), given.pop("wide", False)
    seconds, engine = given.pop("watch", None), given.pop("engine", "duckdb")
    clusters = given.pop("cluster", ())
    filters: dict[str, Sequence[str]] = {
        name: given.pop(name) for name in ("svm", "initiator") if name in given
    }
    params = {
        name.removeprefix("own_"): given.pop(name)
        for name in list(given)
        if name.startswith("own_")
    }
    request = run.Request(**given, params=params, filters=filters)
    if engine != "duckdb" and query.only:
        raise UsageError(f"report {query.name} runs on {query.only} only")

    def ask() -> run.Report:
        catalog = context.catalog(clusters, folders, engine)
        start = time.monotonic()
        try:
            found = run.run(catalog, query, request)
        finally:
            catalog.close()
        took = f"{time.monotonic() - start:.3f} s"
        context.detail(f"{len(found.rows)} rows in {took} from {query.path}")
        return replace(found, brief=()) if wide else found

    if seconds is not None:
        from analyzer.cli import watch  # noqa: PLC0415  # the same

        if format_ != "table" or target or picture or explain or fail_on:
            raise UsageError("--watch draws tables and nothing else; leave out the other output")
        width = None if sys.stdout.isatty() else output.table.WIDTH
        return watch.watch(seconds, lambda: output.text(ask(), "table", width), sys.stdout)
    result = ask()
    if explain:
        output.explain(result, sys.stdout)
    elif format_ == "html":
        from analyzer.console import page  # noqa: PLC0415  # pictures, only when asked

        output.put(page.bound([result]), target, sys.stdout)
    else:
        output.write(result, format_, target, sys.stdout)
    if picture is not None:
        from analyzer.output import chart  # noqa: PLC0415  # the same

        chart.save(result, picture)
    return int(fail_on is not None and result.worse(fail_on))


class Reports(click.Group):
    """One command per query file; a file dropped into a folder is a command."""

    def _known(self, context: click.Context) -> "dict[str, Query]":
        from analyzer.report import header  # noqa: PLC0415  # reads the headers, only when asked

        return header.reports(context.params.get("queries") or ())

    def list_commands(self, context: click.Context) -> list[str]:
        return list(self._known(context))

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        known = self._known(context).get(name.replace("_", "-")) or self._known(context).get(name)
        if known is None:
            return None
        return command(known, tuple(context.params.get("queries") or ()))

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        import difflib  # noqa: PLC0415  # only after a slip

        if self.get_command(context, args[0]) is None:
            near = difflib.get_close_matches(args[0], self.list_commands(context), 1)
            hint = f" Did you mean '{near[0]}'?" if near else " 'analyzer report' lists them."
            context.fail(f"there is no report '{args[0]}'.{hint}")
        return super().resolve_command(context, args)


def command(query: "Query", folders: tuple[Path, ...] = ()) -> click.Command:
    """A query file as a command, with help from its own header."""

    @pass_context
    def run(context: Context, /, **given: Any) -> int:
        return answer(context, query, folders, given)

    columns = "\n".join(f"  {name}: {sentence}" for name, sentence in query.columns.items())
    blind = f"\n\nWhat it cannot see: {query.cannot_see}" if query.cannot_see else ""
    only = f"\n\nRuns on {query.only} only." if query.only else ""
    return click.Command(
        query.name,
        callback=run,
        params=options(query),
        short_help=query.title,
        help=f"{query.title}.\n\n{query.description}{blind}{only}\n\n\b\nColumns:\n{columns}",
    )


@click.group(cls=Reports, invoke_without_command=True)
@click.option(
    "--queries",
    multiple=True,
    is_eager=True,
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Another folder of query files; repeatable.",
)
@click.pass_context
def report(context: click.Context, queries: tuple[Path, ...]) -> None:
    """Run a report; without a name, list them."""
    if context.invoked_subcommand is None:
        from analyzer.report import header  # noqa: PLC0415  # reads the headers, only when asked

        known = header.reports(queries)
        width = max(map(len, known), default=0)
        for name, asked in known.items():
            click.echo(f"{name:<{width}}  {asked.title}")


def _named(name: str) -> "Query":
    from analyzer.report import header  # noqa: PLC0415  # reads the header, only when asked

    return header.reports()[name]


@click.command("diff")
@click.argument("before")
@click.argument("after")
@pass_context
def diff(context: Context, /, before: str, after: str, **given: Any) -> int:
    """What changed between BEFORE and AFTER: short for 'report changes'."""
    return answer(context, _named("changes"), (), {**given, "before": before, "after": after})


@click.command("timeline")
@click.argument("initiator")
@click.option("--since", default="24h", show_default=True, help="Begin of the window.")
@click.option("--until", default="now", show_default=True, help="End of the window.")
@pass_context
def timeline(context: Context, /, initiator: str, **given: Any) -> int:
    """Everything that happened to one INITIATOR (* matches), in order."""
    given["own_initiator"] = initiator
    return answer(context, _named("timeline"), (), given)


@click.command("snapshots")
@click.option("--since", default="24h", show_default=True, help="Begin of the window.")
@click.option("--until", default="now", show_default=True, help="End of the window.")
@pass_context
def snapshots(context: Context, /, **given: Any) -> int:
    """Every attempt: when, status, sessions, connections, why it failed."""
    return answer(context, _named("snapshots"), (), given)


for _command in (diff, timeline, snapshots):
    _command.params += [*FILTERS[:1], *OUTPUT, WATCH]
diff.params += [WIDE, CHART]
diff.params += FILTERS[1:]


@click.command()
@click.option("--at", default="latest", show_default=True, help="The instant.")
@pass_context
def paths(context: Context, /, **given: Any) -> int:
    """Which host reaches which interface, as a matrix for each SVM; a dot is no session.

    The other formats are the long rows of 'analyzer report paths'.
    """
    from analyzer.report import header  # noqa: PLC0415  # --help answers at once

    asked = header.reports()["paths"]
    if given["format_"] != "table" or given["output"] is not None:
        return answer(context, asked, (), given)
    from analyzer import output  # noqa: PLC0415  # --help answers at once
    from analyzer.output import matrix, table  # noqa: PLC0415  # --help answers at once
    from analyzer.report import run  # noqa: PLC0415  # --help answers at once

    filters = {name: given[name] for name in ("svm", "initiator")}
    request = run.Request(at=given["at"], filters=filters)
    found = run.run(context.catalog(given["cluster"]), asked, request)
    width = None if sys.stdout.isatty() else table.WIDTH
    output.put(matrix.render(found, width), None, sys.stdout, people=True)
    return 0


paths.params += [*FILTERS, *OUTPUT]


@click.command("sql")
@click.argument("statement", required=False)
@click.option("--tables", is_flag=True, help="List tables and their columns.")
@pass_context
def sql(context: Context, /, statement: str | None, *, tables: bool, **given: Any) -> int:
    """Run one SELECT over the store's tables: it can only look."""
    from analyzer import output  # noqa: PLC0415  # --help answers at once

    if (statement is None) == (not tables):
        raise UsageError("give one SELECT, or --tables")
    catalog = context.tables() if tables else context.catalog()
    result = catalog.tables() if tables else catalog.run(statement or "")
    output.write_rows(result.columns, result.rows, given["format_"], given["output"], sys.stdout)
    return 0


sql.params += OUTPUT


COMMANDS = (report, diff, timeline, snapshots, paths, sql)
