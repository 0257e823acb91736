"""Commands that bring sessions in: collect, import, doctor."""

import click

COMMANDS: tuple[click.Command, ...] = ()
