"""`flask start`: everything that must be done before serving, in one process, so that a second start is quick."""

from __future__ import annotations

import socket
import tempfile

import click
from flask import current_app
from flask.cli import with_appcontext

from backend.core.config import Settings
from backend.domains.evidence.outside.stores import open_store
from backend.entrypoints.cli import operator
from backend.entrypoints.cli.database import upgrade
from backend.entrypoints.cli.demo.seed import logins, seed_demo


@click.command("start")
@click.option("--demo/--no-demo", default=True, show_default=True, help="Fill an empty database with the demo district.")
@with_appcontext
def command(*, demo: bool) -> None:
    """Migrate, seed the demo if asked, then say host, port, workers and threads on one line and the demo logins below (启动准备).

    What would keep the server from starting is said here, before anything runs: the port, the folder, the database, the store.
    """
    settings: Settings = current_app.extensions["linping.settings"]
    _try_port(settings)
    _try_folder(settings)
    upgrade(settings)
    _prepare_store(settings)
    if demo:
        seed_demo()
    operator.refuse_demo_clock(settings)
    click.echo(f"{settings.host} {settings.port} {settings.web_workers} {settings.web_threads}")
    for line in logins():
        click.echo(line)


def _try_port(settings: Settings) -> None:
    """Bind as the server will, and let go: on a taken port something else would answer in its name."""
    host, port = settings.host, settings.port
    try:
        family, kind, number, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        with socket.socket(family, kind, number) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
    except (OSError, UnicodeError) as fault:
        raise operator.Refused(
            f"nothing can be served on HOST={host} PORT={port} ({_reason(fault)}): stop what uses it, or choose another, as in "
            f"PORT={port + 1 if port < 65535 else 8001} scripts/serve",
            f"无法在 HOST={host} PORT={port} 上提供服务（{_reason(fault)}）：请停止占用该端口的程序，或通过 HOST、PORT 另选",
        ) from fault


def _try_folder(settings: Settings) -> None:
    folder = settings.data_folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as fault:
        raise operator.Refused(
            f"DATA_FOLDER={folder} cannot be written to ({_reason(fault)}): name a folder this account may write to",
            f"DATA_FOLDER={folder} 不可写（{_reason(fault)}）：请指定当前账号可写的文件夹",
        ) from fault


def _prepare_store(settings: Settings) -> None:
    try:
        open_store(settings.blob_store, settings.data_folder).prepare()
    except (OSError, ValueError) as fault:
        raise operator.Refused(
            f"BLOB_STORE={settings.blob_store} cannot be used ({_reason(fault)}): name a folder this account may write to, or "
            "s3://bucket/prefix with its AWS_… variables",
            f"BLOB_STORE={settings.blob_store} 不可用（{_reason(fault)}）：请指定可写的文件夹，或 s3://存储桶/前缀 并设置 AWS_… 变量",
        ) from fault


def _reason(fault: Exception) -> str:
    """Why, on one line."""
    return " ".join((getattr(fault, "strerror", None) or str(fault)).split())[:200]
