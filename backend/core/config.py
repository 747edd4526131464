"""Settings: one frozen dataclass from the environment, checked at start. Domains never read it; values reach them as parameters."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class BadSettings(ValueError):
    """A setting is wrong; the message names the environment variable."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator sets. Sizes are bytes, times are days unless the name says otherwise."""

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
    push_seconds: float = 10.0
    session_days: int = 14
    credential_days: int = 90
    upload_days: int = 7
    quota_bytes: int = 20 * 1024**3

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
            kind = {"int": int, "float": float}.get(str(item.type), str)
            try:
                read[item.name] = kind(text)
            except ValueError as error:
                raise BadSettings(f"{item.name.upper()}={text!r} is not a number") from error
        settings = cls(**read)  # type: ignore[arg-type] # fields are converted by their default's type just above
        if len(settings.secret_key) < 16:
            raise BadSettings("SECRET_KEY needs at least 16 characters")
        if not settings.database_url.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise BadSettings(f"DATABASE_URL names {settings.database_url.split(':')[0]!r}: sqlite and postgresql are supported")
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


def _own_file(folder: Path) -> dict[str, str]:
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
            return _own_file(folder)
        fresh.unlink()
    lines = [line.strip() for line in path.read_text("utf-8").splitlines()]
    pairs = (line.partition("=") for line in lines if "=" in line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}
