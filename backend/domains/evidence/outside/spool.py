"""Bytes on their way in: read from the request in pieces, written to a spool file, hashed as they pass.

A request that begins at offset 0 writes a file of its own. One that goes on writes the upload's file, where a stalled earlier request may
still be writing too; the bytes that end in the store are therefore always a file that no other request ever had open: such an upload is
copied, and hashed as copied, when its last byte has come.
"""

from __future__ import annotations

import errno
import hashlib
import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from backend.domains.evidence.rules.photos import StorageFull

_SMALLEST, _LARGEST = 64 * 1024, 1024 * 1024
_QUICK_SECONDS = 0.05
CHECKPOINT_SECONDS = 5.0


class Stream(Protocol):
    """A request's body."""

    def read(self, size: int, /) -> bytes: ...


@dataclass(slots=True)
class Receipt:
    """What one request brought: `end` is the offset after its last byte, `whole` whether all it announced has come."""

    end: int
    whole: bool


@dataclass(slots=True)
class Part(AbstractContextManager["Part"]):
    """A spool file open for writing at `start`. `sha256` runs along only where the file began in this request."""

    path: Path
    start: int
    handle: int
    own: bool
    sha256: Any = None
    chunk: Any = None
    published: bool = field(default=False)
    """Whether another request may know the file (an offset in it was committed)."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; again is harmless."""
        if self.handle >= 0:
            os.close(self.handle)
            self.handle = -1

    def digest(self) -> str:
        """The SHA-256 of everything written, of a file that began in this request."""
        return str(self.sha256.hexdigest())

    @property
    def name(self) -> str:
        """As kept in the upload's row."""
        return self.path.name

    @property
    def private(self) -> bool:
        """Whether nobody but this request can have written it."""
        return self.own and not self.published

    def receive(self, stream: Stream, length: int, checkpoint: Callable[[int], bool] | None = None) -> Receipt:
        """Write `length` bytes of the stream from `start` on; fewer where the connection breaks. They are safe (fsync) on return.

        Reads grow to 1 MB on a fast connection (a server gathers bodies from small pieces, large reads cost a sixth) and stay small on
        a slow one, where `checkpoint(offset)` is called every few seconds after an fsync; it answers whether to go on. Raises
        StorageFull.
        """
        at, end, want = self.start, self.start + length, _SMALLEST
        saved = time.perf_counter()
        try:
            while at < end:
                began = time.perf_counter()
                piece = _next(stream, min(want, end - at))
                if not piece:
                    break
                self.write(piece, at)
                at += len(piece)
                now = time.perf_counter()
                if now - began < _QUICK_SECONDS:
                    want = min(want * 2, _LARGEST)
                elif want > _SMALLEST:
                    want //= 2
                if checkpoint and at < end and now - saved >= CHECKPOINT_SECONDS:
                    os.fsync(self.handle)
                    if not checkpoint(at):
                        break
                    saved = now
            os.fsync(self.handle)
        except OSError as error:
            raise named(error) from error
        return Receipt(at, whole=at == end)

    def discard(self) -> None:
        """Close and remove the file."""
        self.close()
        self.path.unlink(missing_ok=True)

    def write(self, piece: bytes, at: int) -> None:
        """Hash and write the whole piece at this offset."""
        if self.sha256 is not None:
            self.sha256.update(piece)
        if self.chunk is not None:
            self.chunk.update(piece)
        view = memoryview(piece)
        while view:
            done = os.pwrite(self.handle, view, at)
            view, at = view[done:], at + done


def begin(spool: Path, *, algorithm: str | None = None) -> Part:
    """A fresh file of this request's own. `algorithm` also hashes the chunk as it passes."""
    path = spool / os.urandom(16).hex()
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL
    try:
        try:
            handle = os.open(path, flags, 0o640)
        except FileNotFoundError:
            spool.mkdir(parents=True, exist_ok=True)
            handle = os.open(path, flags, 0o640)
    except OSError as error:
        raise named(error) from error
    return Part(path, 0, handle, own=True, sha256=hashlib.sha256(), chunk=_hasher(algorithm))


def resume(spool: Path, name: str, offset: int, *, algorithm: str | None = None) -> Part | None:
    """The upload's file, to go on at `offset`; None when the file is gone or shorter than that (a restored database)."""
    path = spool / name
    try:
        handle = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return None
    if os.fstat(handle).st_size < offset:
        os.close(handle)
        return None
    return Part(path, offset, handle, own=False, chunk=_hasher(algorithm), published=True)


def own_copy(part: Part, size: int) -> Part:
    """The first `size` bytes of a file others may have open, copied and hashed as copied into one nobody else knows; fsynced."""
    copy = begin(part.path.parent)
    at = 0
    try:
        while at < size:
            piece = os.pread(part.handle, min(_LARGEST, size - at), at)
            if not piece:
                break
            copy.write(piece, at)
            at += len(piece)
        os.fsync(copy.handle)
    except OSError as error:
        copy.discard()
        raise named(error) from error
    return copy


def remove(spool: Path, name: str | None) -> None:
    """Remove an upload's file if it is there."""
    if name:
        (spool / name).unlink(missing_ok=True)


def sweep(spool: Path, *, before: float, keep: frozenset[str]) -> int:
    """Remove files last written before this POSIX time that no upload names (a process was killed); how many they were."""
    removed = 0
    for entry in os.scandir(spool) if spool.is_dir() else ():
        with suppress(FileNotFoundError):  # its request ended meanwhile
            if entry.is_file() and entry.name not in keep and entry.stat().st_mtime < before:
                Path(entry.path).unlink()
                removed += 1
    return removed


def _next(stream: Stream, size: int) -> bytes:
    """The next piece; nothing where the connection broke, whether the server says so by an early end or an error."""
    try:
        return stream.read(size)
    except OSError:
        return b""


def _hasher(algorithm: str | None) -> Any:
    return hashlib.new(algorithm, usedforsecurity=False) if algorithm else None


def named(error: OSError) -> Exception:
    """StorageFull where the disk is full, else the error itself."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StorageFull("no space is left on the server's disk")
    return error
