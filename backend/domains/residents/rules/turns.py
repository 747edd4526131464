"""How often the public door opens for one network address, and for all. Many households may share one, so the numbers are generous."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import ipaddress
from dataclasses import dataclass

from backend.core.problems import Problem
from backend.domains.residents.rules.receipts import DoorCrowded, TooManyTurns


@dataclass(frozen=True, slots=True)
class Allowed:
    """At most `most` within `within`, from the first on."""

    most: int
    within: dt.timedelta


TURNS = {
    "report": Allowed(20, dt.timedelta(hours=1)),
    "photo": Allowed(30, dt.timedelta(hours=1)),
    "word": Allowed(40, dt.timedelta(hours=1)),
    "wrong": Allowed(20, dt.timedelta(minutes=15)),
    "look": Allowed(100, dt.timedelta(hours=1)),
}
"""Reports, photos, further words (messages, ratings, requests), wrong receipts or secrets, looks at what is known nearby.

Behind a proxy the setting TRUST_PROXY must be right: else all residents come from one address.
"""

ALL_WITHIN = dt.timedelta(hours=1)
"""Within this the reports of all addresses together are counted; how many may come says the setting RESIDENT_REPORTS_HOUR."""
ALL = hashlib.sha256(b"reports of all addresses").digest()
"""The key under which they are."""

FORGOTTEN_AFTER = dt.timedelta(days=1)
"""Addresses, even hashed, are kept no longer."""


def key_of(kind: str, address: str, *, secret_key: str) -> bytes:
    """Under which key turns of this address are counted; an IPv6 household is its /56. Keyed, so that nobody finds the address again."""
    try:
        known = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        text = address
    else:
        if isinstance(known, ipaddress.IPv6Address):
            known = known.ipv4_mapped or known  # as a socket for both writes an address of version 4
        text = str(ipaddress.ip_network((known, 56), strict=False)) if known.version == 6 else str(known)
    return hmac.digest(secret_key.encode(), f"turn {kind} {text}".encode("utf-8", "surrogatepass"), hashlib.sha256)


def check_turn(kind: str, began_at: dt.datetime | None, count: int, now: dt.datetime) -> bool:
    """Whether a new count begins with this turn (the last is over). Raises TooManyTurns where this one would be too many."""
    return _check(TURNS[kind], TooManyTurns, began_at, count, now)


def check_all(most: int, began_at: dt.datetime | None, count: int, now: dt.datetime) -> bool:
    """The same for the reports of all addresses, of which `most` are taken. Raises DoorCrowded."""
    return _check(Allowed(most, ALL_WITHIN), DoorCrowded, began_at, count, now)


def _check(allowed: Allowed, refusal: type[Problem], began_at: dt.datetime | None, count: int, now: dt.datetime) -> bool:
    if began_at is None or now - began_at >= allowed.within:
        return True
    if count >= allowed.most:
        seconds = max(1, -(-(began_at + allowed.within - now) // dt.timedelta(seconds=1)))
        raise refusal(f"more than {allowed.most} in {allowed.within}", headers={"Retry-After": str(seconds)}, retry_after=seconds)
    return False
