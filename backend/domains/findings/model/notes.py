"""Rows of what is written beside a finding: notes and proposals."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.database.base import Base


class Note(Base):
    """Text added to a finding; never changed."""

    __tablename__ = "finding_note"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    finding: Mapped[UUID] = mapped_column(sa.ForeignKey("finding.id"), index=True)
    text: Mapped[str]
    written_by: Mapped[UUID]
    written_at: Mapped[dt.datetime]


class Proposal(Base):
    """A change that was valid but not put into effect: kept on the finding until somebody decides.

    `resolved_at`: somebody decided then; `choice` is keep, take or merge.
    """

    __tablename__ = "finding_proposal"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    finding: Mapped[UUID] = mapped_column(sa.ForeignKey("finding.id"), index=True)
    field: Mapped[str]
    seen: Mapped[Any] = mapped_column(sa.JSON())
    value: Mapped[Any] = mapped_column(sa.JSON())
    proposed_by: Mapped[UUID]
    proposed_at: Mapped[dt.datetime]
    op: Mapped[UUID | None]
    resolved_at: Mapped[dt.datetime | None]
    resolved_by: Mapped[UUID | None]
    choice: Mapped[str | None]
