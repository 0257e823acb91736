"""The commands about what is expected of hosts: policy suggest, policy check."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from analyzer.cli.context import Context, pass_context
from analyzer.errors import UsageError
from analyzer.text import did_you_mean

if TYPE_CHECKING:
    from analyzer.config.policy import Accept

_FAULT = re.compile(r"'([a-z]+(?:_[a-z]+)+)'")


@click.group()
def policy() -> None:
    """What is expected of hosts: policy.toml, beside analyzer.toml."""


@policy.command()
@click.option("--at", default="latest", show_default=True, help="The instant to look back from.")
@click.option("--cluster", multiple=True, help="Only this cluster; * matches; repeatable.")
@click.option("--svm", multiple=True, help="Only this SVM; * matches; repeatable.")
@pass_context
def suggest(context: Context, at: str, cluster: tuple[str, ...], svm: tuple[str, ...]) -> int:
    """Print a policy that the last seven days would meet, to be edited."""
    from analyzer.config import policy
    from analyzer.report import header, run

    query = header.reports()["policy-suggestion"]
    request = run.ReportRequest(at=at, filters={"svm": svm})
    report = run.run(context.catalog(cluster), query, request)
    click.echo(policy.suggestion(report.records()), nl=False)
    return context.exit_status()


@policy.command()
@click.argument(
    "file", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=False
)
@pass_context
def check(context: Context, file: Path | None) -> None:
    """Read a policy file and say what is in it; what it cannot mean is refused."""
    from analyzer.config import policy
    from analyzer.report import header

    path = file or context.policy_file()
    tables = policy.tables(path, zone=context.zone)
    header.check_thresholds(
        [name for name, _ in tables["threshold_overrides"].rows], header.models()
    )
    for place, entry in enumerate(policy.load(path, context.zone).accept, start=1):
        _check_accepted(context, f"{path}: accept[{place}]", entry)
    for warning in context.configuration.warnings():
        context.complain(f"warning: {warning}")
    for table, (_, rows) in tables.items():
        if rows:
            click.echo(f"{table}: {len(rows)}")


def _check_accepted(context: Context, where: str, entry: "Accept") -> None:
    """Refuse an entry that no finding can match, warn of one that is over."""
    from analyzer import clock
    from analyzer.pattern import matches
    from analyzer.report import header

    findings = {name for name, query in header.reports().items() if query.kind == "finding"}
    if entry.report is not None and not any(matches(entry.report, name) for name in findings):
        near = did_you_mean(entry.report, findings)
        raise UsageError(f"{where}: there is no finding report '{entry.report}'{near}")
    # The queries are the only place that has the names of faults.
    texts = [query.text for query in header.models().values() if query.name.startswith("fault_")]
    faults = {name for text in texts for name in _FAULT.findall(text)}
    if entry.fault is not None and not any(matches(entry.fault, name) for name in faults):
        near = did_you_mean(entry.fault, faults)
        raise UsageError(f"{where}: there is no fault '{entry.fault}'{near}")
    if entry.until <= clock.now():
        context.complain(f"warning: {where}: ended at {clock.iso(entry.until)}")


COMMANDS = (policy,)
