"""Reading a pushed body: in chunks, inflated with a hard stop, its whole lines kept even where the connection breaks."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from werkzeug.wrappers import Request

from backend.core.problems import TooLarge, WrongMedia

_CHUNK = 64 * 1024
_GZIP = 31  # the largest window, with gzip's header and trailer


@dataclass(frozen=True, slots=True)
class Body:
    """The LF-terminated lines that arrived, without their LF and without blank ones.

    `numbers` are their places in the body, from 1, where blank lines count. `broken`: the connection or the compression ended early.
    """

    lines: list[bytes]
    numbers: list[int]
    broken: bool

    def hashes(self) -> list[bytes]:
        """SHA-256 of each line's exact bytes."""
        return [hashlib.sha256(line).digest() for line in self.lines]


def read_lines(request: Request, *, body_bytes: int, inflated_bytes: int, lines: int) -> Body:
    """Read the body. Over a limit: TooLarge with the limits, and nothing is kept. Memory stays below the limits."""
    limits = {"body_bytes": body_bytes, "inflated_bytes": inflated_bytes, "ops": lines}
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in {"identity", "gzip", ""}:
        raise WrongMedia(f"Content-Encoding {encoding!r}: send gzip or nothing")
    if (request.content_length or 0) > body_bytes and encoding == "gzip":
        raise TooLarge(f"the body is over {body_bytes} bytes", limits=limits)
    inflater = zlib.decompressobj(_GZIP) if encoding == "gzip" else None
    plain = bytearray()
    received = 0
    broken = False
    wire = _Wire(request)
    for chunk in wire:
        received += len(chunk)
        if received > (body_bytes if inflater else inflated_bytes):
            raise TooLarge(f"the body is over {body_bytes if inflater else inflated_bytes} bytes", limits=limits)
        if inflater is None:
            plain += chunk
            continue
        try:
            inflater = _inflate(inflater, chunk, plain, inflated_bytes + 1)
        except zlib.error:
            broken = True  # what inflated before the fault counts
            break
        if len(plain) > inflated_bytes:
            raise TooLarge(f"the body inflates to over {inflated_bytes} bytes", limits=limits)
    broken = broken or wire.cut or (inflater is not None and not inflater.eof)
    whole, _, rest = bytes(plain).rpartition(b"\n")
    found = whole.split(b"\n") if whole or plain.startswith(b"\n") else []
    said = [(number, line) for number, line in enumerate(found, start=1) if line.strip()]
    if len(said) > lines + 1:
        raise TooLarge(f"{len(said) - 1} operations in one body", limits=limits)
    return Body([line for _, line in said], [number for number, _ in said], broken or bool(rest))


def _inflate(inflater: zlib._Decompress, chunk: bytes, plain: bytearray, most: int) -> zlib._Decompress:
    """Inflate the chunk into `plain` up to `most` bytes; the inflater to go on with. A gzip body may be a row of members (RFC 1952)."""
    while chunk and len(plain) < most:
        if inflater.eof:
            inflater = zlib.decompressobj(_GZIP)
        plain += inflater.decompress(chunk, most - len(plain))
        chunk = inflater.unused_data
    return inflater


class _Wire:
    """The request's bytes as they come; `cut` tells whether fewer came than were announced."""

    def __init__(self, request: Request) -> None:
        self._stream = request.environ["wsgi.input"]
        self._left = request.content_length
        self._ends = bool(request.environ.get("wsgi.input_terminated"))
        self.cut = False

    def __iter__(self) -> Iterator[bytes]:
        while self._left is None or self._left > 0:
            if self._left is None and not self._ends:
                return  # no length and no end: a request without a body
            try:
                chunk = self._stream.read(min(_CHUNK, self._left) if self._left is not None else _CHUNK)
            except OSError:
                chunk = b""  # the peer went away: what came before counts
                self.cut = True
            if not chunk:
                self.cut = self.cut or bool(self._left)
                return
            if self._left is not None:
                self._left -= len(chunk)
            yield chunk
