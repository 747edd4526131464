"""Photos drawn for the demo: a street, what was found on it, what a camera writes into the file. Same values, same picture."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont
from PIL.TiffImagePlugin import IFDRational

SIZE = (1600, 1200)
_HORIZON = 560
_OBJECT = {
    "municipal": (70, 70, 75),
    "greening": (40, 140, 60),
    "sanitation": (150, 110, 50),
    "cleaning": (200, 190, 160),
    "enforcement": (190, 60, 60),
    "other": (60, 90, 180),
}
_EXIF, _GPS = 0x8769, 0x8825


@dataclass(frozen=True)
class Shot:
    """What one photo shows: where and when by the phone's clock, and words written across it (a camera's watermark)."""

    seed: str
    trade: str
    words: tuple[str, ...]
    taken_at: dt.datetime
    lon: float
    lat: float
    turned: bool


def draw(shot: Shot) -> bytes:
    """The JPEG. `turned`: held upright, so stored lying with the orientation tag that says so."""
    chance = random.Random(shot.seed)  # noqa: S311 - a drawing, no secret
    image = Image.new("RGB", SIZE, _shade((150, 190, 225), chance, 25))
    pen = ImageDraw.Draw(image)
    _street(pen, chance)
    _find(pen, chance, _OBJECT.get(shot.trade, (120, 120, 120)))
    image = Image.blend(image, _grain(chance), chance.uniform(0.05, 0.28))
    pen = ImageDraw.Draw(image)
    for row, words in enumerate(shot.words):
        pen.text((43, 43 + row * 56), words, fill=(0, 0, 0), font=ImageFont.load_default(44))
        pen.text((40, 40 + row * 56), words, fill=(255, 255, 255), font=ImageFont.load_default(44))
    if shot.turned:
        image = image.transpose(Image.Transpose.ROTATE_90)
    out = BytesIO()
    image.save(out, "JPEG", quality=84, exif=_exif(shot))
    return out.getvalue()


def _street(pen: ImageDraw.ImageDraw, chance: random.Random) -> None:
    """Houses with windows, a row of trees, the road with its line."""
    left = 0
    while left < SIZE[0]:
        width, height = chance.randint(120, 320), chance.randint(180, 480)
        wall = _shade((170, 160, 150), chance, 40)
        pen.rectangle((left, _HORIZON - height, left + width, _HORIZON), fill=wall)
        for x in range(left + 20, left + width - 30, 56):
            for y in range(_HORIZON - height + 24, _HORIZON - 40, 64):
                pen.rectangle((x, y, x + 28, y + 36), fill=_shade((90, 110, 140), chance, 40))
        left += width
    pen.rectangle((0, _HORIZON, SIZE[0], SIZE[1]), fill=_shade((120, 120, 122), chance, 12))
    pen.rectangle((0, _HORIZON, SIZE[0], _HORIZON + 110), fill=_shade((165, 160, 152), chance, 12))
    for x in range(chance.randint(20, 120), SIZE[0], 260):
        pen.rectangle((x, _HORIZON - 120, x + 16, _HORIZON + 30), fill=(95, 70, 45))
        pen.ellipse((x - 80, _HORIZON - 290, x + 96, _HORIZON - 90), fill=_shade((60, 120, 60), chance, 30))
    for x in range(0, SIZE[0], 200):
        pen.polygon([(x, 900), (x + 110, 900), (x + 100, 920), (x - 10, 920)], fill=(225, 225, 220))


def _find(pen: ImageDraw.ImageDraw, chance: random.Random, colour: tuple[int, int, int]) -> None:
    """A heap of things of the trade's colour, somewhere on the road."""
    middle, floor = chance.randint(400, 1200), chance.randint(820, 1060)
    for _ in range(chance.randint(14, 30)):
        x, y, size = middle + chance.randint(-180, 180), floor + chance.randint(-90, 60), chance.randint(18, 90)
        shape = pen.ellipse if chance.random() < 0.5 else pen.rectangle
        shape((x, y, x + size, y + size * 2 // 3), fill=_shade(colour, chance, 35), outline=(30, 30, 30))


def _grain(chance: random.Random) -> Image.Image:
    """What a small sensor adds."""
    return Image.frombytes("L", (800, 600), chance.randbytes(800 * 600)).resize(SIZE, Image.Resampling.BILINEAR).convert("RGB")


def _shade(colour: tuple[int, int, int], chance: random.Random, by: int) -> tuple[int, int, int]:
    shift = chance.randint(-by, by)
    red, green, blue = (max(0, min(255, part + shift)) for part in colour)
    return red, green, blue


def _exif(shot: Shot) -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Linping", "Reference phone"
    if shot.turned:
        exif[0x0112] = 6
    offset = shot.taken_at.strftime("%z")
    exif.get_ifd(_EXIF).update({0x9003: shot.taken_at.strftime("%Y:%m:%d %H:%M:%S"), 0x9011: f"{offset[:3]}:{offset[3:5]}"})
    north, east = _degrees(abs(shot.lat)), _degrees(abs(shot.lon))
    exif.get_ifd(_GPS).update({1: "N" if shot.lat >= 0 else "S", 2: north, 3: "E" if shot.lon >= 0 else "W", 4: east, 18: "WGS-84"})
    return exif


def _degrees(value: float) -> tuple[IFDRational, IFDRational, IFDRational]:
    minutes, seconds = divmod(value * 3600, 60)
    degrees, minutes = divmod(minutes, 60)
    return IFDRational(int(degrees)), IFDRational(int(minutes)), IFDRational(round(seconds * 10_000), 10_000)
