"""Where the bytes of blobs and renditions are kept: a folder or an S3 bucket behind one small protocol.

Uploads in progress are spooled in a folder of the local disk, with either store; with S3 the finished file is sent there before the
database hears of it. An upload must therefore go on at the machine where it began: several machines in front of one bucket need sticky
routing for `/uploads`.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Protocol

# A photo's request waits for these: the phone tries again by itself.
_RETRY: Any = {"max_retries": 2, "retry_timeout": dt.timedelta(seconds=20)}


class Store(Protocol):
    """Objects by key (see `rules.photos.original_key`). A missing object is FileNotFoundError, every other trouble an OSError."""

    spool: Path

    def keep(self, source: Path, key: str) -> None:
        """Move a finished, fsynced spool file into the store; when this returns it survives a power cut. The source is gone."""

    def put(self, content: bytes, key: str) -> None:
        """Store these few bytes, replacing what is there."""

    def open(self, key: str) -> BinaryIO:
        """The object, for reading from its start."""

    def path(self, key: str) -> Path | None:
        """The object as a local file, for `sendfile`; None where the store has no files."""

    def prepare(self) -> None:
        """Whatever is done once, at set-up."""

    def read(self, key: str, start: int, length: int) -> bytes:
        """A range of it; shorter at its end."""

    def size(self, key: str) -> int | None:
        """Its bytes, None when it is not there."""

    def delete(self, key: str) -> None:
        """Remove it if it is there."""


class UnknownStore(ValueError):
    """The setting names a kind of store that there is not."""


class LocalStore:
    """Files under one folder. The spool is inside it, so that a rename never crosses a file system."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.spool = root / "spool"

    def keep(self, source: Path, key: str) -> None:
        """Rename, then fsync the folder, so that the name is as durable as the bytes."""
        target = self.root / key
        self._settle(target.parent)
        source.replace(target)
        sync_folder(target.parent)

    def put(self, content: bytes, key: str) -> None:
        """By a temporary file beside it: a reader sees the old or the new, never a half."""
        target = self.root / key
        self._settle(target.parent)
        fresh = target.with_name(f"{target.name}.{os.urandom(6).hex()}")
        try:
            with fresh.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(target)
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise
        sync_folder(target.parent)

    def open(self, key: str) -> BinaryIO:
        """The file."""
        return (self.root / key).open("rb")

    def path(self, key: str) -> Path | None:
        """Its path; FileNotFoundError when it is not there."""
        path = self.root / key
        path.stat()
        return path

    def read(self, key: str, start: int, length: int) -> bytes:
        """A range of the file."""
        with self.open(key) as file:
            file.seek(start)
            return file.read(length)

    def size(self, key: str) -> int | None:
        """From the file system."""
        try:
            return (self.root / key).stat().st_size
        except FileNotFoundError:
            return None

    def delete(self, key: str) -> None:
        """Unlink; the folder stays."""
        (self.root / key).unlink(missing_ok=True)

    def prepare(self) -> None:
        """Make the 256 folders of blobs at once: each made on the way would cost an upload two more fsyncs."""
        for first in range(256):
            self._settle(self.root / f"{first:02x}")

    def _settle(self, folder: Path) -> None:
        """Make the folder and every missing one above it, each durable in its parent."""
        missing = []
        while not folder.is_dir():
            missing.append(folder)
            folder = folder.parent
        for one in reversed(missing):
            one.mkdir(exist_ok=True)
            sync_folder(one.parent)


class S3Store:
    """A bucket. The client is made at first use in each process: obstore hangs when it was used before a fork.

    Credentials, region and endpoint come from the usual AWS_* variables (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION,
    AWS_ENDPOINT_URL, AWS_ALLOW_HTTP).
    """

    def __init__(self, url: str, spool: Path) -> None:
        self.url = url
        self.spool = spool
        self._made: tuple[int, Any] | None = None

    def keep(self, source: Path, key: str) -> None:
        """Send the file (in parts where it is large), then drop it here. The same bytes already there are not sent again."""
        if self.size(key) != source.stat().st_size:
            with self._client() as client:
                client.put(key, source)
        source.unlink()

    def put(self, content: bytes, key: str) -> None:
        """One request."""
        with self._client() as client:
            client.put(key, content)

    def prepare(self) -> None:
        """Nothing: a bucket has no folders."""

    def open(self, key: str) -> BinaryIO:
        """The whole object in memory: at most one photo."""
        with self._client() as client:
            return BytesIO(bytes(client.get(key).bytes()))

    def path(self, key: str) -> Path | None:  # noqa: ARG002 - the protocol's
        """A bucket has no files."""
        return None

    def read(self, key: str, start: int, length: int) -> bytes:
        """A range request."""
        end = min(start + length, self.size(key) or 0)
        if end <= start:
            return b""
        with self._client() as client:
            return bytes(client.get_range(key, start=start, end=end))

    def size(self, key: str) -> int | None:
        """A HEAD request."""
        try:
            with self._client() as client:
                return int(client.head(key)["size"])
        except FileNotFoundError:
            return None

    def delete(self, key: str) -> None:
        """S3 does not mind an object that is not there."""
        with self._client() as client:
            client.delete(key)

    @contextmanager
    def _client(self) -> Iterator[Any]:
        """The client of this process; what goes wrong with it becomes an OSError, as with a disk."""
        from obstore.exceptions import BaseError  # noqa: PLC0415 - not needed with a local store
        from obstore.store import S3Store as Client  # noqa: PLC0415 - as above

        if self._made is None or self._made[0] != os.getpid():
            self._made = (os.getpid(), Client.from_url(self.url, retry_config=_RETRY))
        try:
            yield self._made[1]
        except BaseError as error:
            if isinstance(error, OSError):
                raise
            raise OSError(str(error)) from error


@lru_cache(maxsize=16)
def open_store(text: str, data_folder: Path) -> Store:
    """The store the setting BLOB_STORE names: a folder, or `s3://bucket/prefix`. Opening touches neither disk nor network."""
    if text.startswith("s3://"):
        return S3Store(text, data_folder / "spool")
    if "://" in text:
        raise UnknownStore(f"BLOB_STORE names {text.split(':', maxsplit=1)[0]!r}: a folder or s3://bucket/prefix is supported")
    return LocalStore(Path(text).absolute())


def sync_folder(folder: Path) -> None:
    """Make the names in this folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
