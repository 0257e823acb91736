"""The page on planning asks for nothing that the program cannot do."""

import re
import shlex
from pathlib import Path

import click
import pytest

from analyzer.cli import analyzer
from analyzer.cli import report as report_command
from analyzer.report import header

PAGE = (Path(__file__).parents[2] / "docs" / "planning.md").read_text(encoding="utf-8")
COMMANDS = re.findall(
    r"<!-- output of the fleet: analyzer ([^\n]*?) -->\n```\n(.*?)```\n", PAGE, re.DOTALL
)


@pytest.mark.parametrize(("command", "output"), COMMANDS)
def test_a_block_holds_the_output_of_a_command_that_exists(command: str, output: str) -> None:
    first, *rest = shlex.split(command)
    group: click.Command = analyzer.commands[first]
    if first == "report":
        group = report_command.command(header.reports()[rest.pop(0)])
    # A command remembers the help option of the first context that it sees: give it the real one.
    program = analyzer.make_context("analyzer", [], resilient_parsing=True)
    group.make_context(command, rest, parent=program)
    assert output.strip()
    assert "Usage:" not in output
