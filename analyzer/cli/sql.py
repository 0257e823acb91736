"""The command that runs a statement of the user's own: sql."""

import sys
from typing import Any

import click

from analyzer.cli import options
from analyzer.cli.context import Context, pass_context
from analyzer.errors import UsageError


@click.command("sql")
@click.argument("statement", required=False)
@click.option("--tables", is_flag=True, help="List tables and their columns.")
@pass_context
def sql(context: Context, /, statement: str | None, *, tables: bool, **values: Any) -> int:
    """Run one SELECT over the store's tables: it can only look.

    STATEMENT may also come from standard input: 'analyzer sql - < statement.sql'.
    """
    from analyzer import output  # noqa: PLC0415  # --help answers at once

    if statement is None and not tables and not sys.stdin.isatty():
        statement = "-"
    if (statement is None) == (not tables):
        raise UsageError("give one SELECT, or --tables")
    if statement == "-":
        statement = sys.stdin.read()
    catalog = context.tables() if tables else context.catalog()
    result = catalog.tables() if tables else catalog.run(statement or "")
    output.write_rows(
        result.columns,
        result.rows,
        values["format_"],
        values["output"],
        sys.stdout,
        pager=options.pager(),
    )
    return 0


sql.params += [options.FORMAT, options.OUTPUT, options.NO_PAGER]

COMMANDS = (sql,)
