"""Commands that show or serve: demo, simulate, serve, page, evidence."""

import click

COMMANDS: tuple[click.Command, ...] = ()
