"""What people chose."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.domains.notifications.model import NotificationPreference
from backend.domains.notifications.rules.preferences import LANGUAGES, Preferences, clock_of


def find_preference(session: Session, person: UUID) -> NotificationPreference | None:
    """The person's row; None for who chose nothing so far."""
    return session.get(NotificationPreference, person)


def preferences_of(session: Session, people: Collection[UUID]) -> dict[UUID, Preferences]:
    """What each of these people chose; those who chose nothing are absent."""
    rows = session.scalars(sa.select(NotificationPreference).where(NotificationPreference.person.in_(people)))
    return {row.person: chosen(row) for row in rows}


def chosen(row: NotificationPreference) -> Preferences:
    """The row as a value."""
    return Preferences(
        channels=row.channels,
        quiet_from=row.quiet_from,
        quiet_until=row.quiet_until,
        digest_at=row.digest_at,
        reachable=row.email is not None and row.email_confirmed_at is not None,
    )


def preference_doc(row: NotificationPreference | None) -> dict[str, Any]:
    """What the person is shown; the defaults for who chose nothing."""
    held = Preferences() if row is None else chosen(row)
    quiet = held.quiet_from is not None and held.quiet_until is not None
    return {
        "language": LANGUAGES[0] if row is None else row.language,
        "channels": dict(held.channels),
        "quiet": {"since": clock_of(held.quiet_from), "until": clock_of(held.quiet_until)} if quiet else None,
        "digest_at": clock_of(held.digest_at),
        "email": None if row is None else row.email,
        "email_confirmed_at": None if row is None else row.email_confirmed_at,
    }
