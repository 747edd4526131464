"""Receipts and secrets: what a resident keeps instead of an account. Read out on the phone, so in letters that cannot be mistaken.

The alphabet is Douglas Crockford's base 32: no I, L, O or U; what is typed for them is read as 1, 1 and 0.
"""

from __future__ import annotations

import datetime as dt
import hashlib

from backend.core.problems import Clash, Kind, Missing, Problem

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISTAKEN = str.maketrans({"O": "0", "I": "1", "L": "1"})
PUBLIC_BYTES, SECRET_BYTES = 5, 10
"""40 bits keep receipts of a day apart; 80 bits of secret are beyond guessing at any pace."""


class ReceiptUnknown(Missing):
    """No report has this receipt and secret. A wrong secret is answered as an unknown receipt is."""

    slug = "receipt_unknown"
    title = "There is no report with this receipt and secret"
    title_zh = "回执号或查询码有误"
    way_out = "Check both against what was shown when the report was sent. A lost secret cannot be shown again: call the desk."
    way_out_zh = "请核对提交时显示的回执号和查询码。查询码遗失后无法再次显示，请电话联系受理中心。"


class KeyUsed(Clash):
    """Another report was sent with this key."""

    slug = "report_key_used"
    title = "Another report was sent with this key"
    title_zh = "该提交标识已用于另一条上报"
    way_out = "Make a new random key for a new report; send the same report again with its own key to get its receipt again."
    way_out_zh = "新的上报请使用新的随机标识；重发同一上报请保持内容和标识不变，即可再次取得回执。"


class NotNow(Clash):
    """The report is not at a point where this is possible; `stage` says where it is."""

    slug = "report_not_at_this_point"
    title = "The report is not at a point where this is possible"
    title_zh = "当前办理阶段不能进行此操作"
    way_out = "Fetch the report: `can` lists what is possible now."
    way_out_zh = "请查询上报状态；can 列出了当前可进行的操作。"


class TooManyTurns(Problem):
    """So much came from one network address that it must wait."""

    slug = "too_many_requests"
    kind = Kind.TOO_MANY
    title = "Too much at once from this network address"
    title_zh = "来自该网络地址的请求过多"
    way_out = "Wait as long as Retry-After says. In urgent cases call 12345."
    way_out_zh = "请按 Retry-After 等待后重试；紧急情况请拨打 12345。"


class DoorCrowded(Problem):
    """So much came from all addresses together that nothing more is taken for now: a flood, not residents."""

    slug = "door_crowded"
    kind = Kind.TOO_MANY
    title = "More reports are coming in than can be taken"
    title_zh = "当前上报过多，暂时无法受理"
    way_out = "Wait as long as Retry-After says and send the same report with the same key. In urgent cases call 12345."
    way_out_zh = "请按 Retry-After 等待后，用同一提交标识重发；紧急情况请拨打 12345。"


def base32(data: bytes) -> str:
    """The bits of the bytes (a multiple of five of them) in Crockford's letters."""
    number = int.from_bytes(data, "big")
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(len(data) * 8 - 5, -1, -5))


def grouped(text: str) -> str:
    """In groups of four: easier to read out."""
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))


def receipt_of(day: dt.date, chance: bytes) -> str:
    """The receipt number: R, the day, eight letters of chance. Nobody finds the next by counting."""
    return f"R{day:%y%m%d}-{grouped(base32(chance[:PUBLIC_BYTES]))}"


def secret_of(chance: bytes) -> str:
    """The secret that goes with it, of `SECRET_BYTES` of chance."""
    return grouped(base32(chance[PUBLIC_BYTES : PUBLIC_BYTES + SECRET_BYTES]))


def normal_receipt(text: str) -> str:
    """A receipt as it is stored, from what somebody typed."""
    plain = _meant(text)
    return f"{plain[:7]}-{grouped(plain[7:])}"


def digest_of(secret: str) -> bytes:
    """What is kept of a secret: SHA-256 of its letters as they are meant."""
    return hashlib.sha256(_meant(secret).encode()).digest()


def _meant(text: str) -> str:
    """The letters of the alphabet that somebody typed, nothing else: no NUL reaches the database."""
    return "".join(letter for letter in text.upper().translate(_MISTAKEN) if letter in _ALPHABET)
