"""Commands that care for the store: verify, rebuild, compact, prune."""

import click

COMMANDS: tuple[click.Command, ...] = ()
