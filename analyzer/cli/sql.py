"""The command that runs a statement of the user's own: sql."""

import re
import sys
from typing import Any

import click

from analyzer.cli import options
from analyzer.cli.context import Context, pass_context
from analyzer.errors import UsageError

_COMMENT = re.compile(r"--(\s|.*\n)")
_AT = click.Option(
    ["--at"], default="now", show_default=True, help="The instant of models that look at one."
)


class _Sql(click.Command):
    """A command whose argument may begin with a comment, which looks like an option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        comment = next((k for k, word in enumerate(args) if _COMMENT.match(word)), None)
        if comment is not None and "--" not in args[:comment]:
            args = [*args[:comment], *args[comment + 1 :], "--", args[comment]]
        return super().parse_args(ctx, args)


@click.command("sql", cls=_Sql)
@click.argument("statement", required=False)
@click.option("--tables", is_flag=True, help="List tables, models and their columns.")
@pass_context
def sql(context: Context, /, statement: str | None, *, tables: bool, **values: Any) -> int:
    """Run one SELECT over the tables and the reports' models: it can only look.

    Models, such as losses and causes, look at the window or the instant; the statement may
    name $since, $until, $at and $now too.

    STATEMENT may also come from standard input: 'analyzer sql - < statement.sql'.
    """
    from analyzer import clock, output
    from analyzer.report import run

    if statement is None and not tables and not sys.stdin.isatty():
        statement = "-"
    if (statement is None) == (not tables):
        raise UsageError("give one SELECT, or --tables")
    if statement == "-":
        statement = _from_standard_input()
    catalog = context.tables() if tables else context.catalog()
    zone = options.zone(context)
    times = {name: run.moment(catalog, values[name], zone) for name in ("since", "until", "at")}
    clock.check_window(times["since"], times["until"])
    times["after"] = times["at"]
    result = catalog.tables() if tables else catalog.run(statement or "", times)
    if values["format_"] == "html":
        from analyzer.console import html_file

        text = html_file.of_reports([output.bare(result.columns, result.rows)])
        output.put(text, values["output"], sys.stdout)
        return context.exit_status()
    output.write_rows(
        result.columns,
        result.rows,
        values["format_"],
        values["output"],
        sys.stdout,
        pager=options.pager(),
    )
    return context.exit_status()


def _from_standard_input() -> str:
    try:
        return sys.stdin.read()
    except UnicodeDecodeError as error:
        raise UsageError("standard input: it is not UTF-8") from error
    except OSError as error:  # it is closed
        raise UsageError(f"standard input: {error.strerror or error}") from error


sql.params += [options.SINCE, options.UNTIL, _AT, options.FORMAT, options.OUTPUT, options.NO_PAGER]

COMMANDS = (sql,)
