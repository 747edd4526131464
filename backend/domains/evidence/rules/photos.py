"""What a photo is worth as evidence, and what is refused at upload.

Source: sync protocol section 5. JPEG, PNG, WebP, HEIC/HEIF; at most 25 MiB and 120 megapixels (the settings carry both numbers).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, Protocol
from uuid import UUID

from backend.core.problems import Clash, Forbidden, Invalid, Kind, Problem, TooLarge

ROLES = ("before", "after", "scene", "verification", "other")
FORMATS = {
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",  # a JPEG with further pictures behind the first, as some phones write
    "PNG": "image/png",
    "WEBP": "image/webp",
    "HEIF": "image/heic",
}
RENDITIONS = {"thumbnail": 320, "screen": 1280}
EXAMINER = "pillow-1"
MAX_ATTEMPTS = 3
LEASE_SECONDS = 600

_HEX = re.compile(r"[0-9a-f]{64}")

Settled = Literal["usable", "unreadable"]


class NotAPicture(Invalid):
    """The content, whatever its name says, is no picture of a kind that is taken."""

    slug = "not_a_picture"
    title = "The content is not a picture that is accepted"
    title_zh = "内容不是受支持的图片"
    way_out = "Send the original JPEG, PNG, WebP or HEIC/HEIF file; nothing was stored."
    way_out_zh = "请上传 JPEG、PNG、WebP 或 HEIC/HEIF 原始图片；本次内容未保存。"


class EmptyPhoto(Invalid):
    """A photo of 0 bytes."""

    slug = "empty_photo"
    title = "The photo is empty"
    title_zh = "照片为空（0 字节）"
    way_out = "Take the picture again or send its file again; nothing was stored."
    way_out_zh = "请重新拍摄或重新发送该照片；本次内容未保存。"


class PhotoTooLarge(TooLarge):
    """Over the limit in bytes or pixels."""

    slug = "photo_too_large"
    title = "The photo is too large"
    title_zh = "照片过大"
    way_out = "Take it with a smaller size or ask for the photo to be waived; the record itself is unaffected."
    way_out_zh = "请降低拍摄尺寸，或申请免除该照片；问题记录本身不受影响。"


class HashMismatch(Invalid):
    """The bytes are not the ones whose SHA-256 was given."""

    slug = "hash_mismatch"
    title = "The bytes do not have the SHA-256 that was given"
    title_zh = "内容与给定的 SHA-256 不符"
    way_out = "Send the file again from its first byte; nothing of it was stored."
    way_out_zh = "请从头重新发送该文件；本次内容未保存。"


class QuotaExceeded(Problem):
    """Too many bytes that no photo of this person names."""

    slug = "quota_exceeded"
    kind = Kind.TOO_LARGE
    title = "Too many bytes without a photo that names them"
    title_zh = "未被任何照片记录引用的数据过多，超出配额"
    way_out = "Push the operations that declare these photos first: what is declared no longer counts. Else ask an administrator."
    way_out_zh = "请先同步引用这些照片的操作，被引用的数据不再计入配额；否则请联系管理员。"


class StorageFull(Problem):
    """The disk of the server is full."""

    slug = "storage_full"
    kind = Kind.FULL
    title = "The server has no room for photos just now"
    title_zh = "服务器存储空间不足"
    way_out = "Keep the photo and try again later; records are still accepted. Nothing was marked as stored."
    way_out_zh = "请保留照片稍后重试；记录仍可正常提交。本次内容未标记为已保存。"


class WaivedByShiftLeader(Forbidden):
    """Only a shift leader may decide that a case goes on without a photo."""

    slug = "waiver_needs_shift_leader"
    title = "Only a shift leader may waive a photo"
    title_zh = "仅值班长可免除照片"
    way_out = "Ask a shift leader of the unit; a reason is required."
    way_out_zh = "请由值班长办理，并填写理由。"


class PhotoSettled(Clash):
    """A usable photo needs no waiver, a retracted one no second mark."""

    slug = "photo_settled"
    title = "The photo is not in a state for this"
    title_zh = "照片当前状态不允许此操作"
    way_out = "Look at the photo's present state; nothing was changed."
    way_out_zh = "请查看照片最新状态；数据未作改动。"


@dataclass(frozen=True, slots=True)
class Header:
    """What the first bytes of a picture say: media type by content, and pixels as encoded (before any turning upright)."""

    mime: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an examination found. `fault` (slug, colon, the decoder's words) only where `state` is unreadable."""

    state: Settled
    examiner: str = EXAMINER
    width: int | None = None
    height: int | None = None
    exif: dict[str, Any] | None = None
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """How many photos of a subject have come how far; retracted ones are not counted.

    declared: all. stored: bytes are kept, whatever the decode said. usable, unreadable: decoded, or not. waived: not needed any more
    although not usable. complete: each is usable or waived (true where there is none: whether any is needed is the subject's affair).
    """

    declared: int = 0
    stored: int = 0
    usable: int = 0
    unreadable: int = 0
    waived: int = 0

    @property
    def complete(self) -> bool:
        """Whether nothing is waited for."""
        return self.usable + self.waived == self.declared


class PhotoFacts(Protocol):
    """What the rules look at in a photo."""

    @property
    def state(self) -> str: ...
    @property
    def waived(self) -> bool: ...
    @property
    def retracted(self) -> bool: ...


def is_sha256(text: str) -> bool:
    """Whether it is 64 lower-case hexadecimal digits."""
    return _HEX.fullmatch(text) is not None


def delivery_key(person: UUID, sha256: str) -> str:
    """The key of "this person brought these bytes"."""
    return f"{person.hex}:{sha256}"


def state_shown(state: str, *, waived: bool, uploading: bool) -> str:
    """One word for a photo: declared, uploading, stored, usable, unreadable, waived. A waiver yields to bytes that proved usable."""
    if waived and state != "usable":
        return "waived"
    return "uploading" if uploading and state == "declared" else state


def weigh(photos: Iterable[PhotoFacts]) -> Evidence:
    """The evidence these photos of one subject make."""
    counted = [photo for photo in photos if not photo.retracted]
    return Evidence(
        declared=len(counted),
        stored=sum(photo.state != "declared" for photo in counted),
        usable=sum(photo.state == "usable" for photo in counted),
        unreadable=sum(photo.state == "unreadable" for photo in counted),
        waived=sum(photo.waived and photo.state != "usable" for photo in counted),
    )


def check_size(size: int, limit: int) -> None:
    """Raises EmptyPhoto or PhotoTooLarge. Both in bytes."""
    if size <= 0:
        raise EmptyPhoto("the photo has 0 bytes")
    if size > limit:
        raise PhotoTooLarge(f"the photo has {size} bytes, at most {limit} are taken", limits={"photo_bytes": limit})


def check_pixels(width: int, height: int, limit: int) -> None:
    """Raises NotAPicture for a picture without pixels and PhotoTooLarge over `limit` pixels, before any of them is decoded."""
    if width <= 0 or height <= 0:
        raise NotAPicture(f"the picture claims {width} x {height} pixels")
    if width * height > limit:
        raise PhotoTooLarge(
            f"the picture claims {width} x {height} pixels, at most {limit} in all are taken", limits={"photo_pixels": limit}
        )


def check_hash(expected: str, found: str) -> None:
    """Raises HashMismatch."""
    if expected != found:
        raise HashMismatch(f"expected sha256 {expected}, the bytes received have {found}")


def check_quota(undeclared: int, size: int, limit: int) -> None:
    """Raises QuotaExceeded where this person's undeclared bytes and these would be over the limit."""
    if undeclared + size > limit:
        raise QuotaExceeded(
            f"{undeclared} bytes are named by no photo yet; with these {size} it would be over {limit}",
            limits={"quota_bytes": limit},
        )


def original_key(sha256: str) -> str:
    """Where a store keeps the original: 256 folders, for every new folder costs two fsyncs of the photo that is first in it."""
    return f"{sha256[:2]}/{sha256}"


def rendition_key(sha256: str, kind: str) -> str:
    """Where a store keeps a rendition: an area of its own, which may be emptied without loss."""
    return f"renditions/{sha256}/{kind}.jpg"
