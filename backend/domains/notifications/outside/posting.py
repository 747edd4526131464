"""Signed webhooks: one POST to an address of the internet, no redirects, no proxies, an end in sight."""

from __future__ import annotations

import datetime as dt
import http.client
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

import orjson

from backend.domains.notifications.rules.delivering import Fault, Parcel
from backend.domains.notifications.rules.webhooks import check_target, headers, is_public, secret_of

_CONNECT_S = 3
_WHOLE_S = 5
_ANSWER_BYTES = 2048
_GONE = 410
_LATE = "no whole answer in time"


class _Private(OSError):
    """An address that is not of the internet, or not over TLS."""


@dataclass(frozen=True, slots=True)
class WebhookChannel:
    """Posts to webhooks. `private`: also to addresses of the operator's own network, and without TLS.

    `now` gives the moment of the attempt, which the signature names: receivers refuse what is old.
    """

    secret_key: str
    private: bool
    now: Callable[[], dt.datetime]

    def send(self, parcel: Parcel) -> Fault | None:
        """Post it. Any 2xx is success, 410 says that the receiver is gone for good, all else is tried again."""
        body = orjson.dumps(parcel.document, option=orjson.OPT_UTC_Z)
        secrets = [secret_of(self.secret_key, each) for each in parcel.secrets]
        signed = headers(secrets, message_id=str(parcel.delivery), at=self.now(), body=body)
        parts = urlsplit(parcel.address)
        try:
            connection = _connection(parts, private=self.private)
        except _Private as refused:
            return Fault(str(refused))
        # What the socket's own timeout does not bound: an answer that comes byte by byte.
        stop = threading.Timer(_WHOLE_S, connection.abort)
        stop.daemon = True
        stop.start()
        try:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", path, body, {"Content-Type": "application/json", "User-Agent": "linping-webhooks/1", **signed})
            answer = connection.getresponse()
            answer.read(_ANSWER_BYTES)
        except (OSError, http.client.HTTPException, ValueError) as error:
            return Fault(_LATE if connection.aborted else f"{type(error).__name__}: {error}")
        finally:
            stop.cancel()
            connection.close()
        if connection.aborted:  # what was cut off reads as if it had ended
            return Fault(_LATE)
        if 200 <= answer.status < 300:
            return None
        return Fault(f"answered {answer.status}", lasting=answer.status == _GONE)


class _Connection(http.client.HTTPConnection):
    """A connection to an address that was looked up and judged once: what is judged is what is connected to."""

    def __init__(self, host: str, port: int, *, private: bool, tls: ssl.SSLContext | None) -> None:
        super().__init__(host, port, timeout=_CONNECT_S)
        self._private, self._tls = private, tls
        self.default_port = http.client.HTTPS_PORT if tls else http.client.HTTP_PORT
        self.aborted = False
        self._open: socket.socket | None = None

    def connect(self) -> None:
        """Look the name up, refuse it where any of its addresses is private, and connect to one of them."""
        found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
        if not self._private and not all(map(is_public, addresses)):
            raise _Private(f"{self.host} leads to an address that is not on the internet")
        plain = self._first(addresses)
        plain.settimeout(_WHOLE_S)
        self.sock = self._open = plain
        if self._tls is not None:
            secured = self._tls.wrap_socket(plain, server_hostname=self.host, do_handshake_on_connect=False)
            self.sock = self._open = secured
            secured.do_handshake()
        if self.aborted:
            raise TimeoutError("took too long to connect")

    def _first(self, addresses: list[str]) -> socket.socket:
        failed: OSError | None = None
        for address in addresses[:3]:
            try:
                return socket.create_connection((address, self.port), timeout=_CONNECT_S)
            except OSError as error:
                failed = error
        raise failed or OSError(f"{self.host} has no address")

    def abort(self) -> None:
        """End it, whatever it waits for."""
        self.aborted = True
        if self._open is not None:
            try:
                self._open.shutdown(socket.SHUT_RDWR)
            except OSError:  # it ended by itself just now
                return


def _connection(parts: SplitResult, *, private: bool) -> _Connection:
    if parts.scheme != "https" and not private:  # the setting may have been taken back
        raise _Private("only https")
    tls = ssl.create_default_context() if parts.scheme == "https" else None
    return _Connection(parts.hostname or "", parts.port or (443 if tls else 80), private=private, tls=tls)


def check_url(url: str, *, private: bool) -> str:
    """The address as it is kept. Raises WebhookTarget."""
    url = url.strip()
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        parts = SplitResult("", "", "", "", "")
    printable = url.isascii() and url.isprintable() and " " not in url
    check_target(
        parts.scheme if printable else "",
        parts.hostname,
        userinfo="@" in parts.netloc,
        fragment="#" in url,
        private=private,
    )
    return url
