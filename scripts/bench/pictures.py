"""Pictures to upload: real JPEGs of about the wanted size, each with other bytes."""

from __future__ import annotations

import hashlib
import io
import os

from PIL import Image


def jpeg(size: int) -> bytes:
    """A noisy JPEG of about `size` bytes."""
    width = 640
    for _ in range(8):
        noise = Image.effect_noise((width, width * 3 // 4), 60).convert("RGB")
        buffer = io.BytesIO()
        noise.save(buffer, "JPEG", quality=85)
        got = len(buffer.getvalue())
        if abs(got - size) < size * 0.03:
            break
        width = round(width * (size / got) ** 0.5)
    return buffer.getvalue()


def fresh(base: bytes) -> tuple[bytes, str]:
    """The picture with another comment in it, and its SHA-256."""
    comment = os.urandom(16)
    made = base[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + base[2:]
    return made, hashlib.sha256(made).hexdigest()
