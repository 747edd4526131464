"""Commands for operators: `flask --app app …`."""

from flask import Flask

from backend.entrypoints.cli import database, deadlines, identity, start, territory, worker
from backend.entrypoints.cli.demo import seed

COMMANDS = (database.group, seed.group, identity.people, territory.group, deadlines.group, start.command, worker.command)


def install(app: Flask) -> None:
    """Register the commands."""
    for command in COMMANDS:
        app.cli.add_command(command)
