"""Rows of sync: pushes, kept lines, outcomes, what waits, what the desk decided, incidents, and how far each replica is."""

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
    Lane `desk`: an operation that a shift leader made of a line beside; it has an op of its own and stands outside the sequence.
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


LISTED = (
    "settled_at IS NULL AND (status IN ('rejected', 'conflict', 'deferred', 'received') OR code IN ('time_uncertain', 'late_evidence'))"
)
"""What may stand before the desk. Queries repeat these very words: SQLite takes the partial index for no others."""


class Outcome(Base):
    """What became of an operation. Changes until it is final; `changed_seq` is the journal's number of the last change.

    `earliest_at` and `kept_at` are the ends of the time within which one of an estimated time was done; None where it is known better.
    `settled_at`: somebody took it off the list of exceptions; a later change of the outcome lists it again.
    """

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
    earliest_at: Mapped[dt.datetime | None]
    settled_at: Mapped[dt.datetime | None]
    settled_by: Mapped[UUID | None]
    __table_args__ = (
        sa.Index(None, "replica", "changed_seq"),
        sa.Index("ix_outcome_listed", "kept_at", "op", postgresql_where=sa.text(LISTED), sqlite_where=sa.text(LISTED)),
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
    tries: Mapped[int] = mapped_column(default=0, server_default="0")
    """How often it was judged again for nothing, with what it waits for seemingly there."""
    not_before: Mapped[dt.datetime | None]
    """When the next such look is due; a change of what it waits for wakes it all the same."""


class Decision(Base):
    """What somebody at the desk decided about something that sync could not settle by itself. Append-only.

    `about` and `subject` name the exception: op, photo, incident and its id, or with `number` the line of a push and the first seq of a
    replica's hole. `kind`: redriven, repaired, dismissed, resolved. `data` is the repaired line, or how a conflict was settled. The
    newest decision with `op` whose kind is redriven or repaired is the one the operation is judged by: by its `data`, if any, in place of
    the raw line, at `happened_at`, and with its author's standing vouched for. `made`: the operation that was made of a line beside.
    """

    __tablename__ = "sync_decision"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    about: Mapped[str]
    subject: Mapped[UUID]
    number: Mapped[int]
    op: Mapped[UUID | None]
    kind: Mapped[str]
    by: Mapped[UUID | None]
    at: Mapped[dt.datetime]
    reason: Mapped[str]
    data: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    vouched: Mapped[bool]
    happened_at: Mapped[dt.datetime | None]
    made: Mapped[UUID | None]
    __table_args__ = (sa.Index(None, "subject", "number"), sa.Index(None, "op", "at"), sa.Index(None, "made"))


class Incident(Base):
    """Something that must not be: a person looks at it and closes it.

    `kind`: digest_mismatch, chain_differs, ahead_of_server, and what else the verification finds. `facts` are ids and numbers.
    """

    __tablename__ = "sync_incident"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[dt.datetime]
    replica: Mapped[UUID | None] = mapped_column(index=True)
    kind: Mapped[str]
    facts: Mapped[dict[str, Any]]
    closed_at: Mapped[dt.datetime | None]
    closed_by: Mapped[UUID | None]
    note: Mapped[str | None]
    __table_args__ = (
        sa.Index(
            "ix_sync_incident_open",
            "at",
            "id",
            postgresql_where=sa.text("closed_at IS NULL"),
            sqlite_where=sa.text("closed_at IS NULL"),
        ),
    )


class Progress(Base):
    """How far a replica is: all of 1..acked_through kept or explained, their chain hash, and what the phone last said of itself.

    `ahead_through`, `ahead_at`: the phone was once acknowledged further than this server is (a restore that nobody declared); what it
    pushes stays received, `awaiting_confirmation`, until an administrator confirms. `ahead_through` without `ahead_at`: somebody looked,
    there was no restore, and what this phone says of itself is not believed until it agrees with this server again.
    """

    __tablename__ = "progress"
    replica: Mapped[UUID] = mapped_column(primary_key=True)
    acked_through: Mapped[int]
    unjudged: Mapped[int]
    """Operations kept but not judged yet; above zero for long, the worker judges them."""
    highest: Mapped[int]
    chain: Mapped[bytes]
    last_push_at: Mapped[dt.datetime | None]
    outbox_depth: Mapped[int | None]
    """What the phone still held after its last push, by its own word."""
    clock_offset_ms: Mapped[int | None]
    last_corrected_seq: Mapped[int]
    last_corrected_at: Mapped[dt.datetime | None]
    chain_differs_at: Mapped[dt.datetime | None]
    last_pull_at: Mapped[dt.datetime | None]
    ahead_through: Mapped[int | None]
    ahead_at: Mapped[dt.datetime | None]
    checked_through: Mapped[int | None]
    checked_chain: Mapped[bytes | None]
    """Where acked_through and chain stood before they last moved: a phone that missed one answer compares these."""


class VoidedSeq(Base):
    """A hole the phone explained: this seq will never come.

    `passed`: it was acknowledged as void. Should its line come all the same, later, that is kept and judged, and stays out of the chain.
    """

    __tablename__ = "voided_seq"
    replica: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    reason: Mapped[str]
    passed: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
