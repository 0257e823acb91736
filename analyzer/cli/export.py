"""The group of commands that give the history to other programs: export."""

import click


@click.group()
def export() -> None:
    """The history for other programs, in their own formats."""


COMMANDS = (export,)
