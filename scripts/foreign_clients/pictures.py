"""Distinct real JPEGs of 20 to 400 KB on the disk, drawn quickly."""

from __future__ import annotations

import hashlib
import io
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw

LEAST, MOST = 20_000, 400_000
_GROUND = (1600, 1200)
_QUALITY = 80


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG file and what is claimed of it."""

    number: int
    path: Path
    sha256: str
    size: int


def draw(folder: Path, number: int, *, seed: int) -> Iterator[Picture]:
    """So many pictures, no two alike: a piece of noise, larger or smaller, with its number on it."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = random.Random(f"pictures {seed}")  # noqa: S311 - the same sizes on every run
    ground = Image.effect_noise(_GROUND, 60).convert("RGB")
    for index in range(number):
        content = _draw(ground, chance, f"{seed}.{index}")
        path = folder / f"{index:05}.jpg"
        path.write_bytes(content)
        yield Picture(index, path, hashlib.sha256(content).hexdigest(), len(content))


def _draw(ground: Image.Image, chance: random.Random, text: str) -> bytes:
    while True:
        width = chance.randint(200, 900)
        height = width * 3 // 4
        left, top = chance.randint(0, _GROUND[0] - width), chance.randint(0, _GROUND[1] - height)
        piece = ground.crop((left, top, left + width, top + height))
        ImageDraw.Draw(piece).text((10, 10), text, fill="white")
        out = io.BytesIO()
        piece.save(out, "JPEG", quality=_QUALITY)
        if LEAST <= out.tell() <= MOST:
            return out.getvalue()
