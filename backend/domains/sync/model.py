"""Rows of sync: pushes, kept lines, outcomes, what waits, and how far each replica is."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.database.base import Base


class Push(Base):
    """One body that arrived, with what its header said. `received_at` is when the request's head arrived."""

    __tablename__ = "push"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    replica: Mapped[UUID] = mapped_column(index=True)
    received_at: Mapped[dt.datetime]
    header: Mapped[dict[str, Any]]
    lines: Mapped[int]
    broken: Mapped[bool]


class KeptLine(Base):
    """One line as it arrived: exact bytes and their SHA-256. Append-only.

    `lane` is `main` for the replica's own sequence; otherwise why it stands beside: malformed, too_large, op_reuse, fork, seq_range. Of a
    line over 64 KiB `raw` is the first 64 KiB. `again`: another replica of the same person sent the operation first, before a fork.
    """

    __tablename__ = "kept_line"
    push: Mapped[UUID] = mapped_column(sa.ForeignKey("push.id"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    replica: Mapped[UUID]
    lane: Mapped[str]
    seq: Mapped[int | None]
    op: Mapped[UUID | None]
    again: Mapped[bool]
    sha256: Mapped[bytes]
    raw: Mapped[bytes]
    __table_args__ = (
        sa.Index(
            "uq_kept_line_main",
            "replica",
            "seq",
            unique=True,
            postgresql_where=sa.text("lane = 'main'"),
            sqlite_where=sa.text("lane = 'main'"),
        ),
        sa.Index(None, "op"),
        sa.Index("ix_kept_line_again", "replica", postgresql_where=sa.text("again"), sqlite_where=sa.text("again")),
        sa.Index(
            "ix_kept_line_beside",
            "replica",
            "sha256",
            postgresql_where=sa.text("lane <> 'main'"),
            sqlite_where=sa.text("lane <> 'main'"),
        ),
    )


class Outcome(Base):
    """What became of an operation. Changes until it is final; `changed_seq` is the journal's number of the last change."""

    __tablename__ = "outcome"
    op: Mapped[UUID] = mapped_column(primary_key=True)
    replica: Mapped[UUID]
    person: Mapped[UUID]
    seq: Mapped[int]
    verb: Mapped[str]
    status: Mapped[str]
    code: Mapped[str | None]
    problem: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    entity_type: Mapped[str | None]
    entity: Mapped[UUID | None]
    version: Mapped[int | None]
    at_seq: Mapped[int | None]
    changed_seq: Mapped[int]
    at_corrected: Mapped[dt.datetime]
    time_quality: Mapped[str]
    effects: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    kept_at: Mapped[dt.datetime]
    judged_at: Mapped[dt.datetime]
    __table_args__ = (
        sa.Index(None, "replica", "changed_seq"),
        sa.Index(
            "ix_outcome_open",
            "replica",
            "entity",
            postgresql_where=sa.text("status IN ('deferred', 'received')"),
            sqlite_where=sa.text("status IN ('deferred', 'received')"),
        ),
    )


class Waiting(Base):
    """A deferred operation and what it waits for.

    `op:<id>` or `settled:<id>` judged, `finding:<id>` or `patrol:<id>` there or in a new version, `operation:<type>:<version>` known.
    """

    __tablename__ = "waiting"
    awaits: Mapped[str] = mapped_column(primary_key=True)
    op: Mapped[UUID] = mapped_column(primary_key=True, index=True)


class Progress(Base):
    """How far a replica is: all of 1..acked_through kept or explained, their chain hash, and what the phone last said of itself."""

    __tablename__ = "progress"
    replica: Mapped[UUID] = mapped_column(primary_key=True)
    acked_through: Mapped[int]
    unjudged: Mapped[int]
    """Operations kept but not judged yet; above zero for long, the worker judges them."""
    highest: Mapped[int]
    chain: Mapped[bytes]
    last_push_at: Mapped[dt.datetime | None]
    outbox_depth: Mapped[int | None]
    clock_offset_ms: Mapped[int | None]
    last_corrected_seq: Mapped[int]
    last_corrected_at: Mapped[dt.datetime | None]
    chain_differs_at: Mapped[dt.datetime | None]


class VoidedSeq(Base):
    """A hole the phone explained: this seq will never come."""

    __tablename__ = "voided_seq"
    replica: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    reason: Mapped[str]
