"""What a person wants to hear how: channels by kind, quiet hours, the hour of the daily digest; an e-mail address and its confirmation."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from backend.core.problems import Clash, Invalid, Problem
from backend.core.problems import Kind as ProblemKind
from backend.domains.notifications.rules.kinds import Kind
from backend.domains.territory.rules.territory import SHANGHAI

LANGUAGES = ("zh", "en")
DAY_MINUTES = 24 * 60
QUIET_FROM, QUIET_UNTIL = 22 * 60, 7 * 60
DIGEST_AT = 8 * 60
ALL_KINDS = "*"
ADDRESS_LENGTH = 254
CODE_TRIES = 5
ASKED_A_DAY = 5
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_DAY = dt.timedelta(days=1)


class EmailInvalid(Invalid):
    """What was given is no e-mail address."""

    slug = "email_invalid"
    title = "This is no e-mail address"
    title_zh = "邮箱地址有误"
    way_out = "Send an address of ASCII characters such as name@example.com."
    way_out_zh = "请填写由英文字符组成的邮箱地址，例如 name@example.com。"


class EmailUnavailable(Problem):
    """This installation has no mail server."""

    slug = "email_unavailable"
    kind = ProblemKind.CLASH
    title = "E-mail is not set up here"
    title_zh = "本系统未配置邮件服务"
    way_out = "Read messages in the inbox; an operator sets up a mail server with SMTP_URL and MAIL_FROM."
    way_out_zh = "请在站内查看消息；邮件服务须由运维人员通过 SMTP_URL 与 MAIL_FROM 配置。"


class EmailCodeWrong(Clash):
    """The code is not the one that was sent, or no address waits for one, or it was tried too often."""

    slug = "email_code_wrong"
    title = "The code does not confirm the address"
    title_zh = "验证码不正确或已失效"
    way_out = "Type the eight digits of the newest mail; after five wrong ones ask for a new mail by setting the address again."
    way_out_zh = "请输入最新邮件中的八位数字；连续输错五次后须重新设置邮箱以获取新的验证码。"


class TooManyMails(Problem):
    """Mails to confirm an address are sent a few times a day only."""

    slug = "too_many_confirmations"
    kind = ProblemKind.TOO_MANY
    title = "Too many confirmations asked for"
    title_zh = "验证邮件发送过于频繁"
    way_out = "Look for the last mail, also among spam; after a day another can be asked for."
    way_out_zh = "请查找最近一封验证邮件（包括垃圾邮件箱）；一天后可再次获取。"


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a person chose; the defaults of who chose nothing. Minutes count from midnight in the district; quiet hours may cross it.

    `channels` maps a kind, or `*` for those not named, to channels. `reachable`: there is a confirmed e-mail address.
    """

    channels: Mapping[str, Sequence[str]] = field(default_factory=dict)
    quiet_from: int | None = QUIET_FROM
    quiet_until: int | None = QUIET_UNTIL
    digest_at: int | None = DIGEST_AT
    reachable: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """How one message reaches one person. `alert_at`: before then a phone or page shows it without sound. None: not by this channel."""

    inbox: bool
    alert_at: dt.datetime
    email_at: dt.datetime | None
    digest_at: dt.datetime | None
    webhook: bool


def plan(kind: Kind, chosen: Preferences, at: dt.datetime) -> Plan:
    """How a message of this kind, told now, reaches who chose this. The inbox always has what is urgent."""
    channels = chosen.channels.get(kind.name)
    if channels is None:
        channels = chosen.channels.get(ALL_KINDS)
    if channels is None:
        channels = kind.channels
    loud = at if kind.urgent else quiet_end(chosen.quiet_from, chosen.quiet_until, at)
    by_mail = chosen.reachable and "email" in channels
    digest = chosen.digest_at if chosen.reachable and "digest" in channels and not by_mail else None
    return Plan(
        inbox=kind.urgent or "in_app" in channels,
        alert_at=loud,
        email_at=loud if by_mail else None,
        digest_at=None if digest is None else next_time(digest, at),
        webhook="webhook" in channels,
    )


def quiet_end(quiet_from: int | None, quiet_until: int | None, at: dt.datetime) -> dt.datetime:
    """When the quiet hours in which this moment lies end; the moment itself outside them."""
    if quiet_from is None or quiet_until is None or quiet_from == quiet_until:
        return at
    local = at.astimezone(SHANGHAI)
    minute = local.hour * 60 + local.minute
    within = quiet_from <= minute < quiet_until if quiet_from < quiet_until else minute >= quiet_from or minute < quiet_until
    return next_time(quiet_until, at) if within else at


def next_time(minute: int, at: dt.datetime) -> dt.datetime:
    """The next moment after this one at which clocks of the district show this minute of the day. In UTC."""
    local = at.astimezone(SHANGHAI)
    then = local.replace(hour=minute // 60, minute=minute % 60, second=0, microsecond=0)
    return (then if then > local else then + _DAY).astimezone(dt.UTC)


def minute_of(clock: str) -> int:
    """`HH:MM` as minutes of the day. Raises ValueError."""
    found = _CLOCK.fullmatch(clock)
    if found is None:
        raise ValueError(f"{clock!r} is no time of day")
    return int(found[1]) * 60 + int(found[2])


def clock_of(minute: int | None) -> str | None:
    """A minute of the day as `HH:MM`."""
    return None if minute is None else f"{minute // 60:02}:{minute % 60:02}"


def check_address(address: str) -> str:
    """The address without outer spaces. Raises EmailInvalid."""
    address = address.strip()
    if len(address) > ADDRESS_LENGTH or not _ADDRESS.fullmatch(address) or ".." in address:
        raise EmailInvalid("email: this is no address", errors=[("/email", "name@example.com, of ASCII characters")])
    return address


def asked_lately(asked: Sequence[Any], at: dt.datetime) -> list[str]:
    """Of the moments at which confirmations were asked for those within a day. Raises TooManyMails where they are as many as may be."""
    lately = [each for each in asked if dt.datetime.fromisoformat(each) > at - _DAY]
    if len(lately) >= ASKED_A_DAY:
        again = dt.datetime.fromisoformat(lately[0]) + _DAY
        wait = max(1, int((again - at).total_seconds()))
        raise TooManyMails(f"{len(lately)} confirmations were asked for within a day", headers={"Retry-After": str(wait)})
    return lately


def code_of(secret_key: str, token: UUID) -> str:
    """The eight digits that confirm the address for which this token was made; stored nowhere."""
    known = hmac.new(secret_key.encode(), b"email code:" + token.bytes, hashlib.sha256).digest()
    return f"{int.from_bytes(known[:8], 'big') % 10**8:08}"


def is_code(secret_key: str, token: UUID, code: str) -> bool:
    """Whether this is its code."""
    return hmac.compare_digest(code_of(secret_key, token).encode(), code.encode())
