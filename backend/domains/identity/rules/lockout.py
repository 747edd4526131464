"""Lock-out: how many sign-ins may fail in a while, counted for the login and, wider, for the network address.

An attempt is counted as open before its password is checked and becomes failed or is taken back after: so any number of parallel
attempts gets no more guesses than one after the other.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from backend.core.problems import Kind, Problem

WINDOW = dt.timedelta(minutes=15)
PER_LOGIN = 5
PER_ADDRESS = 50  # a whole office may sign in from one address
_CHECKING = dt.timedelta(seconds=2)  # how long to wait for attempts that are being checked

Attempt = tuple[dt.datetime, Literal["open", "failed"]]


@dataclass(frozen=True, slots=True)
class Keys:
    """Under which keys an attempt is counted."""

    login: bytes
    address: bytes


class LockedOut(Problem):
    """Too many sign-ins failed; the right password is refused as well until the oldest failure is 15 minutes old."""

    slug = "locked_out"
    kind = Kind.TOO_MANY
    title = "Too many failed sign-ins"
    title_zh = "登录失败次数过多"
    way_out = "Wait as long as Retry-After says. Sessions that are open and unsent work on phones are not touched."
    way_out_zh = "请按 Retry-After 等待后重试；已登录的会话和手机上未发送的工作不受影响。"


def key_of_login(login: str) -> bytes:
    """Under which key the attempts of a (folded) login are counted, known or unknown: people type passwords into the wrong field."""
    return hashlib.sha256(b"login " + login.encode("utf-8", "surrogatepass")).digest()


def key_of_address(address: str) -> bytes:
    """Under which key the attempts from a network address are counted; an IPv6 household or phone is its /64."""
    try:
        known = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        text = address
    else:
        text = str(ipaddress.ip_network((known, 64), strict=False)) if known.version == 6 else str(known)
    return hashlib.sha256(b"address " + text.encode("utf-8", "surrogatepass")).digest()


def recent(attempts: Sequence[Attempt], now: dt.datetime) -> list[Attempt]:
    """The attempts that still count: not older than 15 minutes."""
    return [attempt for attempt in attempts if now - attempt[0] < WINDOW]


def check_attempt(attempts: Sequence[Attempt], now: dt.datetime, most: int) -> None:
    """Raise LockedOut, with the seconds to wait, if so many attempts count already that no further may be made."""
    counting = recent(attempts, now)
    if len(counting) < most:
        return
    failed = sorted(moment for moment, state in counting if state == "failed")
    # Locked until so few failures are left in the window that one more may be made; where open attempts fill it, until those are checked.
    wait = failed[-most] + WINDOW - now if len(failed) >= most else _CHECKING
    seconds = max(1, -(-wait // dt.timedelta(seconds=1)))
    raise LockedOut(f"{len(counting)} sign-ins in the last 15 minutes", headers={"Retry-After": str(seconds)}, retry_after=seconds)


def settle(attempts: Sequence[Attempt], began: dt.datetime, *, passed: bool) -> list[Attempt]:
    """The attempts after the one that began then was checked: taken back if it passed, else failed."""
    rest = list(attempts)
    if (began, "open") in rest:
        rest.remove((began, "open"))
        if not passed:
            rest.append((began, "failed"))
    return sorted(rest)
