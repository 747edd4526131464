"""Rows of residents' reports. Personal data are the columns `name`, `phone`, `original`, and the texts of messages and ratings."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.database.base import Base


class ResidentReport(Base):
    """What somebody without an account reported. `text` is `original` without personal numbers, and is what the finding says.

    `state` is open, taken_up, dismissed or withdrawn; `todo` what the desk owes it: take_up, reply, or nothing. `ended_at`: since when
    neither it nor its finding is worked on; null again when it is reopened. `contact_erased_at`: since when name, phone and original are
    gone, by the resident's wish or by time; `erased_at`: since when by time all personal data are.
    `key_hash`: of the key the client made, `content_hash`: of what was sent with it, so that a repeat is known as one.
    """

    __tablename__ = "resident_report"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    receipt: Mapped[str] = mapped_column(unique=True)
    secret_hash: Mapped[bytes]
    key_hash: Mapped[bytes] = mapped_column(unique=True)
    content_hash: Mapped[bytes]
    channel: Mapped[str]
    state: Mapped[str]
    outcome: Mapped[str | None]
    todo: Mapped[str | None]
    finding: Mapped[UUID | None]
    text: Mapped[str]
    original: Mapped[str | None]
    address: Mapped[str | None]
    place: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    kind: Mapped[str | None]
    code: Mapped[str | None]
    name: Mapped[str | None]
    phone: Mapped[str | None]
    consent_at: Mapped[dt.datetime | None]
    district: Mapped[str]
    town: Mapped[str | None]
    community: Mapped[str | None]
    received_at: Mapped[dt.datetime]
    taken_by: Mapped[UUID | None]
    ended_at: Mapped[dt.datetime | None]
    contact_erased_at: Mapped[dt.datetime | None]
    erased_at: Mapped[dt.datetime | None]
    rating: Mapped[int | None] = mapped_column(sa.SmallInteger())
    rating_note: Mapped[str | None]
    rated_at: Mapped[dt.datetime | None]
    __table_args__ = (
        sa.CheckConstraint("state IN ('open', 'taken_up', 'dismissed', 'withdrawn')", name="state"),
        sa.CheckConstraint("todo IN ('take_up', 'reply')", name="todo"),
        sa.CheckConstraint("rating BETWEEN 1 AND 5", name="rating"),
        sa.Index(None, "finding"),
        sa.Index(None, "district", "received_at", "id"),
        sa.Index(None, "town", "received_at", "id"),
        sa.Index(None, "community", "received_at", "id"),
        # What the desk owes, the oldest first.
        sa.Index(
            "ix_resident_report_todo",
            "todo",
            "received_at",
            "id",
            postgresql_where=sa.text("todo IS NOT NULL"),
            sqlite_where=sa.text("todo IS NOT NULL"),
        ),
        # What is to be erased, the longest ended first.
        sa.Index(
            "ix_resident_report_kept",
            "ended_at",
            "id",
            postgresql_where=sa.text("erased_at IS NULL AND ended_at IS NOT NULL"),
            sqlite_where=sa.text("erased_at IS NULL AND ended_at IS NOT NULL"),
        ),
    )


class ResidentPhoto(Base):
    """A picture that came with a report. Declared under the same id on the finding, once there is one."""

    __tablename__ = "resident_photo"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    report: Mapped[UUID] = mapped_column(sa.ForeignKey("resident_report.id"))
    sha256: Mapped[str]
    size: Mapped[int]
    mime: Mapped[str]
    received_at: Mapped[dt.datetime]
    __table_args__ = (sa.UniqueConstraint("report", "sha256"),)


class ResidentMessage(Base):
    """A word of the desk to the resident, or of the resident to the desk. `text` is null once it was erased."""

    __tablename__ = "resident_message"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    report: Mapped[UUID] = mapped_column(sa.ForeignKey("resident_report.id"), index=True)
    author: Mapped[str]
    text: Mapped[str | None]
    written_by: Mapped[UUID | None]
    written_at: Mapped[dt.datetime]
    __table_args__ = (sa.CheckConstraint("author IN ('desk', 'resident')", name="author"),)


class ContactView(Base):
    """Somebody read the name and phone number of a report, and why. Never changed."""

    __tablename__ = "contact_view"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    report: Mapped[UUID] = mapped_column(sa.ForeignKey("resident_report.id"), index=True)
    viewed_by: Mapped[UUID]
    viewed_at: Mapped[dt.datetime]
    reason: Mapped[str]
    note: Mapped[str | None]
    __table_args__ = (sa.Index(None, "viewed_at", "id"), sa.Index(None, "viewed_by", "viewed_at", "id"))


class ReopeningRequest(Base):
    """Somebody says that a closed finding is not mended: a resident by `report`, else one of the staff (`asked_by`).

    `state` is pending, granted, refused or lapsed (it was opened again without a decision on this).
    """

    __tablename__ = "reopening_request"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    finding: Mapped[UUID]
    report: Mapped[UUID | None] = mapped_column(sa.ForeignKey("resident_report.id"), index=True)
    asked_by: Mapped[UUID | None]
    asked_at: Mapped[dt.datetime]
    reason: Mapped[str]
    state: Mapped[str]
    district: Mapped[str]
    town: Mapped[str | None]
    community: Mapped[str | None]
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[dt.datetime | None]
    decided_reason: Mapped[str | None]
    __table_args__ = (
        sa.CheckConstraint("state IN ('pending', 'granted', 'refused', 'lapsed')", name="state"),
        sa.Index(None, "state", "asked_at", "id"),
        sa.Index(None, "finding"),
        sa.Index(
            "uq_reopening_request_pending",
            "finding",
            unique=True,
            postgresql_where=sa.text("state = 'pending'"),
            sqlite_where=sa.text("state = 'pending'"),
        ),
    )


class PublicTurn(Base):
    """How often the public door opened for one address (its keyed hash), or for all (`rules.turns.ALL`), since `began_at`."""

    __tablename__ = "public_turn"
    key: Mapped[bytes] = mapped_column(primary_key=True)
    began_at: Mapped[dt.datetime] = mapped_column(index=True)
    count: Mapped[int]
