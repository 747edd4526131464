"""Ids made on the phone: UUID version 7 (RFC 9562), so that they sort by time and need no server."""

from __future__ import annotations

import os
import time
from uuid import UUID


def uuid7(unix_ms: int | None = None, chance: bytes | None = None) -> UUID:
    """48 bits of Unix milliseconds, 74 bits of chance (the lower bits of ten bytes), version and variant between them."""
    moment = time.time_ns() // 1_000_000 if unix_ms is None else unix_ms
    bits = int.from_bytes(os.urandom(10) if chance is None else chance, "big")
    high, low = bits >> 62 & 0xFFF, bits & (1 << 62) - 1
    return UUID(int=(moment & (1 << 48) - 1) << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)
