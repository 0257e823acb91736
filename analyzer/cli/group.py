"""The program as a group of commands: grouped in its help, a report's name is a command too."""

import difflib
from collections import UserDict
from importlib import import_module
from typing import Any

import click

from analyzer.cli import report

# Commands by what somebody wants, in the order of the help, and the module of each.
_SECTIONS = {
    "What happened, what is wrong": {
        "status": "status", "report": "report", "timeline": "report", "diff": "report",
        "mark": "mark", "paths": "report", "snapshots": "report", "sql": "sql", "page": "page",
        "open": "serve",
    },
    "Collect": {"doctor": "collect", "collect": "collect", "import": "collect"},
    "Watch and hand over": {
        "check": "check", "serve": "serve", "export": "lake", "evidence": "evidence",
        "policy": "policy",
    },
    "Care of the store": dict.fromkeys(("verify", "compact", "prune", "rebuild"), "store"),
    "Try it": {"demo": "demo", "simulate": "demo"},
}  # fmt: skip


class Commands(UserDict[str, Any]):
    """Commands by name; the module of a command is imported when that is looked up."""

    def __getitem__(self, name: str) -> click.Command:
        module = import_module(f"analyzer.cli.{super().__getitem__(name)}")
        command: click.Command
        (command,) = (command for command in module.COMMANDS if command.name == name)
        return command


class Program(click.Group):
    """Commands, and the reports under their own names."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """As a group that has every command."""
        super().__init__(*arguments, **options)
        self.commands = Commands(
            {name: module for modules in _SECTIONS.values() for name, module in modules.items()}
        )

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        return super().get_command(context, name) or report.reports.get_command(context, name)

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if not args[0].startswith("-") and self.get_command(context, args[0]) is None:
            names = [*self.list_commands(context), *report.reports.list_commands(context)]
            near = difflib.get_close_matches(args[0], names, 1)
            hint = f" Did you mean '{near[0]}'?" if near else " 'analyzer --help' lists them."
            context.fail(f"there is no command or report '{args[0]}'.{hint}")
        return super().resolve_command(context, args)

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        for section, names in _SECTIONS.items():
            commands = ((name, self.get_command(context, name)) for name in names)
            lines = [(name, _line(command)) for name, command in commands if command]
            with formatter.section(section):
                formatter.write_dl(lines)


def _line(command: click.Command) -> str:
    """The first sentence of a command's help, whole."""
    return (command.help or "").partition("\n\n")[0].replace("\n", " ")
