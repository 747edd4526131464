"""What a report may be: how much of it, and what makes it the same report again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from backend.core.problems import Clash, TooLarge
from backend.domains.residents.rules.receipts import NotNow

MOST_PHOTOS = 3
PHOTO_BYTES = 10 * 1024 * 1024
"""The largest picture at the public door: phones' cameras stay below."""
CHANNELS = ("hotline", "video", "leader", "import")
"""How a report comes in that the desk writes down; the public door's own is `resident`."""


class TooManyPhotos(TooLarge):
    """A report takes three photos."""

    slug = "too_many_photos"
    title = "A report takes three photos at most"
    title_zh = "每条上报最多三张照片"
    way_out = "Send the photos that show it best; the desk can have it looked at."
    way_out_zh = "请上传最能说明问题的照片；受理员会安排现场核实。"


class ReportNotOpen(Clash):
    """The desk has dealt with the report already."""

    slug = "report_not_open"
    title = "The report was dealt with already"
    title_zh = "该上报已办理"
    way_out = "Fetch the report and look at what became of it."
    way_out_zh = "请刷新上报，查看办理情况。"


@dataclass(frozen=True, slots=True)
class Ticket:
    """What the door made for a report: its receipt, and the hashes of its secret and of the client's key."""

    receipt: str
    secret_hash: bytes
    key_hash: bytes


def content_digest(content: bytes) -> bytes:
    """By which a repeat is known: SHA-256 of what was sent."""
    return hashlib.sha256(content).digest()


def check_room(state: str, *, ended: bool, photos: int) -> None:
    """Refuse a photo of a report that has ended, or has its three. Raises NotNow, TooManyPhotos."""
    if ended or state not in {"open", "taken_up"}:
        raise NotNow("the report has ended and takes no photo any more")
    if photos >= MOST_PHOTOS:
        raise TooManyPhotos(f"a report takes {MOST_PHOTOS} photos", limits={"photos": MOST_PHOTOS})
