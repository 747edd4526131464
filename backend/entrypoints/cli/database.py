"""The database from the command line: `flask --app app database migrate`."""

from __future__ import annotations

import click
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from flask import current_app
from flask.cli import AppGroup

from backend.core.config import ROOT, Settings
from backend.entrypoints.cli import operator

group = AppGroup("database", help="The database. 数据库。")


def alembic_config(url: str) -> Config:
    """Alembic's configuration for this database; there is no ini file, the environment is migrations/env.py."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def upgrade(settings: Settings, revision: str = "head") -> None:
    """Bring the database of these settings to this revision; safe to repeat. A database that cannot be had ends the command."""
    try:
        settings.data_folder.mkdir(parents=True, exist_ok=True)
        command.upgrade(alembic_config(settings.database_url), revision)
    except (sa.exc.DatabaseError, CommandError, OSError) as fault:
        reason = " ".join(str(getattr(fault, "orig", None) or fault).split())[:300]
        place = sa.engine.make_url(settings.database_url).render_as_string(hide_password=True)
        raise operator.Refused(
            f"DATABASE_URL={place} cannot be used ({reason}): check that the server runs, that the database exists (createdb) and the name "
            "and password",
            f"DATABASE_URL={place} 不可用（{reason}）：请检查数据库服务是否运行、数据库是否已创建（createdb）以及用户名和密码",
        ) from fault


@group.command("migrate")
@click.option("--revision", default="head", show_default=True)
def migrate(revision: str) -> None:
    """Bring the database to this revision; safe to repeat (升级数据库)."""
    upgrade(current_app.extensions["linping.settings"], revision)
