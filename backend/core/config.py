"""Settings: one frozen dataclass from the environment, checked at start. Domains never read it; values reach them as parameters."""

from __future__ import annotations

import datetime as dt
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

ROOT = Path(__file__).resolve().parents[2]
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_SECRET_LENGTH = 16
_SENDER = re.compile(r"[^\s@<>,;:\"]{1,64}@[A-Za-z0-9.-]{1,190}")
_LEAST = {"trust_proxy": 0, "private_webhooks": 0}
_MOST = {"port": 65535, "private_webhooks": 1}
_OFF = {"off", "no", "0", "false"}


class BadSettings(ValueError):
    """A setting is wrong; each line of the message, English and Chinese, names the environment variable and what to do."""

    def __init__(self, detail: str, detail_zh: str) -> None:
        super().__init__(f"{detail}\n{detail_zh}")


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator sets. Sizes are bytes, times are days unless the name says otherwise.

    `smtp_url` is the mail server (smtp://user:password@host:587 or smtps://), `mail_from` the sender; without them nothing is mailed.
    `private_webhooks` 1: webhooks may lead to the operator's own network, and without TLS.
    `resident_reports_hour`: so many reports of residents are taken in an hour, from all addresses together.
    `demo_clock` lets an administrator of the demo district set the time: `on`, or a moment with an offset at which it begins, and stands.
    """

    data_folder: Path
    database_url: str
    blob_store: str
    secret_key: str
    host: str = "127.0.0.1"
    port: int = 8000
    web_workers: int = 2
    web_threads: int = 32
    district: str = "330113"
    trust_proxy: int = 0
    log_level: str = "INFO"
    photo_bytes: int = 25 * 1024 * 1024
    photo_pixels: int = 120_000_000
    batch_ops: int = 200
    batch_body_bytes: int = 512 * 1024
    batch_inflated_bytes: int = 4 * 1024 * 1024
    op_bytes: int = 64 * 1024
    session_days: int = 14
    credential_days: int = 90
    upload_days: int = 7
    quota_bytes: int = 20 * 1024**3
    resident_contact_days: int = 90
    resident_reports_hour: int = 2_000
    demo_clock: str = ""
    smtp_url: str = ""
    mail_from: str = ""
    private_webhooks: int = 0

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        """Read `DATA_FOLDER`, `DATABASE_URL`, `BLOB_STORE`, `SECRET_KEY`, `PORT` and the upper-case name of every other field.

        What is absent comes from `<DATA_FOLDER>/settings.env` (lines NAME=value), which the first start writes with a random secret
        key; so a bare `flask --app app …` in the root sees what `scripts/serve` serves. The environment wins over the file.
        """
        folder = Path(environ.get("DATA_FOLDER") or ROOT / "var").absolute()
        values = {**_own_file(folder), **{name: value for name, value in environ.items() if value}}
        url = values.get("DATABASE_URL") or f"sqlite:///{folder / 'linping.sqlite3'}"
        read: dict[str, object] = {
            "data_folder": folder,
            "database_url": _driver(url),
            "blob_store": values.get("BLOB_STORE") or str(folder / "blobs"),
            "secret_key": values.get("SECRET_KEY", ""),
        }
        for item in fields(cls):
            text = values.get(item.name.upper())
            if item.name in read or text is None:
                continue
            read[item.name] = text if item.type == "str" else _number(item.name, text)
        if "log_level" in read:
            read["log_level"] = str(read["log_level"]).upper()
        if str(read.get("demo_clock", "")).lower() in _OFF:
            read["demo_clock"] = ""
        settings = cls(**read)  # type: ignore[arg-type] # fields are converted by their default's type just above
        _check(settings)
        return settings

    @property
    def limits(self) -> dict[str, int]:
        """The limits a phone is told before it captures anything."""
        return {
            "ops": self.batch_ops,
            "body_bytes": self.batch_body_bytes,
            "inflated_bytes": self.batch_inflated_bytes,
            "op_bytes": self.op_bytes,
            "photo_bytes": self.photo_bytes,
            "photo_pixels": self.photo_pixels,
        }


def _driver(url: str) -> str:
    """`postgres://` and `postgresql://` mean psycopg 3 here."""
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def _number(name: str, text: str) -> int:
    """The whole number of this setting, within its range."""
    least, most = _LEAST.get(name, 1), _MOST.get(name, 2**53)
    if text.strip().isdecimal() and len(text) <= 16 and least <= int(text) <= most:
        return int(text)
    within, within_zh = f"of at least {least}", f"不小于 {least} 的"
    if name in _MOST:
        within, within_zh = f"from {least} to {most}", f"{least} 至 {most} 的"
    raise BadSettings(
        f"{name.upper()}={text[:40]!r} is not a whole number {within}: correct it or leave it out",
        f"{name.upper()}={text[:40]!r} 不是{within_zh}整数：请更正或不设置",
    )


def clock_begins(settings: Settings) -> dt.datetime | None:
    """The moment at which the demo's clock begins, where the setting names one. Raises BadSettings."""
    if settings.demo_clock.lower() in {"", "on"}:
        return None
    try:
        begins = dt.datetime.fromisoformat(settings.demo_clock)
    except ValueError:
        begins = None
    if begins is None or begins.tzinfo is None:
        raise BadSettings(
            f"DEMO_CLOCK={settings.demo_clock[:40]!r} is neither on nor a moment such as 2026-09-20T08:00:00+08:00",
            f"DEMO_CLOCK={settings.demo_clock[:40]!r} 无效：请写 on，或带时区的时刻，如 2026-09-20T08:00:00+08:00",
        )
    return begins


def _check(settings: Settings) -> None:
    clock_begins(settings)
    if len(settings.secret_key) < _SECRET_LENGTH:
        raise BadSettings(
            f"SECRET_KEY needs at least {_SECRET_LENGTH} characters: set a longer one, or remove it and the first start makes one",
            f"SECRET_KEY 至少需要 {_SECRET_LENGTH} 个字符：请设置更长的值，或不设置并由首次启动自动生成",
        )
    if settings.log_level not in LOG_LEVELS:
        raise BadSettings(
            f"LOG_LEVEL={settings.log_level[:40]!r} is none of {', '.join(LOG_LEVELS)}",
            f"LOG_LEVEL={settings.log_level[:40]!r} 无效，请选用：{'、'.join(LOG_LEVELS)}",
        )
    try:
        driver = make_url(settings.database_url).drivername
    except (ArgumentError, ValueError) as error:  # the text may hold a password: it is not repeated
        raise BadSettings(
            "DATABASE_URL cannot be read: write sqlite:////path/file or postgresql://user:password@host:5432/name",
            "DATABASE_URL 无法解析：请写成 sqlite:////路径/文件 或 postgresql://用户:密码@主机:5432/库名",
        ) from error
    if driver not in {"sqlite", "postgresql+psycopg"}:
        raise BadSettings(
            f"DATABASE_URL names {driver[:40]!r}: use sqlite:////path/file or postgresql://user:password@host:5432/name",
            f"DATABASE_URL 使用了不支持的 {driver[:40]!r}：请写成 sqlite:////路径/文件 或 postgresql://用户:密码@主机:5432/库名",
        )
    _check_mail(settings)
    scheme, separator, rest = settings.blob_store.partition("://")
    if separator and (scheme != "s3" or not rest.partition("/")[0]):
        raise BadSettings(
            f"BLOB_STORE={settings.blob_store[:80]!r} is no store: name a folder, or s3://bucket/prefix",
            f"BLOB_STORE={settings.blob_store[:80]!r} 无效：请填写文件夹，或 s3://存储桶/前缀",
        )


def _check_mail(settings: Settings) -> None:
    if not settings.smtp_url and not settings.mail_from:
        return
    try:
        parts = urlsplit(settings.smtp_url)
        known = parts.scheme in {"smtp", "smtps"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        known = False
    if not known:  # the text may hold a password: it is not repeated
        raise BadSettings(
            "SMTP_URL is no mail server: write smtp://user:password@host:587 or smtps://user:password@host:465",
            "SMTP_URL 无效：请写成 smtp://用户:密码@主机:587 或 smtps://用户:密码@主机:465",
        )
    if not _SENDER.fullmatch(settings.mail_from):
        raise BadSettings(
            f"MAIL_FROM={settings.mail_from[:80]!r} is no sender: write an address such as patrol@example.com",
            f"MAIL_FROM={settings.mail_from[:80]!r} 无效：请填写发件地址，例如 patrol@example.com",
        )


def _own_file(folder: Path) -> dict[str, str]:
    """What the settings file of the data folder says. Raises BadSettings where it can be neither read nor written."""
    try:
        return _read_own_file(folder)
    except (OSError, ValueError) as error:
        raise BadSettings(
            f"DATA_FOLDER={folder} cannot be used ({error}): name a folder this account may write to",
            f"DATA_FOLDER={folder} 不可用（{error}）：请指定当前账号可写的文件夹",
        ) from error


def _read_own_file(folder: Path) -> dict[str, str]:
    """The settings file of the data folder; written at the first start, readable by its owner only."""
    path = folder / "settings.env"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_text(
            f"# Made at the first start. The environment wins over this file.\nSECRET_KEY={secrets.token_urlsafe(48)}\n", "utf-8"
        )
        try:
            os.link(fresh, path)  # two processes that start together keep the first one's key
        except FileExistsError:
            fresh.unlink()
            return _read_own_file(folder)
        fresh.unlink()
    lines = [line.strip() for line in path.read_text("utf-8").splitlines()]
    pairs = (line.partition("=") for line in lines if "=" in line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}
