"""Rows of consents: who agreed to a move that a policy lets nobody make alone, or objected to it."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.database.base import Base


class Consent(Base):
    """What somebody of the `role` that the policy of version `policy` names said to a move. Never changed; the latest counts.

    `request` is what the move decides on (an extension, a return, a suspension); without one the consent is to the move from the state
    the finding was in then (`state_version`). `result` is agreed or objected.
    """

    __tablename__ = "finding_consent"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    finding: Mapped[UUID] = mapped_column(sa.ForeignKey("finding.id"), index=True)
    verb: Mapped[str]
    request: Mapped[UUID | None]
    state_version: Mapped[int]
    role: Mapped[str]
    result: Mapped[str]
    reason: Mapped[str | None]
    given_by: Mapped[UUID]
    given_at: Mapped[dt.datetime]
    policy: Mapped[int]
