"""Commands for whoever plans: policy, and the matrix of initiators and interfaces."""

import click

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
    from analyzer.config import policy  # noqa: PLC0415  # --help answers at once
    from analyzer.report import header, run  # noqa: PLC0415  # --help answers at once

    asked = header.reports()["policy-suggestion"]
    request = run.Request(at=at, filters={"svm": svm})
    found = run.run(context.catalog(cluster), asked, request)
    click.echo(policy.suggestion(found.records()), nl=False)


@policy.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False), required=False)
@pass_context
def check(context: Context, file: str | None) -> None:
    """Read a policy file and say what is in it; what it cannot mean is refused."""
    from pathlib import Path  # noqa: PLC0415  # --help answers at once

    from analyzer.config import policy  # noqa: PLC0415  # --help answers at once
    from analyzer.report import header  # noqa: PLC0415  # --help answers at once

    path = Path(file) if file else context.policy_file()
    tables = policy.tables(path)
    overrides = tables["threshold_overrides"][1]
    header.check_thresholds([name for name, _ in overrides], header.models())
    for table, (_, rows) in tables.items():
        if rows:
            click.echo(f"{table}: {len(rows)}")


COMMANDS = (policy,)
