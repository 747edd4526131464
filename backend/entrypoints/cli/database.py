"""The database from the command line: `flask --app app database migrate`."""

from __future__ import annotations

import click
from alembic import command
from alembic.config import Config
from flask import current_app
from flask.cli import AppGroup

from backend.core.config import ROOT, Settings

group = AppGroup("database", help="The database. 数据库。")


def alembic_config(url: str) -> Config:
    """Alembic's configuration for this database; there is no ini file, the environment is migrations/env.py."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def upgrade(settings: Settings, revision: str = "head") -> None:
    """Bring the database of these settings to this revision; safe to repeat."""
    settings.data_folder.mkdir(parents=True, exist_ok=True)
    command.upgrade(alembic_config(settings.database_url), revision)


@group.command("migrate")
@click.option("--revision", default="head", show_default=True)
def migrate(revision: str) -> None:
    """Bring the database to this revision; safe to repeat (升级数据库)."""
    upgrade(current_app.extensions["linping.settings"], revision)
