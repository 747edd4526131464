"""Pictures: what their header says, whether they really decode, and small upright copies. Pillow and pillow-heif behind pure values.

LOAD_TRUNCATED_IMAGES stays False: `open` and `verify` accept a JPEG that was cut off, only `load` does not.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image, ImageOps

from backend.domains.evidence.outside.stores import Store
from backend.domains.evidence.rules.exif import facts_of
from backend.domains.evidence.rules.photos import (
    FORMATS,
    RENDITIONS,
    Header,
    NotAPicture,
    PhotoTooLarge,
    Verdict,
    check_pixels,
    rendition_key,
)

log = logging.getLogger(__name__)

# Pillow's own guard, for whoever else opens a picture in this process. Ours is `check_pixels`, after the header and before any pixel.
Image.MAX_IMAGE_PIXELS = 120_000_000
_READ = ["JPEG", "PNG", "WEBP"]
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_EXIF, _GPS, _ORIENTATION = 0x8769, 0x8825, 0x0112
_lock = threading.Lock()
_heif = False


def read_header(source: Path | BinaryIO, *, pixels: int) -> Header:
    """Media type and dimensions from the content, no pixel decoded. Raises NotAPicture or PhotoTooLarge (over `pixels`)."""
    with _opened(source, pixels) as image:
        return Header(FORMATS[image.format or ""], image.width, image.height)


def examine(source: Path | BinaryIO, *, pixels: int) -> tuple[Verdict, dict[str, bytes]]:
    """Decode it for real: the verdict, and the renditions by kind (none when unreadable).

    Whatever a decoder throws at broken bytes makes it unreadable, with the reason; only MemoryError and errors of the
    disk pass, for they say nothing about the photo. A rendition that cannot be made is left out: the photo is evidence all the same.
    """
    try:
        with _opened(source, pixels) as image:
            facts = _facts(image)
            width, height = image.size
            image.load()
            try:
                copies = _copies(image)
            except Exception:
                log.exception("no renditions could be made")
                copies = {}
            return Verdict("usable", width=width, height=height, exif=facts), copies
    except MemoryError:
        raise
    except (NotAPicture, PhotoTooLarge) as problem:
        return Verdict("unreadable", fault=f"{problem.slug}: {problem.detail}"), {}
    except OSError as error:
        if error.errno is not None:
            raise  # the disk failed, not the picture: Pillow's own carry no number
        return Verdict("unreadable", fault=f"cannot_decode: {error}"[:500]), {}
    except Exception as error:  # noqa: BLE001 - decoders raise SyntaxError, ValueError, struct.error, zlib.error …
        return Verdict("unreadable", fault=f"cannot_decode: {str(error) or type(error).__name__}"[:500]), {}


def rendition(store: Store, sha256: str, kind: str, original: str, *, pixels: int) -> Path | BinaryIO:
    """The rendition `kind` (thumbnail or screen) as a JPEG, made and kept now where it is not there yet. The original is only read.

    `original` is the store's key of it. Raises FileNotFoundError, and NotAPicture where the original cannot be decoded.
    """
    key = rendition_key(sha256, kind)
    try:
        return store.path(key) or store.open(key)
    except FileNotFoundError:
        with store.open(original) as file:
            verdict, copies = examine(file, pixels=pixels)
        if kind not in copies:
            raise NotAPicture(verdict.fault or "the rendition cannot be made") from None
        for each, content in copies.items():
            store.put(content, rendition_key(sha256, each))
        return store.path(key) or store.open(key)


@contextmanager
def _opened(source: Path | BinaryIO, pixels: int) -> Iterator[Image.Image]:
    """The picture, its header read and its size checked."""
    file = source.open("rb") if isinstance(source, Path) else source
    try:
        try:
            image = Image.open(file, formats=_formats(file))
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as bomb:
            raise PhotoTooLarge(f"more than {pixels} pixels", limits={"photo_pixels": pixels}) from bomb
        except Exception as error:
            if isinstance(error, MemoryError):
                raise
            raise NotAPicture("the content is no JPEG, PNG, WebP or HEIC/HEIF picture by its header") from error
        with image:
            check_pixels(image.width, image.height, pixels)
            yield image
    finally:
        if isinstance(source, Path):
            file.close()


def _formats(file: BinaryIO) -> list[str]:
    """The decoders to try. libheif is loaded only for a file that begins like one of its own."""
    head = file.read(12)
    file.seek(0)
    if head[4:8] != b"ftyp" or head[8:12] not in _HEIF_BRANDS:
        return _READ
    global _heif  # noqa: PLW0603 - registered once a process
    with _lock:
        if not _heif:
            import pillow_heif  # noqa: PLC0415 - 4 MB that most processes never need

            pillow_heif.register_heif_opener()
            _heif = True
    return ["HEIF"]


def _facts(image: Image.Image) -> dict[str, Any]:
    """EXIF as facts. A broken EXIF block makes no photo unreadable: it only says nothing."""
    try:
        exif = image.getexif()
        # libheif turns the picture itself and resets the tag; the file's own value is kept beside it.
        orientation = image.info.get("original_orientation") or exif.get(_ORIENTATION) or 1
        return facts_of(exif, exif.get_ifd(_EXIF), exif.get_ifd(_GPS), orientation=orientation if orientation in range(1, 9) else 1)
    except Exception as error:  # noqa: BLE001 - the reader raises whatever the bytes provoke
        return {"orientation": 1, "fault": f"exif cannot be read: {type(error).__name__}"}


def _copies(image: Image.Image) -> dict[str, bytes]:
    """The renditions, largest first, each made from the one before: upright, RGB, without metadata."""
    orientation = image.getexif().get(_ORIENTATION)
    copies: dict[str, bytes] = {}
    small = image
    for kind, side in sorted(RENDITIONS.items(), key=lambda item: -item[1]):
        if small is image:
            small = image.copy() if max(image.size) <= side else image
            small.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
            small = _upright(_rgb(small), orientation)
        else:
            small.thumbnail((side, side), Image.Resampling.LANCZOS)
        out = BytesIO()
        small.save(out, "JPEG", quality=82, optimize=False, exif=b"")
        copies[kind] = out.getvalue()
    return copies


def _upright(image: Image.Image, orientation: object) -> Image.Image:
    """Turned as the tag says, and bare of everything but its pixels."""
    bare = Image.new("RGB", image.size)
    bare.paste(image)
    if orientation in range(2, 9):
        bare.getexif()[_ORIENTATION] = orientation
        return ImageOps.exif_transpose(bare)
    return bare


def _rgb(image: Image.Image) -> Image.Image:
    """On white where it is transparent; 16-bit grey scaled down."""
    if image.mode.startswith("I;16"):
        image = image.point(lambda value: value / 256).convert("L")
    if image.has_transparency_data:
        seen = image.convert("RGBA")
        white = Image.new("RGBA", seen.size, "white")
        return Image.alpha_composite(white, seen).convert("RGB")
    return image.convert("RGB")
