"""What is sent, when sending is tried again, and when it is given up."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from backend.domains.notifications.rules.kinds import Words

PAUSES = tuple(
    dt.timedelta(**pause)
    for pause in (
        {"minutes": 1},
        {"minutes": 5},
        {"minutes": 30},
        {"hours": 2},
        {"hours": 5},
        {"hours": 10},
        {"hours": 14},
        {"hours": 20},
        {"hours": 24},
    )
)
"""After the first failed attempt, the second, …: as Standard Webhooks advises, about three days in all."""
MOST_ATTEMPTS = len(PAUSES) + 1
DIGEST_LINES = 200
"""Messages of one daily mail; what is more waits for the next."""
KEPT_MESSAGES = dt.timedelta(days=365)
KEPT_DELIVERIES = dt.timedelta(days=30)
FAULT_LENGTH = 300


@dataclass(frozen=True, slots=True)
class Parcel:
    """All that is needed to send a delivery. `address` is an e-mail address or a URL, `secrets` name what a webhook signs with.

    `lines`: what it says, to be read in one language; `document`: the same for machines. `token`: of a confirmation.
    """

    delivery: UUID
    channel: str
    what: str
    at: dt.datetime
    address: str
    language: str = "zh"
    lines: tuple[Words, ...] = ()
    document: dict[str, Any] = field(default_factory=dict)
    secrets: tuple[UUID, ...] = ()
    token: UUID | None = None


@dataclass(frozen=True, slots=True)
class Nobody:
    """There is nobody to send it to any more."""

    why: str


@dataclass(frozen=True, slots=True)
class Fault:
    """Why it could not be sent. `lasting`: trying again would not help; `down`: the channel as a whole does not work just now."""

    text: str
    lasting: bool = False
    down: bool = False


def pause(attempts: int) -> dt.timedelta:
    """How long after this many attempts the next one comes, also where nobody knows what became of the last."""
    return PAUSES[min(max(attempts, 1), len(PAUSES)) - 1]
