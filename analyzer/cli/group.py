"""The program as a group of commands: grouped in its help, a report's name is a command too."""

import difflib

import click

from analyzer.cli import report

# Commands by what somebody wants, in the order of the help.
_SECTIONS = {
    "What happened, what is wrong": (
        "status", "report", "timeline", "diff", "mark", "paths", "snapshots", "sql", "page", "open",
    ),
    "Collect": ("doctor", "collect", "import"),
    "Watch and hand over": ("check", "serve", "export", "evidence", "policy"),
    "Care of the store": ("verify", "compact", "prune", "rebuild"),
    "Try it": ("demo", "simulate"),
}  # fmt: skip


class Program(click.Group):
    """Commands, and the reports under their own names."""

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
        listed = {name for names in _SECTIONS.values() for name in names}
        rest = [name for name in self.list_commands(context) if name not in listed]
        for section, names in {**_SECTIONS, "Other": tuple(rest)}.items():
            lines = [(name, _line(self.commands[name])) for name in names if name in self.commands]
            if lines:
                with formatter.section(section):
                    formatter.write_dl(lines)


def _line(command: click.Command) -> str:
    """The first sentence of a command's help, whole."""
    return (command.help or "").partition("\n\n")[0].replace("\n", " ")
