"""Pictures drawn for tests: real files of each kind, whole, broken and hostile."""

from __future__ import annotations

import hashlib
import struct
import zlib
from functools import cache
from io import BytesIO

from PIL import Image, ImageDraw
from PIL.TiffImagePlugin import IFDRational

CORNER = (220, 30, 30)


@cache
def picture(seed: int = 1, *, size: tuple[int, int] = (640, 480), kind: str = "JPEG", noise: bool = False) -> bytes:
    """A picture of this size; another seed gives other bytes. `noise` makes it large."""
    image = Image.effect_noise(size, 90).convert("RGB") if noise else Image.new("RGB", size, (90, 120, 150))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, size[0] // 4, size[1] // 4), fill=CORNER)
    draw.text((size[0] // 2, size[1] // 2), f"photo {seed}", fill="white")
    return _saved(image, kind)


def turned(orientation: int) -> bytes:
    """A JPEG whose tag says how to turn it so that it is 320 x 200 upright with the red corner top left."""
    upright = Image.new("RGB", (320, 200), (90, 120, 150))
    ImageDraw.Draw(upright).rectangle((0, 0, 80, 50), fill=CORNER)
    # The transposition that the tag undoes.
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = upright.transpose(undo[orientation]) if orientation in undo else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    return _saved(stored, "JPEG", exif=exif)


def located() -> bytes:
    """A JPEG with the time 2026:11:22 16:01:10 +08:00 and the place 30 deg 25' 8.40001" N, 120 deg 17' 57.84" E."""
    exif = Image.Exif()
    exif[271], exif[272] = "Maker", "Phone 7"
    exif.get_ifd(0x8769).update({36867: "2026:11:22 16:01:10", 36881: "+08:00", 37521: "042"})
    exif.get_ifd(0x8825).update(
        {
            1: "N",
            2: (IFDRational(30), IFDRational(25), IFDRational(840001, 100000)),
            3: "E",
            4: (IFDRational(120), IFDRational(17), IFDRational(5784, 100)),
            18: "WGS-84",
        },
    )
    return _saved(Image.new("RGB", (64, 48), "grey"), "JPEG", exif=exif)


def bomb(width: int = 30_000, height: int = 30_000) -> bytes:
    """A small PNG that claims 900 megapixels."""
    rows = zlib.compressobj(9)
    data = b"".join(rows.compress(bytes(1 + width // 8)) for _ in range(200)) + rows.flush()
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
        + _chunk(b"IDAT", data)
        + _chunk(b"IEND", b"")
    )


def sha256(content: bytes) -> str:
    """Its SHA-256 in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _saved(image: Image.Image, kind: str, **more: object) -> bytes:
    if kind == "HEIF":
        import pillow_heif

        pillow_heif.register_heif_opener()
    out = BytesIO()
    image.save(out, kind, **more)
    return out.getvalue()
