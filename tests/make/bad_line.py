"""A bad mobile line in front of a server: an HTTP proxy that drops, cuts, delays, doubles, reorders and throttles, and nothing else.

It stands between any client and the server and does only what a real network, a retrying middlebox or an impatient radio can do. It never
changes a byte and never makes one up: what arrives is a beginning of what was sent, possibly late, possibly twice, possibly not at all.

    with BadLine("http://127.0.0.1:8000", seed=7, plan=Mix.loss(0.3)) as line:
        phone = Phone(folder, line.url)                         # every request is now in danger
        line.once(Fault("drop_answer"), method="PATCH")         # the next PATCH in any case
        with line.good(): phone.push()                          # for a while all is well
        print(line.done)                                        # Counter(requests=…, drop_answer=…, …)

As a command, for the developer of an app (point the app at http://127.0.0.1:8500):

    python -m tests.make.bad_line --upstream http://127.0.0.1:8000 --port 8500 --seed 7 --loss 0.3

The same seed draws the same fault for the n-th request. What can happen to a request is listed at `Kind`. Keep-alive, chunked bodies,
gzip, HEAD, PATCH and `Expect: 100-continue` pass as they are; only one request at a time is read from a connection (no pipelining).
"""

from __future__ import annotations

import argparse
import select
import signal
import socket
import struct
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal, Self, get_args
from urllib.parse import urlsplit

Kind = Literal[
    "drop_request",  # the connection ends before the server has seen anything
    "cut_request",  # the server sees the body up to a byte, then the connection ends
    "drop_answer",  # the server has done it all; its answer never comes
    "cut_answer",  # the answer ends at a byte
    "delay",  # the request waits
    "delay_answer",  # the answer waits
    "hold",  # the request waits until a later one has passed, or `seconds`
    "late",  # the client is cut off, and its request still arrives, once a later one has passed or after `seconds`
    "twice",  # the request arrives twice, one after the other
    "twice_at_once",  # the request arrives twice, on two connections at the same time
]

_PIECE = 64 * 1024
_PATIENCE_S = 60.0
_HEAD_LIMIT = 256 * 1024


@dataclass(frozen=True)
class Fault:
    """What happens to one request. `at`: a byte of the body (int), or a part of it (0.0 to 1.0); `reset`: the end is an RST, not a FIN."""

    kind: Kind
    at: float = 0.5
    seconds: float = 0.2
    answer: Literal["first", "second"] = "first"
    reset: bool = False

    def byte(self, length: int) -> int:
        """Where a body of this length ends."""
        return min(self.at if isinstance(self.at, int) else int(self.at * length), length)


@dataclass(frozen=True)
class Request:
    """What a plan may look at: `number` counts from 1 over the whole line."""

    number: int
    method: str
    path: str


Plan = Callable[[Request, Random], Fault | None]
"""Decides what happens to a request; the chance it is handed follows from the seed and the request's number."""


@dataclass(frozen=True)
class Mix:
    """A plan: each kind with its probability a request; the rest passes. `only` leaves other requests alone."""

    drop_request: float = 0.0
    cut_request: float = 0.0
    drop_answer: float = 0.0
    cut_answer: float = 0.0
    delay: float = 0.0
    delay_answer: float = 0.0
    hold: float = 0.0
    late: float = 0.0
    twice: float = 0.0
    twice_at_once: float = 0.0
    seconds: tuple[float, float] = (0.0, 0.2)
    only: Callable[[Request], bool] = lambda request: True

    @classmethod
    def loss(cls, rate: float, **other: Any) -> Mix:
        """So many of the requests come to nothing a client can see: each way of losing them equally often."""
        ways = ("drop_request", "cut_request", "drop_answer", "cut_answer", "late")
        shares: dict[str, Any] = dict.fromkeys(ways, rate / len(ways))
        return cls(**{**shares, **other})

    @classmethod
    def everything(cls, rate: float, **other: Any) -> Mix:
        """Something befalls so many of the requests: every kind equally often."""
        kinds = get_args(Kind)
        shares: dict[str, Any] = dict.fromkeys(kinds, rate / len(kinds))
        return cls(**{**shares, **other})

    def __call__(self, request: Request, chance: Random) -> Fault | None:
        """The fault of this request, if any."""
        drawn, at, seconds = chance.random(), chance.random(), chance.uniform(*self.seconds)
        answer: Literal["first", "second"] = chance.choice(("first", "second"))
        reset = chance.random() < 0.5
        if not self.only(request):
            return None
        for kind in get_args(Kind):
            drawn -= getattr(self, kind)
            if drawn < 0:
                return Fault(kind, at, seconds, answer, reset)
        return None


@dataclass
class Passed:
    """One request as the line saw it: its fault, and the status of each answer the server gave (two where it was doubled)."""

    request: Request
    fault: Kind | None
    statuses: list[int] = field(default_factory=list)


class BadLine:
    """The proxy. `url` is what a client is given instead of the server's; `done` counts what was done, `log` has every request."""

    def __init__(
        self,
        upstream: str,
        *,
        seed: int = 0,
        plan: Plan | None = None,
        port: int = 0,
        bits_per_second: int | None = None,
    ) -> None:
        parts = urlsplit(upstream)
        self._upstream = (parts.hostname or "127.0.0.1", parts.port or 80)
        self.seed, self.plan, self.bits_per_second = seed, plan, bits_per_second
        self.done: Counter[str] = Counter()
        self.log: list[Passed] = []
        self._orders: list[tuple[Fault, str | None, str]] = []
        self._numbers = 0
        self._passed = 0  # the highest number that came through
        self._changed = threading.Condition()
        self._open: set[socket.socket] = set()
        self._threads: set[threading.Thread] = set()
        self._closed = False
        self._listener = socket.create_server(("127.0.0.1", port), backlog=128)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._start(self._accept)

    # What a test says to it.

    def once(self, fault: Fault, *, method: str | None = None, path: str = "") -> None:
        """This fault for the next request with that method whose path contains `path`. Orders wait in line; they come before the plan."""
        with self._changed:
            self._orders.append((fault, method, path))

    @contextmanager
    def good(self) -> Iterator[None]:
        """For a while nothing happens to any request."""
        plan, self.plan, orders, self._orders = self.plan, None, self._orders, []
        try:
            yield
        finally:
            self.plan, self._orders = plan, orders

    def quiet(self, timeout_s: float = 30.0) -> None:
        """Wait until no request is under way, also none that was held back or comes late. Raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: self.done["under_way"] == 0, timeout_s):
                raise TimeoutError(f"{self.done['under_way']} requests are still under way")

    def close(self) -> None:
        """End every connection and wait for what is under way."""
        with self._changed:
            self._closed = True
            sockets = [self._listener, *self._open]
            self._changed.notify_all()
        for each in sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in list(self._threads):
            thread.join(5)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # How it works: a thread a connection, one request after the other.

    def _start(self, work: Callable[..., None], *given: object) -> threading.Thread:
        def run() -> None:
            try:
                work(*given)
            finally:
                self._threads.discard(threading.current_thread())

        thread = threading.Thread(target=run, daemon=True)
        self._threads.add(thread)
        thread.start()
        return thread

    def _accept(self) -> None:
        while not self._closed:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with _Peer(connection, self, ClientGone) as client, _Server(self) as server, suppress(ClientGone, ServerGone):
            while head := client.head():
                if not self._one(client, server, head):
                    return

    def _one(self, client: _Peer, server: _Server, head: bytes) -> bool:
        """One request; whether the connection goes on."""
        method, path, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
        with self._changed:
            self._numbers += 1
            request = Request(self._numbers, method, path)
            fault = self._fault(request)
            passed = Passed(request, fault.kind if fault else None)
            self.log.append(passed)
            self.done.update(["requests", "under_way", *([fault.kind] if fault else [])])
        exchange = _Exchange(self, client, server, head, passed)
        try:
            return exchange.faulty(fault) if fault else exchange.plain()
        finally:
            with self._changed:
                self.done["under_way"] -= 1
                self._passed = max(self._passed, request.number)
                self._changed.notify_all()

    def _fault(self, request: Request) -> Fault | None:
        for order in self._orders:
            fault, method, path = order
            if method in {None, request.method} and path in request.path:
                self._orders.remove(order)
                return fault
        return self.plan(request, Random(f"{self.seed} {request.number}")) if self.plan else None

    def _wait_for_a_later_one(self, number: int, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._passed > number or self._closed, seconds)

    def _wait(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._closed, seconds)


class ClientGone(ConnectionError):
    """The client ended its connection."""


class ServerGone(ConnectionError):
    """The server ended its connection, or there is none."""


class _Peer:
    """One end of a connection."""

    def __init__(self, connection: socket.socket, line: BadLine, gone: type[ConnectionError], *, paced: bool = True) -> None:
        connection.settimeout(_PATIENCE_S)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket, self._line, self._gone, self._paced = connection, line, gone, paced
        self._buffer = b""
        with line._changed:
            line._open.add(connection)
        if line._closed:
            self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self, *, reset: bool = False) -> None:
        """End it: in order, or as when the radio lost its cell."""
        with suppress(OSError):
            if reset:
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()
        with self._line._changed:
            self._line._open.discard(self.socket)

    def is_stale(self) -> bool:
        """Whether the other side has ended it, or says what nobody asked for."""
        try:
            return bool(select.select([self.socket], [], [], 0)[0])
        except (OSError, ValueError):
            return True

    def send(self, content: bytes) -> None:
        """Send all of it, at the line's speed."""
        try:
            for piece in self._pieces(content):
                self.socket.sendall(piece)
        except OSError as error:
            raise self._gone(str(error)) from error

    def head(self) -> bytes:
        """Everything through the empty line; nothing where the connection ended between two requests."""
        while b"\r\n\r\n" not in self._buffer:
            if len(self._buffer) > _HEAD_LIMIT:
                raise self._gone("a head without end")
            try:
                self._buffer += self._receive()
            except self._gone:
                if self._buffer.strip():
                    raise
                return b""
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        return head.lstrip(b"\r\n") + b"\r\n\r\n"

    def body(self, head: bytes, *, until_the_end: bool = False) -> Iterator[bytes]:
        """The body that follows this head, piece by piece, in its own framing."""
        if "chunked" in (header(head, "transfer-encoding") or "").lower():
            yield from self._chunks()
        elif length := header(head, "content-length"):
            yield from self._exactly(int(length))
        elif until_the_end:
            with suppress(self._gone):
                while True:
                    yield self._some(_PIECE)

    def _chunks(self) -> Iterator[bytes]:
        while True:
            line = self._text_line()
            yield line
            size = int(line.split(b";")[0], 16)
            if size == 0:
                while line.strip() or line.startswith(b"0"):
                    line = self._text_line()
                    yield line
                return
            yield from self._exactly(size + 2)

    def _text_line(self) -> bytes:
        while b"\n" not in self._buffer:
            self._buffer += self._receive()
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line + b"\n"

    def _exactly(self, length: int) -> Iterator[bytes]:
        while length:
            piece = self._some(min(length, _PIECE))
            length -= len(piece)
            yield piece

    def _some(self, most: int) -> bytes:
        if not self._buffer:
            self._buffer = self._receive()
        piece, self._buffer = self._buffer[:most], self._buffer[most:]
        return piece

    def _receive(self) -> bytes:
        speed = self._line.bits_per_second if self._paced else None
        try:
            content = self.socket.recv(max(64, speed // 80) if speed else _PIECE)
        except (OSError, ValueError) as error:
            raise self._gone(str(error)) from error
        if not content:
            raise self._gone("the other side ended the connection")
        if speed:
            time.sleep(len(content) * 8 / speed)
        return content

    def _pieces(self, content: bytes) -> Iterable[bytes]:
        speed = self._line.bits_per_second if self._paced else None
        if not speed:
            yield content
            return
        step = max(64, speed // 80)
        for start in range(0, len(content), step):
            piece = content[start : start + step]
            time.sleep(len(piece) * 8 / speed)
            yield piece


class _Server:
    """The connection to the server that goes with a client's, opened when first needed and again when it has ended."""

    def __init__(self, line: BadLine) -> None:
        self._line = line
        self._peer: _Peer | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.drop()

    def peer(self) -> _Peer:
        """An open connection. Raises ServerGone."""
        if self._peer is None or self._peer.is_stale():
            self.drop()
            try:
                connection = socket.create_connection(self._line._upstream, timeout=5)
            except OSError as error:
                self._line.done["no_server"] += 1
                raise ServerGone(str(error)) from error
            self._peer = _Peer(connection, self._line, ServerGone, paced=False)
        return self._peer

    def drop(self, *, reset: bool = False) -> None:
        """End it; the next request opens another."""
        if self._peer:
            self._peer.close(reset=reset)
            self._peer = None


@dataclass(frozen=True)
class _Answer:
    head: bytes
    body: bytes
    ends: bool
    """The connection ends with it."""


class _Exchange:
    """One request on its way to the server and its answer on the way back."""

    def __init__(self, line: BadLine, client: _Peer, server: _Server, head: bytes, passed: Passed) -> None:
        self._line, self._client, self._server = line, client, server
        self._head, self._request, self._passed = head, passed.request, passed
        self._goes_on = (header(head, "connection") or "").lower() != "close" and head.split(b"\r\n", 1)[0].endswith(b"1.1")

    def plain(self) -> bool:
        """All goes well: pieces go on as they come."""
        pieces: Iterable[bytes] = self._client.body(self._head)
        if header(self._head, "expect"):
            peer = self._server.peer()
            peer.send(self._head)
            if select.select([peer.socket], [], [], 2)[0] and _status(interim := peer.head()) != 100:
                return self._give(self._answer(peer, head=interim), ends=True)
            self._client.send(b"HTTP/1.1 100 Continue\r\n\r\n")
            return self._give(self._ask(self._server, pieces, head=b""))
        return self._give(self._ask(self._server, pieces))

    def faulty(self, fault: Fault) -> bool:
        """What the fault makes of it; whether the connection goes on."""
        if fault.kind == "drop_request":
            self._client.close(reset=fault.reset)
            return False
        if header(self._head, "expect"):
            self._client.send(b"HTTP/1.1 100 Continue\r\n\r\n")
            self._head = without(self._head, "expect")
        if fault.kind == "delay_answer":
            answer = self._ask(self._server, self._client.body(self._head))
            self._line._wait(fault.seconds)
            return self._give(answer)
        body = self._whole_body()
        if fault.kind == "cut_request":
            with suppress(ServerGone):
                self._server.peer().send(self._head + body[: fault.byte(len(body))])
            self._server.drop(reset=fault.reset)
            self._client.close(reset=fault.reset)
            return False
        if fault.kind in {"drop_answer", "cut_answer"}:
            answer = self._ask(self._server, [body])
            if fault.kind == "cut_answer":
                whole = answer.head + answer.body
                self._client.send(whole[: min(fault.byte(len(whole)), len(whole) - 1)])
            self._client.close(reset=fault.reset)
            return False
        return self._delayed(fault, body)

    def _delayed(self, fault: Fault, body: bytes) -> bool:
        """Faults after which the request arrives in full: later, or more than once."""
        if fault.kind == "late":
            self._client.close(reset=fault.reset)
            self._line._wait_for_a_later_one(self._request.number, fault.seconds)
            self._ask(self._server, [body])
            return False
        if fault.kind == "hold":
            self._line._wait_for_a_later_one(self._request.number, fault.seconds)
        elif fault.kind == "delay":
            self._line._wait(fault.seconds)
        elif fault.kind == "twice":
            answers = [self._ask(self._server, [body]), self._ask(self._server, [body])]
            return self._give(answers[fault.answer == "second"])
        elif fault.kind == "twice_at_once":
            return self._give(self._at_once(body, second=fault.answer == "second"))
        return self._give(self._ask(self._server, [body]))

    def _at_once(self, body: bytes, *, second: bool) -> _Answer:
        others: list[_Answer] = []

        def other() -> None:
            with suppress(ServerGone), _Server(self._line) as beside:
                others.append(self._ask(beside, [body]))

        thread = self._line._start(other)
        try:
            answer = self._ask(self._server, [body])
        finally:
            thread.join(_PATIENCE_S)
        return others[0] if second and others else answer

    def _whole_body(self) -> bytes:
        """The body; where the client itself breaks off, what came goes on to the server as it would have."""
        kept: list[bytes] = []
        try:
            kept.extend(self._client.body(self._head))
        except ClientGone:
            kept_whole = b"".join(kept)
            with suppress(ServerGone):
                self._server.peer().send(self._head + kept_whole)
            self._server.drop()
            raise
        return b"".join(kept)

    def _ask(self, server: _Server, pieces: Iterable[bytes], *, head: bytes | None = None) -> _Answer:
        """Bring the request to the server and read its answer. Raises ServerGone, ClientGone."""
        peer = server.peer()
        try:
            try:
                peer.send(self._head if head is None else head)
                for piece in pieces:
                    peer.send(piece)
            except ServerGone:
                # It may have answered before it had read everything.
                if not select.select([peer.socket], [], [], 0.5)[0]:
                    raise
                return self._answer(peer, ends=True)
            return self._answer(peer)
        except (ServerGone, ClientGone):
            server.drop()
            raise

    def _answer(self, peer: _Peer, *, head: bytes | None = None, ends: bool = False) -> _Answer:
        head = head or peer.head()
        while head and _status(head) < 200:
            head = peer.head()
        if not head:
            raise ServerGone("no answer")
        status = _status(head)
        framed = header(head, "content-length") is not None or header(head, "transfer-encoding") is not None
        empty = self._request.method == "HEAD" or status in {204, 304}
        body = b"" if empty else b"".join(peer.body(head, until_the_end=not framed))
        self._passed.statuses.append(status)
        self._line.done[f"status_{status}"] += 1
        said = (header(head, "connection") or "").lower()
        return _Answer(head, body, ends or said == "close" or not (empty or framed))

    def _give(self, answer: _Answer, *, ends: bool = False) -> bool:
        self._client.send(answer.head + answer.body)
        if answer.ends:
            self._server.drop()
        if answer.ends or ends:
            # The client may still be sending: closing now could take the answer from it.
            with suppress(OSError, ClientGone):
                self._client.socket.shutdown(socket.SHUT_WR)
                self._client.socket.settimeout(0.5)
                while self._client._receive():
                    pass
            return False
        return self._goes_on


def header(head: bytes, name: str) -> str | None:
    """The value of a header of this head."""
    for line in head.split(b"\r\n")[1:]:
        key, colon, value = line.partition(b":")
        if colon and key.decode("latin-1").lower() == name:
            return value.strip().decode("latin-1")
    return None


def without(head: bytes, name: str) -> bytes:
    """The head less this header."""
    return b"\r\n".join(line for line in head.split(b"\r\n") if line.partition(b":")[0].decode("latin-1").lower() != name)


def _status(head: bytes) -> int:
    parts = head.split(b" ", 2)
    return int(parts[1]) if len(parts) > 1 else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until Ctrl-C; then say what was done."""
    parser = argparse.ArgumentParser(prog="python -m tests.make.bad_line", description="A bad mobile line in front of a server.")
    parser.add_argument("--upstream", default="http://127.0.0.1:8000", help="the server (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8500, help="where to listen on 127.0.0.1; 0: any free port (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=7, help="the same seed, the same faults (default: %(default)s)")
    parser.add_argument("--loss", type=float, default=0.2, help="part of the requests that is lost somewhere (default: %(default)s)")
    parser.add_argument("--doubled", type=float, default=0.05, help="part of the requests that arrives twice (default: %(default)s)")
    parser.add_argument(
        "--delayed", type=float, default=0.2, help="part that waits, up to --seconds, or is overtaken (default: %(default)s)"
    )
    parser.add_argument("--seconds", type=float, default=0.5, help="longest wait of a request (default: %(default)s)")
    parser.add_argument("--bits-per-second", type=int, help="speed of a connection, each way (default: as fast as it goes)")
    asked = parser.parse_args(arguments)
    shares: dict[str, Any] = {"twice": asked.doubled / 2, "twice_at_once": asked.doubled / 2}
    shares |= dict.fromkeys(("delay", "delay_answer", "hold"), asked.delayed / 3)
    plan = Mix.loss(asked.loss, **shares, seconds=(0.0, asked.seconds))
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with BadLine(asked.upstream, seed=asked.seed, plan=plan, port=asked.port, bits_per_second=asked.bits_per_second) as line:
        print(f"{line.url} -> {asked.upstream}, seed {asked.seed}. Ctrl-C stops it.", flush=True)  # noqa: T201 - a command
        ended.wait()
    print("\n".join(f"{name:>16} {count}" for name, count in sorted(line.done.items())))  # noqa: T201 - a command
    return 0


if __name__ == "__main__":
    sys.exit(main())
