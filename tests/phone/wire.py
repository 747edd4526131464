"""HTTP to the server over one kept connection, which can be broken on purpose to show that nothing is lost.

Everything this protocol asks for may be asked twice, so the rule after any broken connection is the same: ask again.
"""

from __future__ import annotations

import http.client
import json
import select
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.message import Message
from typing import Any, Literal, cast
from urllib.parse import urlsplit

from tests.phone.patience import Broken, Patience, TooSlow

Fault = Literal["break_in_body", "break_after_answer"]
"""`break_in_body`: half of the body leaves, then the line is dead. `break_after_answer`: all is done, the answer is never read."""

BUSY = {429, 503}
"""Not now; `Retry-After` says when."""


class _WholeHead(http.client.HTTPResponse):
    """An answer whose head is whole. Python's own takes a head that broke off for a short one: a 204 without its offset."""

    def begin(self) -> None:
        """Read status and headers; the connection may not end before the empty line."""
        source = self.fp
        self.fp = cast("Any", _Lines(source))
        try:
            super().begin()
        finally:
            if isinstance(self.fp, _Lines):
                self.fp = source


class _Lines:
    """Whole lines of a file."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def readline(self, limit: int = -1) -> bytes:
        """A line with its end. Raises ConnectionError where there is none."""
        line: bytes = self._file.readline(limit)
        if not line.endswith(b"\n"):
            raise ConnectionError("the connection ended inside the head of the answer")
        return line

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class Refused(Exception):
    """An answer of 4xx or 5xx that the caller did not expect; `problem` is its application/problem+json."""

    def __init__(self, answer: Answer) -> None:
        self.status, self.problem, self.retry_after_s = answer.status, answer.problem(), answer.retry_after_s
        super().__init__(f"{answer.status} {self.slug}: {self.problem.get('detail', '')}")

    @property
    def slug(self) -> str:
        """The name at the end of the problem's type: it never changes."""
        return str(self.problem.get("type", "")).rpartition("/")[2]


@dataclass(frozen=True)
class Answer:
    """Status, headers (names in any case) and body."""

    status: int
    headers: Message
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    def problem(self) -> dict[str, Any]:
        """The problem document, or as much of one as can be made of another body."""
        try:
            found = json.loads(self.body)
        except ValueError:
            found = None
        return found if isinstance(found, dict) else {"detail": self.body[:200].decode("utf-8", "replace")}

    @property
    def retry_after_s(self) -> float:
        """How long the server asks to be left alone."""
        value = self.headers.get("Retry-After", "")
        return float(value) if value.isdigit() else 0.5


class Wire:
    """Requests to one server, under `/api/v1`."""

    def __init__(self, url: str, *, timeout_s: float = 30.0, patience: Patience | None = None) -> None:
        parts = urlsplit(url if "//" in url else f"//{url}", scheme="http")
        make = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._prefix = parts.path.rstrip("/") + "/api/v1"
        self._connection = make(parts.hostname or "127.0.0.1", parts.port, timeout=timeout_s)
        self._connection.response_class = _WholeHead
        self._timeout_s = timeout_s
        self.patience = patience or Patience()

    def call(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        body: bytes | None = None,
        document: object = None,
        headers: Mapping[str, str] | None = None,
        fault: Fault | None = None,
    ) -> Answer:
        """One request, one answer, whatever its status. `path` is below `/api/v1`; `document` is sent as JSON.

        Raises Broken, TooSlow.
        """
        sent = {"Accept": "application/json", **(headers or {})}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        if document is not None:
            body = json.dumps(document, ensure_ascii=False).encode()
            sent["Content-Type"] = "application/json"
        if body is not None or method in {"POST", "PUT", "PATCH"}:
            sent["Content-Length"] = str(len(body or b""))
        try:
            return self._exchange(method, path, sent, body or b"", fault)
        except TimeoutError as late:
            raise TooSlow(f"no answer to {method} {path} within {self._timeout_s:g} s") from late
        except (OSError, http.client.HTTPException) as broken:
            raise Broken(f"{method} {path}: {str(broken) or type(broken).__name__}") from broken
        finally:
            if fault:
                self.close()

    def ask(self, method: str, path: str, **how: Any) -> Any:
        """As `call`, for what should succeed: the JSON of the answer. Asks again while the connection breaks or the server is busy.

        Raises Refused; Broken when patience is at its end.
        """
        for _ in self.patience.attempts(f"{method} {path}"):
            try:
                answer = self.call(method, path, **how)
            except Broken:
                self.close()
                continue
            if answer.status in BUSY:
                self.patience.as_told(answer.retry_after_s)
                continue
            if answer.status >= 400:
                raise Refused(answer)
            return answer.json() if answer.body else None
        raise AssertionError("attempts end by raising")

    def close(self) -> None:
        """End the connection; the next request makes a new one."""
        self._connection.close()

    def _exchange(self, method: str, path: str, headers: Mapping[str, str], body: bytes, fault: Fault | None) -> Answer:
        connection = self._connection
        connection.putrequest(method, self._prefix + path, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        if fault == "break_in_body":
            connection.send(body[: len(body) // 2])
            raise Broken("broken on purpose inside the body")
        with suppress(BrokenPipeError, ConnectionResetError):  # a server may answer before it has read everything, and hang up
            connection.send(body)
        if fault == "break_after_answer":
            select.select([connection.sock], [], [], self._timeout_s)
            raise Broken("broken on purpose before the answer was read")
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
