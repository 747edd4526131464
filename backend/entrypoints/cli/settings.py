"""`flask settings web`: what scripts need to know of the settings."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup

from backend.core.config import Settings

group = AppGroup("settings", help="The settings in force. 当前设置。")


@group.command("web")
def web() -> None:
    """Host, port, workers and threads of the web processes, on one line."""
    settings: Settings = current_app.extensions["linping.settings"]
    click.echo(f"{settings.host} {settings.port} {settings.web_workers} {settings.web_threads}")
