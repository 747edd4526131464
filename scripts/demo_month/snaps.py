"""Photos of the month: tiny JPEGs, no two alike, and how they are declared."""

from __future__ import annotations

import datetime as dt
import hashlib
from io import BytesIO
from itertools import count
from typing import Any

from PIL import Image, ImageDraw

from tests.phone.ids import uuid7

_SIZE = (128, 96)


class Camera:
    """Takes photos that differ from all others of this seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._numbers = count(1)

    def take(self, role: str, at: dt.datetime) -> tuple[bytes, dict[str, Any]]:
        """The bytes, and the declaration for the operation that names it."""
        number = next(self._numbers)
        known = hashlib.sha256(f"{self._seed} {number}".encode()).digest()
        image = Image.new("RGB", _SIZE, (known[0], known[1], known[2]))
        pen = ImageDraw.Draw(image)
        for place, value in enumerate(known[3:27]):
            x, y = 8 + place % 6 * 20, 8 + place // 6 * 22
            pen.rectangle((x, y, x + 14, y + 16), fill=(value, 255 - value, value * 7 % 256))
        out = BytesIO()
        image.save(out, "JPEG", quality=80)
        content = out.getvalue()
        return content, {
            "id": str(uuid7()),
            "sha256": hashlib.sha256(content).hexdigest(),
            "bytes": len(content),
            "mime": "image/jpeg",
            "role": role,
            "taken_at": at.isoformat(timespec="seconds"),
        }
