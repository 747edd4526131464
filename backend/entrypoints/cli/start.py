"""`flask start`: everything that must be done before serving, in one process, so that a second start is quick."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import with_appcontext

from backend.core.config import Settings
from backend.domains.evidence.outside.stores import open_store
from backend.entrypoints.cli.database import upgrade
from backend.entrypoints.cli.demo.seed import logins, seed_demo


@click.command("start")
@click.option("--demo/--no-demo", default=True, show_default=True, help="Fill an empty database with the demo district.")
@with_appcontext
def command(*, demo: bool) -> None:
    """Migrate, seed the demo if asked, then say host, port, workers and threads on one line and the demo logins below (启动准备)."""
    settings: Settings = current_app.extensions["linping.settings"]
    upgrade(settings)
    open_store(settings.blob_store, settings.data_folder).prepare()
    if demo:
        seed_demo()
    click.echo(f"{settings.host} {settings.port} {settings.web_workers} {settings.web_threads}")
    for line in logins():
        click.echo(line)
