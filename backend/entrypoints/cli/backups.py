"""Backups: how a database is copied while it serves, and put back when nobody uses it.

SQLite by its online backup, PostgreSQL by its own client programs.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import sqlalchemy as sa
from sqlalchemy.engine import URL

from backend.core.config import Settings
from backend.entrypoints.cli.operator import Refused

_EMPTY = """
DO $$ DECLARE each record; BEGIN
  FOR each IN SELECT tablename FROM pg_tables WHERE schemaname = current_schema() LOOP
    EXECUTE format('DROP TABLE %I CASCADE', each.tablename);
  END LOOP;
END $$
"""
_MAGIC = {b"SQLite format 3\x00": "sqlite", b"PGDMP": "postgresql"}


def copy_out(settings: Settings, file: Path) -> None:
    """Write a consistent copy of the database to `file`, which must not be there; the server may go on. Raises Refused."""
    url = sa.engine.make_url(settings.database_url)
    if file.exists():
        raise Refused(f"{file} is there already: name another file", f"{file} 已存在：请指定其他文件")
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        part.touch(mode=0o600)  # it holds personal data
        if url.get_backend_name() == "sqlite":
            _copy_sqlite(_sqlite_path(url), part)
        else:
            _run(url, "pg_dump", "--format=custom", "--no-owner", f"--file={part}")
        _sync(part)
        os.link(part, file)  # never over a file that came meanwhile
    except OSError as fault:
        raise Refused(f"{file} cannot be written ({_reason(fault)})", f"{file} 无法写入（{_reason(fault)}）") from fault
    finally:
        part.unlink(missing_ok=True)


def put_back(settings: Settings, file: Path) -> None:
    """Replace the database's content by the backup, all of it or nothing. Raises Refused where it is in use or `file` is no such backup."""
    url = sa.engine.make_url(settings.database_url)
    kind = url.get_backend_name()
    with file.open("rb") as opened:
        head = opened.read(16)
    if not any(head.startswith(magic) and its_kind == kind for magic, its_kind in _MAGIC.items()):
        raise Refused(f"{file} is no backup of a {kind} database", f"{file} 不是 {kind} 数据库的备份")
    if kind == "sqlite":
        _restore_sqlite(file, _sqlite_path(url))
    else:
        _nobody_on_postgres(url)
        _restore_postgres(file, url)


def _sqlite_path(url: URL) -> Path:
    return Path(url.database or "")


def _copy_sqlite(source: Path, target: Path) -> None:
    if not source.exists():
        raise Refused(f"there is no database at {source}", f"{source} 处没有数据库")
    try:
        with _opened(f"file:{source}?mode=ro") as before, _opened(str(target)) as after:
            # In one step, so that it is of one moment: in WAL no writer waits for it.
            before.backup(after, pages=-1)
            after.execute("PRAGMA journal_mode=DELETE")
            _whole(after, target)
    except sqlite3.Error as fault:
        raise Refused(f"{source} cannot be copied ({fault})", f"{source} 无法备份（{fault}）") from fault


def _restore_sqlite(file: Path, target: Path) -> None:
    try:
        with _opened(f"file:{file}?mode=ro") as source:
            _whole(source, file)
            known = source.execute("SELECT count(*) FROM sqlite_master WHERE name IN ('alembic_version', 'clock')").fetchone()[0]
            if known != 2:
                raise Refused(f"{file} is a database of something else", f"{file} 是其他系统的数据库")
            target.parent.mkdir(parents=True, exist_ok=True)
            with _opened(str(target)) as present:
                _nobody_on_sqlite(present, target)
                source.backup(present, pages=-1)
    except sqlite3.Error as fault:
        raise Refused(f"{file} cannot be restored ({fault})", f"{file} 无法恢复（{fault}）") from fault


def _restore_postgres(file: Path, url: URL) -> None:
    """First the whole script, then in one transaction away with every table there is and in with those of the backup.

    pg_restore's own --clean would leave tables that are newer than the backup, and the migrations stumble over them.
    """
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "backup.sql"
        _run(None, "pg_restore", "--no-owner", f"--file={script}", str(file))
        _run(
            url,
            "psql",
            "--no-psqlrc",
            "--quiet",
            "--single-transaction",
            "--set=ON_ERROR_STOP=1",
            f"--command={_EMPTY}",
            f"--file={script}",
        )


def _whole(database: sqlite3.Connection, file: Path) -> None:
    said = database.execute("PRAGMA quick_check").fetchone()[0]
    if said != "ok":
        raise Refused(f"{file} is damaged: {said[:200]}", f"{file} 已损坏：{said[:200]}")


def _nobody_on_sqlite(database: sqlite3.Connection, target: Path) -> None:
    """Leaving WAL needs the file alone: it fails while any other connection is open."""
    database.execute("PRAGMA busy_timeout=0")
    try:
        database.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.OperationalError as fault:
        raise _in_use(str(target)) from fault


def _nobody_on_postgres(url: URL) -> None:
    try:
        with psycopg.connect(_libpq(url), connect_timeout=10) as connection:
            others = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND backend_type = 'client backend'",
            ).fetchone()
    except psycopg.Error as fault:
        raise Refused(f"the database cannot be had ({_reason(fault)})", f"数据库不可用（{_reason(fault)}）") from fault
    if others and others[0]:
        raise _in_use(str(url.database))


def _in_use(name: str) -> Refused:
    return Refused(
        f"{name} is in use: stop scripts/serve (and whatever else is connected), then restore",
        f"{name} 正在使用：请先停止 scripts/serve 及其他连接，再进行恢复",
    )


def _run(url: URL | None, name: str, *words: str) -> None:
    """Run a program of PostgreSQL, on this database if it needs one; a password goes by the environment. Raises Refused."""
    program = shutil.which(name)
    if program is None:
        raise Refused(
            f"{name} is not on PATH: install PostgreSQL's client programs, of the server's version or later, and repeat",
            f"PATH 中没有 {name}：请安装 PostgreSQL 客户端程序（版本不低于服务器）后重试",
        )
    environ = dict(os.environ)
    where = []
    if url is not None:
        where = [f"--dbname={_libpq(url, password=False)}"]
        if url.password:
            environ["PGPASSWORD"] = str(url.password)
    done = subprocess.run(  # noqa: S603 - a program found on PATH, no shell, and words of our own
        [program, *where, *words], env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        reason = " ".join(done.stderr.split())[:400]
        raise Refused(f"{name} failed: {reason}", f"{name} 执行失败：{reason}")


def _libpq(url: URL, *, password: bool = True) -> str:
    plain = url.set(drivername="postgresql") if password else url.set(drivername="postgresql", password=None)
    return plain.render_as_string(hide_password=False)


@contextlib.contextmanager
def _opened(name: str) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(name, timeout=30, uri=name.startswith("file:"))
    try:
        yield connection
    finally:
        connection.close()


def _sync(file: Path) -> None:
    with file.open("rb") as opened:
        os.fsync(opened.fileno())


def _reason(fault: Exception) -> str:
    return " ".join((getattr(fault, "strerror", None) or str(fault)).split())[:300]
