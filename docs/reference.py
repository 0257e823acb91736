"""Writes ``docs/reference.md`` from the queries, the tables and the command line.

``python docs/reference.py`` rewrites it; a test compares.
"""

from inspect import cleandoc
from pathlib import Path

import click

from analyzer.cli import analyzer as program
from analyzer.report import header
from analyzer.schema import ATTEMPT, BOUNDS, MARK, TABLES

PAGE = Path(__file__).with_name("reference.md")
_PROGRAM = program.make_context("analyzer", [], resilient_parsing=True)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [" | ".join(head), " | ".join("---" for _ in head)]
    lines += [" | ".join(_cell(cell) for cell in row) for row in rows]
    return "\n".join(f"| {line} |" for line in lines) + "\n"


def _command(name: str, command: click.Command) -> str:
    # A command remembers the help option of the first context that it sees: give it the real one.
    context = click.Context(command, info_name=name, parent=_PROGRAM)
    usage = " ".join(["analyzer", name, *command.collect_usage_pieces(context)])
    options = []
    for param in command.get_params(context):
        record = param.get_help_record(context)
        # An argument stands in the usage; what it is, in the words under it.
        if record and record[1] and "--help" not in record[0]:
            options.append((f"`{record[0]}`", record[1]))
    text = f"### `{usage}`\n\n{cleandoc(command.help or '')}\n"
    text += "\n" + _table(("option", "what it does"), options) if options else ""
    # The commands of 'report' are the queries, which have a part of their own.
    below = command.commands if type(command) is click.Group else {}
    return text + "".join(
        "\n" + _command(f"{name} {sub}", subcommand) for sub, subcommand in below.items()
    )


def _limits(parameter: header.Parameter) -> str:
    least, most = parameter.minimum, parameter.maximum
    if most is None:
        return "" if least is None else f" At least {least:,}."
    return f" At most {most:,}." if least is None else f" From {least:,} to {most:,}."


def _report(query: header.Query) -> str:
    text = f"### {query.name}\n\n*{query.title}.* {query.description}\n"
    if query.cannot_see:
        text += f"\nWhat it cannot see: {query.cannot_see}\n"
    if query.params:
        rows = [
            (f"`--{name.replace('_', '-')}`", str(p.default), f"{p.help}{_limits(p)}")
            for name, p in query.params.items()
        ]
        text += "\n" + _table(("own option", "default", "what it does"), rows)
    return (
        text
        + "\n"
        + _table(("column", "what it is"), [(f"`{n}`", s) for n, s in query.columns.items()])
    )


def page() -> str:
    """The whole page."""
    commands = program.list_commands(_PROGRAM)
    parts = [
        "# Reference",
        "Made by `docs/reference.py` from the program itself; a test compares.",
        "## Commands",
        *(_command(name, program.commands[name]) for name in commands),
        "## Reports",
        *(_report(query) for query in header.reports().values()),
        "## Tables",
        "What `analyzer sql` and query files can select from. Each but `marks` has a column `cluster`.",
        *(
            f"### {name}\n\n"
            + _table(("column", "what it is"), [(f"`{c.name}`", c.sentence) for c in columns])
            for name, columns in (("marks", MARK), ("attempts", ATTEMPT))
        ),
        *(
            f"### {table.name}\n\n"
            + _table(
                ("column", "what it is"),
                [(f"`{c.name}`", c.sentence) for c in table.columns]
                + [(f"`{name}`", sentence) for name, sentence in BOUNDS.items()],
            )
            for table in TABLES
        ),
        "## Models",
        "Relations that reports stand on; a query file may select from them too.",
        *(_report(query) for query in header.models().values()),
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
