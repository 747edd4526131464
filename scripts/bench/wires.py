"""Many phones at once from one cheap process: requests made beforehand, raw sockets, one loop. What it costs is told beside the figures.

A phone opens a connection for each exchange, as phones do that sync now and then; so the server's processes share the work as they come
to it, and no figure hangs on which process happened to accept the most.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

_PIECE = 256 * 1024
_OK = (b"200", b"201")


@dataclass(slots=True)
class Answer:
    """What came back, and when, in seconds since the load began."""

    body: bytes
    began: float
    ended: float

    @property
    def seconds(self) -> float:
        """How long it took, from connecting to the last byte."""
        return self.ended - self.began


@dataclass(slots=True)
class Line:
    """One phone: the requests it still sends, one after the other, and the answers so far."""

    todo: Iterator[bytes]
    answers: list[Answer] = field(default_factory=list)
    done: bool = False
    _socket: socket.socket | None = None
    _out: memoryview = field(default_factory=lambda: memoryview(b""))
    _in: bytearray = field(default_factory=bytearray)
    _began: float = 0.0

    def begin(self, port: int, now: float) -> socket.socket | None:
        """Connect for the next request; None when there is none."""
        request = next(self.todo, None)
        if request is None:
            self.done = True
            return None
        self._began, self._in, self._out = now, bytearray(), memoryview(request)
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setblocking(False)
        return self._socket

    def send(self) -> bool:
        """Send what fits; whether all is sent."""
        assert self._socket is not None
        self._out = self._out[self._socket.send(self._out) :]
        return not self._out

    def receive(self, now: Callable[[], float]) -> bool:
        """Take what came; whether it was the end, which the server marks by closing."""
        assert self._socket is not None
        part = self._socket.recv(_PIECE)
        self._in += part
        if part:
            return False
        self._socket.close()
        head, _, body = bytes(self._in).partition(b"\r\n\r\n")
        if head[9:12] not in _OK:
            raise SystemExit(f"refused: {head[:40]!r} {body[:500]!r}")
        self.answers.append(Answer(body, self._began, now()))
        return True


def post(path: str, body: bytes, token: str, headers: dict[str, str]) -> bytes:
    """A POST under /api/v1 as it goes over the wire, after which the server closes."""
    lines = [f"POST /api/v1{path} HTTP/1.1", "Host: bench", "Connection: close", f"Authorization: Bearer {token}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


def drive(port: int, requests: Iterable[Iterable[bytes]], *, at_once: int = 0, seen: Callable[[list[Line]], object] = len) -> list[Line]:
    """Send each phone's requests in its order, all phones at once (or so many); ends when all are answered.

    `seen` is called after each answer, before the next request is asked for: requests may be made as answers come.
    """
    lines = [Line(iter(each)) for each in requests]
    waiting = lines[::-1]
    began = time.perf_counter()

    def now() -> float:
        return time.perf_counter() - began

    with selectors.DefaultSelector() as ready:
        busy = 0

        def start(line: Line) -> bool:
            wire = line.begin(port, now())
            if wire is not None:
                ready.register(wire, selectors.EVENT_WRITE, line)
            return wire is not None

        while waiting or busy:
            while waiting and busy < (at_once or len(lines)):
                busy += start(waiting.pop())
            for key, line in [(key, key.data) for key, _ in ready.select()]:
                if key.events & selectors.EVENT_WRITE:
                    if line.send():
                        ready.modify(key.fileobj, selectors.EVENT_READ, line)
                elif line.receive(now):
                    ready.unregister(key.fileobj)
                    seen(lines)
                    busy -= not start(line)
    return lines
