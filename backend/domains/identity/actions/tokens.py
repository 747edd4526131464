"""Fresh tokens: the one thing here that comes from chance, and only its SHA-256 reaches a row."""

from __future__ import annotations

import secrets

from backend.domains.identity.rules import tokens


def fresh_token(kind: tokens.Kind) -> str:
    """A new token of this kind: 32 random bytes behind its prefix. It is shown once and kept nowhere."""
    return tokens.make(kind, secrets.token_bytes(tokens.BYTES))
