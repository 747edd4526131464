"""The words of tus 1.0 (https://tus.io/protocols/resumable-upload): headers in, values out."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
from dataclasses import dataclass
from email.utils import format_datetime
from uuid import UUID

from backend.core.problems import Clash, Kind, Malformed, Problem
from backend.domains.evidence.rules.photos import is_sha256

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,expiration,checksum,termination"
ALGORITHMS = ("sha1", "sha256", "md5")
CHUNK_TYPE = "application/offset+octet-stream"
_LONGEST_METADATA = 1024


class TusVersion(Problem):
    """A client of another version of the protocol."""

    slug = "tus_version"
    kind = Kind.STALE
    title = "This version of tus is not spoken here"
    title_zh = "不支持该 tus 协议版本"
    way_out = "Send Tus-Resumable: 1.0.0."
    way_out_zh = "请发送 Tus-Resumable: 1.0.0。"


class LengthRequired(Malformed):
    """A body, or an upload, whose length is not stated beforehand."""

    slug = "length_required"
    title = "The length must be stated"
    title_zh = "必须声明长度"
    way_out = "Send Content-Length (no chunked body) and, when creating an upload, Upload-Length (no deferred length)."
    way_out_zh = "请发送 Content-Length（不使用分块编码）；创建上传时请发送 Upload-Length（不支持延迟声明）。"


class BadUploadHeader(Malformed):
    """A header of an upload that is missing or cannot be read."""

    slug = "bad_upload_header"
    title = "A header of the upload is missing or cannot be read"
    title_zh = "上传请求头缺失或无法读取"
    way_out = "Correct the header that the detail names; nothing was changed."
    way_out_zh = "请更正说明中指出的请求头；数据未作改动。"


class OffsetConflict(Clash):
    """The bytes do not go on where the upload stands."""

    slug = "offset_conflict"
    title = "The upload stands at another offset"
    title_zh = "上传进度与请求的偏移不一致"
    way_out = "Ask with HEAD for the true Upload-Offset and go on from there."
    way_out_zh = "请用 HEAD 查询实际的 Upload-Offset，并从该位置继续上传。"


class ChecksumMismatch(Problem):
    """A chunk does not have the checksum sent with it."""

    slug = "checksum_mismatch"
    kind = Kind.CHECKSUM
    title = "The chunk does not have its checksum"
    title_zh = "数据块校验和不符"
    way_out = "Send the same chunk again at the same offset; it was discarded."
    way_out_zh = "请在同一偏移重新发送该数据块；本次数据已丢弃。"


@dataclass(frozen=True, slots=True)
class Checksum:
    """`Upload-Checksum`: an algorithm and the expected digest."""

    algorithm: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class Claim:
    """What an upload is for. `text` is the metadata header as it came: HEAD gives it back."""

    id: str
    size: int
    sha256: str
    text: str


def upload_id(replica: UUID | None, person: UUID, sha256: str) -> str:
    """The id of the upload of these bytes from this replica (from this person where there is none): the same each time it is asked for."""
    return hashlib.sha256(f"{replica or person}:{sha256}".encode()).hexdigest()


def token_of(claim: Claim) -> str:
    """The last step of the upload's URL: its id, and what it claims, so that a creation need not be stored."""
    stated = base64.urlsafe_b64encode(f"{claim.size} {claim.text}".encode()).decode().rstrip("=")
    return f"{claim.id}.{stated}"


def claim_of(token: str) -> Claim | None:
    """What a URL claims; None where no server made it. Whose it is must be asked by its id."""
    upload, _, stated = token.partition(".")
    try:
        size, _, text = base64.b64decode(stated + "=" * (-len(stated) % 4), altchars=b"-_", validate=True).decode().partition(" ")
        return Claim(upload, number("Upload-Length", size), _hash_in(text), text)
    except (ValueError, BadUploadHeader):
        return None


def check_version(header: str | None) -> None:
    """Raises TusVersion."""
    if header != VERSION:
        raise TusVersion(f"Tus-Resumable is {header or 'missing'}, it must be {VERSION}", headers={"Tus-Version": VERSION})


def claim(length: str | None, deferred: str | None, metadata: str | None, *, replica: UUID | None, person: UUID) -> Claim:
    """A creation's `Upload-Length`, `Upload-Defer-Length` and `Upload-Metadata`. Raises LengthRequired or BadUploadHeader."""
    if deferred is not None or length is None:
        raise LengthRequired("Upload-Length is required; Upload-Defer-Length is not supported")
    text = metadata or ""
    if len(text) > _LONGEST_METADATA:
        raise BadUploadHeader(f"Upload-Metadata is longer than {_LONGEST_METADATA} characters")
    sha256 = _hash_in(text)
    return Claim(upload_id(replica, person, sha256), number("Upload-Length", length), sha256, text)


def number(name: str, header: str | None) -> int:
    """A header that is a non-negative integer. Raises BadUploadHeader."""
    if header is None or not header.isascii() or not header.isdigit() or len(header) > 15:
        raise BadUploadHeader(f"{name} must be a non-negative integer, not {header!r}")
    return int(header)


def checksum(header: str | None) -> Checksum | None:
    """`Upload-Checksum: sha1 <base64>`. Raises BadUploadHeader for an algorithm that is not supported (tus asks for 400) or bad base64."""
    if header is None:
        return None
    algorithm, _, encoded = header.strip().partition(" ")
    if algorithm not in ALGORITHMS:
        raise BadUploadHeader(f"Upload-Checksum names {algorithm!r}; supported: {', '.join(ALGORITHMS)}")
    try:
        return Checksum(algorithm, base64.b64decode(encoded.strip(), validate=True))
    except (binascii.Error, ValueError) as error:
        raise BadUploadHeader("Upload-Checksum is not base64") from error


def check_chunk(expected: Checksum, found: bytes, *, whole: bool) -> None:
    """Raises ChecksumMismatch. `whole` says whether all announced bytes came."""
    if not whole:
        raise ChecksumMismatch("the connection broke inside a chunk that has a checksum")
    if expected.digest != found:
        raise ChecksumMismatch(f"the {expected.algorithm} of the chunk differs from Upload-Checksum")


def http_date(moment: dt.datetime) -> str:
    """A moment as `Upload-Expires` wants it (RFC 9110)."""
    return format_datetime(moment.astimezone(dt.UTC).replace(microsecond=0), usegmt=True)


def _hash_in(text: str) -> str:
    sha256 = _metadata(text).get("sha256", b"").decode("ascii", "replace").lower()
    if not is_sha256(sha256):
        raise BadUploadHeader("Upload-Metadata needs sha256: the base64 of the 64 hexadecimal digits of the file's SHA-256")
    return sha256


def _metadata(text: str) -> dict[str, bytes]:
    pairs: dict[str, bytes] = {}
    for part in text.split(","):
        key, _, value = part.strip().partition(" ")
        if not key:
            continue
        try:
            pairs[key] = base64.b64decode(value.strip(), validate=True)
        except (binascii.Error, ValueError) as error:
            raise BadUploadHeader(f"Upload-Metadata {key!r} is not base64") from error
    return pairs
