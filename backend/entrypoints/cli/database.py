"""The database from the command line: `flask --app app database migrate`, `… backup FILE`, `… restore FILE --yes`."""

from __future__ import annotations

from pathlib import Path

import click
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from flask import current_app
from flask.cli import AppGroup

from backend.core import act as acts
from backend.core.act import SYSTEM
from backend.core.config import ROOT, Settings
from backend.core.database.engine import db
from backend.core.perform import perform
from backend.domains.sync.actions.epoch import new_epoch
from backend.entrypoints.cli import backups, operator

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


@group.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Copy the database to FILE, consistent while the server goes on (在线备份数据库).

    SQLite: one file. PostgreSQL: a dump of pg_dump in its custom format. Photos are files of their own: copy BLOB_STORE after this command,
    never before it, so that every photo the copy speaks of is there. Keep FILE as safe as the database: it holds personal data.
    """
    backups.copy_out(current_app.extensions["linping.settings"], file)
    size = file.stat().st_size
    click.echo(f"{file}: {size} bytes. Copy the photos (BLOB_STORE) now. 备份完成，请随后复制照片目录（BLOB_STORE）。")


@group.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Replace everything that is in the database now. 确认覆盖现有数据。")
def restore(file: Path, *, yes: bool) -> None:
    """Put the database back to what FILE holds, bring it up to date and begin a new epoch (从备份恢复数据库).

    Everything since the backup is gone from the server, and comes back from the phones: they see the new epoch and resend what they had
    sent in the last 30 days. The server must be stopped.
    """
    settings: Settings = current_app.extensions["linping.settings"]
    place = sa.engine.make_url(settings.database_url).render_as_string(hide_password=True)
    if not yes:
        raise operator.Refused(
            f"this replaces everything in {place} by {file}. Stop scripts/serve, keep a copy (database backup), then repeat with --yes",
            f"此操作将以 {file} 覆盖 {place} 中的全部数据。请先停止 scripts/serve 并另行备份，然后加 --yes 重试",
        )
    db.session.remove()
    db.engine.dispose()
    backups.put_back(settings, file)
    upgrade(settings)
    epoch = perform(operator.session(), acts.begin(SYSTEM), new_epoch)
    for line in (*NEXT, f"epoch {epoch}"):
        click.echo(line)


NEXT = (
    "Restored, migrated, a new epoch begun. Next:",
    "1. start the server (scripts/serve); leave BLOB_STORE as it is, it may hold photos newer than the backup",
    "2. ask everybody to open the app once with a network: phones hand in again what the backup lacks; whoever is asked to sign in does so",
    "3. work done on web pages since the backup comes from no phone: repeat it",
    "4. look at flask --app app sync verify, and at GET /api/v1/sync/exceptions",
    "已恢复、升级并启用新的数据版本（epoch）。接下来：",
    "1. 启动服务（scripts/serve）；照片目录 BLOB_STORE 保持原样，其中可能有晚于备份的照片",
    "2. 请所有人员联网打开一次应用：手机会自动补交备份中缺少的记录；如提示登录请重新登录",
    "3. 备份之后在网页端办理的事项不会由手机补回：请重新办理",
    "4. 查看 flask --app app sync verify 及 GET /api/v1/sync/exceptions",
)
