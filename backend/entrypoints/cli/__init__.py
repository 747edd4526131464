"""Commands for operators: `flask --app app …`."""

from flask import Flask

from backend.entrypoints.cli import catalog, database, deadlines, identity, start, sync, territory, units, worker
from backend.entrypoints.cli.demo import seed

COMMANDS = (
    *(database.group, territory.group, units.group, catalog.group, deadlines.group, identity.people),
    *(sync.group, seed.group, start.command, worker.command),
)


def install(app: Flask) -> None:
    """Register the commands."""
    for command in COMMANDS:
        app.cli.add_command(command)
