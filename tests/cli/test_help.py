"""The help of every command, byte for byte: what is offered is read in a diff."""

from collections.abc import Callable, Iterator
from importlib import import_module
from pkgutil import iter_modules

import click
import pytest
from click.testing import CliRunner

from analyzer import cli
from analyzer.cli import analyzer as program

Golden = Callable[[str, str], None]


def commands(group: click.Group, *above: str) -> Iterator[tuple[str, ...]]:
    """Every command of the program; reports are documented by their own headers."""
    yield above
    for name in sorted(group.commands):
        command = group.commands[name]
        if isinstance(command, click.Group):
            yield from commands(command, *above, name)
        else:
            yield *above, name


@pytest.mark.parametrize("path", [*commands(program), ("report", "snapshots")], ids=" ".join)
def test_the_help_of_a_command_is_as_it_was(path: tuple[str, ...], golden: Golden) -> None:
    shown = CliRunner().invoke(program, [*path, "--help"], prog_name="analyzer", terminal_width=80)
    assert shown.exit_code == 0
    golden(f"help/{'-'.join(path) or 'analyzer'}.txt", shown.output)


def run(*arguments: str) -> str:
    return CliRunner().invoke(program, [*arguments], terminal_width=80).output


def test_no_line_of_the_lists_is_cut() -> None:
    assert "…" not in run("--help")
    assert "..." not in run("--help").replace("[ARGS]...", "")
    assert "..." not in run("report", "--help").replace("[ARGS]...", "")


def test_a_slip_is_answered_with_the_nearest_name() -> None:
    assert "Did you mean 'timeline'?" in run("timelin", "x")
    assert "Did you mean 'outages'?" in run("outage")
    assert "Did you mean 'dropped-connections'?" in run("report", "dropped-connection")
    assert "--since" in run("report", "outages", "--sinc", "1h")


def test_a_report_runs_under_its_own_name() -> None:
    assert run("outages", "--help").partition("\n")[2] == run("report", "outages", "--help").partition("\n")[2]  # fmt: skip


def test_every_command_has_a_place_in_the_help() -> None:
    modules = (import_module(f"analyzer.cli.{item.name}") for item in iter_modules(cli.__path__))
    offered = {command.name for module in modules for command in getattr(module, "COMMANDS", ())}
    assert offered == {*program.commands}


def test_help_names_the_variables() -> None:
    for name in ("ANALYZER_STORE", "ANALYZER_CONFIG", "ANALYZER_NOW", "PAGER"):
        assert name in run("--help")
    assert "ANALYZER_ENGINE" in run("report", "outages", "--help")
