"""Tokens: opaque, told apart by a prefix, known to the database only as their SHA-256."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from typing import Literal

Kind = Literal["session", "credential"]

PREFIXES: dict[Kind, str] = {"session": "ls_", "credential": "lr_"}
BYTES = 32
_LENGTH = 3 + 43  # prefix and 32 bytes in unpadded base64

RENEW_AFTER = dt.timedelta(days=1)  # an expiry moves at most once a day, so that reads stay reads
GRACE = dt.timedelta(hours=24)  # sync-protocol.md section 2: after registering again the old credential stays valid for 24 h


def make(kind: Kind, secret: bytes) -> str:
    """The token of this kind that carries these 32 random bytes."""
    if len(secret) != BYTES:
        raise ValueError(f"a token carries {BYTES} bytes, not {len(secret)}")
    return PREFIXES[kind] + base64.urlsafe_b64encode(secret).decode().rstrip("=")


def kind_of(token: str) -> Kind | None:
    """The kind of a token by its prefix and shape; None for what can be no token of ours."""
    if len(token) != _LENGTH or not token.isascii():
        return None
    for kind, prefix in PREFIXES.items():
        if token.startswith(prefix):
            return kind
    return None


def digest(token: str) -> bytes:
    """What the database keeps of a token. Random bytes need no salt and no slow hash."""
    return hashlib.sha256(token.encode()).digest()


def due(renewed_at: dt.datetime, now: dt.datetime) -> bool:
    """Whether the expiry should move: it last did more than a day ago."""
    return now - renewed_at > RENEW_AFTER
