"""Tables of evidence: blobs, deliveries, uploads, photos."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.database.base import Base


class Blob(Base):
    """Bytes that are in the store under their SHA-256, checked by size, hash and picture header. `width` and `height` as encoded."""

    __tablename__ = "blob"
    sha256: Mapped[str] = mapped_column(primary_key=True)
    size: Mapped[int]
    mime: Mapped[str]
    width: Mapped[int]
    height: Mapped[int]
    stored_at: Mapped[dt.datetime]
    state: Mapped[str]
    """stored, usable or unreadable"""
    attempts: Mapped[int] = mapped_column(default=0)
    """How often an examination was begun: counted before the decode, so that a file that kills the examiner is given up."""
    due_at: Mapped[dt.datetime | None]
    """When the next examination may begin; None once it is settled."""
    examined_at: Mapped[dt.datetime | None]
    examiner: Mapped[str | None]
    fault: Mapped[str | None]
    """Why it is unreadable: a slug, a colon and the decoder's words."""
    exif: Mapped[dict[str, Any] | None]
    __table_args__ = (
        sa.CheckConstraint("state IN ('stored', 'usable', 'unreadable')", name="state"),
        sa.Index(None, "due_at", postgresql_where=sa.text("due_at IS NOT NULL"), sqlite_where=sa.text("due_at IS NOT NULL")),
    )


class Delivery(Base):
    """This person brought all the bytes of this blob. One row a person and blob; the key is both, so that a run can prefetch it."""

    __tablename__ = "delivery"
    key: Mapped[str] = mapped_column(primary_key=True)
    person: Mapped[UUID]
    sha256: Mapped[str] = mapped_column(sa.ForeignKey("blob.sha256"))
    size: Mapped[int]
    delivered_at: Mapped[dt.datetime]
    replica: Mapped[UUID | None]
    declared: Mapped[bool] = mapped_column(default=False)
    """Whether a photo of this person names it. What nobody declared counts against the person's quota."""
    __table_args__ = (
        sa.Index(None, "sha256"),
        sa.Index(
            "ix_delivery_undeclared",
            "person",
            "size",
            postgresql_where=sa.text("NOT declared"),
            sqlite_where=sa.text("NOT declared"),
        ),
    )


class Upload(Base):
    """A tus upload of which something came, but not all: `received` of `size` bytes are safely in the spool file `part`.

    One that was only created has no row (its URL holds what it claims), and one that is finished has a delivery instead. `terminated_at`
    marks one that was given up, until it is created again or expires.
    """

    __tablename__ = "upload"
    id: Mapped[str] = mapped_column(primary_key=True)
    person: Mapped[UUID]
    replica: Mapped[UUID | None]
    sha256: Mapped[str]
    size: Mapped[int]
    received: Mapped[int]
    part: Mapped[str | None]
    began_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    terminated_at: Mapped[dt.datetime | None]
    __table_args__ = (sa.Index(None, "expires_at"), sa.Index(None, "person", "sha256", "size"))


class Photo(Base):
    """A declaration: this person says that this blob shows this subject. Marked, never deleted."""

    __tablename__ = "photo"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    subject_type: Mapped[str]
    subject: Mapped[UUID]
    sha256: Mapped[str]
    size: Mapped[int]
    mime: Mapped[str]
    role: Mapped[str]
    taken_at: Mapped[dt.datetime | None]
    declared_by: Mapped[UUID]
    declared_at: Mapped[dt.datetime]
    replica: Mapped[UUID | None]
    state: Mapped[str]
    """What became of the bytes: declared, stored, usable or unreadable."""
    stored_at: Mapped[dt.datetime | None]
    settled_at: Mapped[dt.datetime | None]
    waived_at: Mapped[dt.datetime | None]
    waived_by: Mapped[UUID | None]
    waived_reason: Mapped[str | None]
    retracted_at: Mapped[dt.datetime | None]
    retracted_by: Mapped[UUID | None]
    retracted_reason: Mapped[str | None]
    __table_args__ = (
        sa.CheckConstraint("state IN ('declared', 'stored', 'usable', 'unreadable')", name="state"),
        sa.Index(None, "subject"),
        sa.Index(None, "sha256", "declared_by"),
        # The open promises: declared photos whose bytes have not come, oldest first.
        sa.Index(
            "ix_photo_open",
            "declared_at",
            postgresql_where=sa.text("state = 'declared'"),
            sqlite_where=sa.text("state = 'declared'"),
        ),
    )
