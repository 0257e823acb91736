"""Commands that run reports: report, diff, timeline, snapshots, paths."""

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec.structs import replace

from analyzer.cli import options
from analyzer.cli.context import Context, pass_context
from analyzer.cli.options import ReportOptions
from analyzer.errors import UsageError
from analyzer.text import counted

if TYPE_CHECKING:
    from analyzer.report.header import Queries, Query
    from analyzer.report.run import Report


def answer(
    context: Context, query: "Query", folders: tuple[Path, ...], chosen: ReportOptions
) -> int:
    """Run a report and write it; returns the exit status."""
    from analyzer import output

    if chosen.engine != "duckdb" and query.only:
        raise UsageError(f"report {query.name} runs on {query.only} only")
    if chosen.chart is not None:
        from analyzer.output import chart

        chart.check(query.name, query.picture, chosen.chart)
    if chosen.watch is not None:
        return _watched(context, query, folders, chosen)
    if chosen.format == "table" and not (chosen.explain or chosen.chart):
        query = _overview(query, folders, chosen)
    report = _run(context, query, folders, chosen)
    shown = report.at_least(chosen.severity)
    if chosen.explain:
        output.explain(shown, sys.stdout)
    elif chosen.format == "html":
        from analyzer.console import html_file

        output.put(html_file.of_reports([shown]), chosen.output, sys.stdout)
    else:
        shown = replace(shown, brief=()) if chosen.wide else shown
        output.write(shown, chosen.format, chosen.output, sys.stdout, pager=options.pager())
    if chosen.chart is not None:
        chart.save(shown, chosen.chart)
    return context.exit_status(_gate(context, report, chosen.fail_on))


def _gate(context: Context, report: "Report", fail_on: str | None) -> int:
    """The exit status of a gate: 1 for a finding, 3 where the data is too old to answer for."""
    if fail_on is None:
        return 0
    stale = [age.cluster for age in report.data if age.stale]
    if stale:
        context.complain(
            f"{', '.join(stale)}: no complete snapshot is recent enough to answer for;"
            " 'analyzer report blind' says since when"
        )
        return 3
    return int(report.worse(fail_on))


def _run(
    context: Context, query: "Query", folders: tuple[Path, ...], chosen: ReportOptions
) -> "Report":
    values: Mapping[str, Any] = {
        **chosen.times,
        **{name: patterns for name, patterns in chosen.filters.items() if patterns},
        **{name: value for name, value in chosen.params.items() if name in query.params},
        **({"ignore": chosen.ignore} if chosen.ignore else {}),
    }
    start = time.monotonic()
    with context.catalog(chosen.clusters, folders, chosen.engine) as archive:
        report = archive.report(query, zone=options.zone(context), **values)
    took = f"{time.monotonic() - start:.3f} s"
    context.detail(f"{len(report.rows)} rows in {took} from {query.path}")
    for text, count in report.ignored.items():
        context.say(f"ignored {counted(count, 'row')}: {text}")
    return report


def _overview(query: "Query", folders: tuple[Path, ...], chosen: ReportOptions) -> "Query":
    """The report whose rows a table for people has, unless it could not say all that is chosen."""
    own = any(chosen.params[name] != param.default for name, param in query.params.items())
    if chosen.wide or own or query.overview is None:
        return query
    return _reports(folders)[query.overview]


def _watched(
    context: Context, query: "Query", folders: tuple[Path, ...], chosen: ReportOptions
) -> int:
    from analyzer import output
    from analyzer.cli import watch

    if (
        chosen.format != "table"
        or chosen.output
        or chosen.chart
        or chosen.explain
        or chosen.fail_on
    ):
        raise UsageError("--watch draws tables and nothing else; leave out the other output")
    width = None if sys.stdout.isatty() else output.WIDTH

    query = _overview(query, folders, chosen)

    def draw() -> str:
        report = _run(context, query, folders, chosen).at_least(chosen.severity)
        return output.text(replace(report, brief=()) if chosen.wide else report, "table", width)

    return watch.watch(chosen.watch or 1.0, draw, sys.stdout, zone=options.zone(context))


def _reports(folders: tuple[Path, ...] = ()) -> "Queries":
    from analyzer.report import header

    return header.reports(folders)


class Reports(click.Group):
    """One command per query file; a file dropped into a folder is a command."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(_reports(context.params.get("queries") or ()))

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        folders = tuple(context.params.get("queries") or ())
        reports = _reports(folders)
        query = reports.get(name.replace("_", "-")) or reports.get(name)
        return None if query is None else command(query, folders)

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if self.get_command(context, args[0]) is None:
            import difflib

            near = difflib.get_close_matches(args[0], self.list_commands(context), 1)
            hint = f" Did you mean '{near[0]}'?" if near else " 'analyzer report' lists them."
            context.fail(f"there is no report '{args[0]}'.{hint}")
        return super().resolve_command(context, args)

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        for group, names in grouped(tuple(context.params.get("queries") or ())).items():
            with formatter.section(group):
                formatter.write_dl(names)


def grouped(folders: tuple[Path, ...] = ()) -> dict[str, list[tuple[str, str]]]:
    """Names and titles of the reports, by group; those without a group last."""
    from analyzer.report import header

    groups = header.grouped(header.reports(folders))
    return {name: [(query.name, query.title) for query in group] for name, group in groups.items()}


def command(query: "Query", folders: tuple[Path, ...] = ()) -> click.Command:
    """A query file as a command, with help from its own header."""

    @pass_context
    def run(context: Context, /, **values: Any) -> int:
        return answer(context, query, folders, ReportOptions.of(values))

    columns = "\n".join(f"  {name}: {sentence}" for name, sentence in query.columns.items())
    blind = f"\n\nWhat it cannot see: {query.cannot_see}" if query.cannot_see else ""
    only = f"\n\nRuns on {query.only} only." if query.only else ""
    return click.Command(
        query.name,
        callback=run,
        params=options.of_report(query),
        short_help=query.title,
        help=f"{query.title}.\n\n{query.description}{blind}{only}\n\n\b\nColumns:\n{columns}",
    )


reports = Reports("report")  # without options: what the program itself falls back on


@click.group(cls=Reports, invoke_without_command=True, subcommand_metavar=options.COMMAND)
@click.pass_context
def report(context: click.Context, queries: tuple[Path, ...]) -> None:
    """Run a report; without a name, list them."""
    if context.invoked_subcommand is None:
        groups = grouped(queries)
        width = max(len(name) for names in groups.values() for name, _ in names)
        for number, (group, names) in enumerate(groups.items()):
            click.echo(f"{chr(10) if number else ''}{group}")
            for name, title in names:
                click.echo(f"  {name:<{width}}  {title}")


report.params.append(options.QUERIES)


@click.command("diff")
@click.argument("before")
@click.argument("after", default="latest")
@pass_context
def diff(context: Context, /, **values: Any) -> int:
    """What changed between BEFORE and AFTER (or the latest): short for 'report changes'."""
    return answer(context, _reports()["changes"], (), ReportOptions.of(values))


@click.command("timeline")
@click.argument("initiator")
@pass_context
def timeline(context: Context, /, initiator: str, **values: Any) -> int:
    """Everything that happened to one INITIATOR (* matches), in order."""
    chosen = ReportOptions.of({**values, "own_initiator": initiator})
    return answer(context, _reports()["timeline"], (), chosen)


@click.command("snapshots")
@pass_context
def snapshots(context: Context, /, **values: Any) -> int:
    """Every attempt: when, status, sessions, connections, why it failed."""
    return answer(context, _reports()["snapshots"], (), ReportOptions.of(values))


@click.command()
@click.option("--at", default="latest", show_default=True, help="The instant.")
@pass_context
def paths(context: Context, /, **values: Any) -> int:
    """Which host reaches which interface, as a matrix for each SVM; a dot is no session.

    The other formats are the long rows of 'analyzer report paths'.
    """
    from analyzer import output

    chosen, query = ReportOptions.of(values), _reports()["paths"]
    if chosen.format != "table" or not output.is_stream(chosen.output):
        return answer(context, query, (), chosen)
    from analyzer.output import matrix

    width = None if sys.stdout.isatty() else output.WIDTH
    text = matrix.render(_run(context, query, (), chosen), width)
    output.put(text, None, sys.stdout, people=True, pager=options.pager())
    return context.exit_status()


_SHOWN: tuple[click.Parameter, ...] = (options.FORMAT, options.OUTPUT, options.NO_PAGER)
for _command in (timeline, snapshots):
    _command.params += [options.SINCE, options.UNTIL]
for _command in (diff, timeline, snapshots, paths):
    _command.params += [options.TZ, options.CLUSTER]
for _command in (diff, paths):
    _command.params += [options.SVM, options.INITIATOR, options.INTERFACE]
paths.params += [options.NODE]
for _command in (diff, timeline, snapshots, paths):
    _command.params += _SHOWN
for _command in (diff, timeline, snapshots):
    _command.params += [options.WATCH]
timeline.params += [options.WIDE]
diff.params += [options.IGNORE, options.WIDE, options.CHART]


COMMANDS = (report, diff, timeline, snapshots, paths)
