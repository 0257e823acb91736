"""Commands for whoever plans: policy, and the matrix of initiators and interfaces."""

import sys
from typing import Any

import click

from analyzer.cli import ask
from analyzer.cli.context import Context, pass_context


@click.group()
def policy() -> None:
    """What is expected of hosts: policy.toml, beside analyzer.toml."""


@policy.command()
@click.option("--at", default="latest", show_default=True, help="The instant to look back from.")
@click.option("--cluster", multiple=True, help="Only this cluster; * matches; repeatable.")
@click.option("--svm", multiple=True, help="Only this SVM; * matches; repeatable.")
@pass_context
def suggest(context: Context, at: str, cluster: tuple[str, ...], svm: tuple[str, ...]) -> None:
    """Print a policy that the last seven days would meet, to be edited."""
    from analyzer import policy, query, report  # noqa: PLC0415  # --help answers at once

    asked = query.reports()["policy-suggestion"]
    request = report.Request(at=at, filters={"svm": svm})
    found = report.run(context.catalog(cluster), asked, request)
    click.echo(policy.suggestion(found.records()), nl=False)


@policy.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False), required=False)
@pass_context
def check(context: Context, file: str | None) -> None:
    """Read a policy file and say what is in it; what it cannot mean is refused."""
    from pathlib import Path  # noqa: PLC0415  # --help answers at once

    from analyzer import policy  # noqa: PLC0415  # --help answers at once

    path = Path(file) if file else context.policy_file()
    for table, (_, rows) in policy.tables(path).items():
        if rows:
            click.echo(f"{table}: {len(rows)}")


@click.command()
@click.option("--at", default="latest", show_default=True, help="The instant.")
@pass_context
def paths(context: Context, /, **given: Any) -> int:
    """Which host reaches which interface, as a matrix for each SVM; a dot is no session.

    The other formats are the long rows of 'analyzer report paths'.
    """
    from analyzer import query  # noqa: PLC0415  # --help answers at once

    asked = query.reports()["paths"]
    if given["format_"] != "table" or given["output"] is not None:
        return ask.answer(context, asked, (), given)
    from analyzer import render, report  # noqa: PLC0415  # --help answers at once
    from analyzer.render import matrix, table  # noqa: PLC0415  # --help answers at once

    filters = {name: given[name] for name in ("svm", "initiator")}
    request = report.Request(at=given["at"], filters=filters)
    found = report.run(context.catalog(given["cluster"]), asked, request)
    width = None if sys.stdout.isatty() else table.WIDTH
    render.put(matrix.render(found, width), None, sys.stdout, people=True)
    return 0


paths.params += [*ask.FILTERS, *ask.OUTPUT]

COMMANDS = (policy, paths)
