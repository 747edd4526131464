"""Rows of the many hands on a finding: who of a company works on a dispatch, who is pressed for it, which squad it was handed over to."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.database.base import Base


class Assignment(Base):
    """A manager gives a dispatch to a worker of the own company (None: to nobody); never changed, the latest by (`assigned_at`, id) holds.

    `hand_back_by` says whose word stops the clock from then on: worker (a report does) or manager (a worker's report waits for one).
    `assigned_by` None: its worker left the company, and nobody has it.
    """

    __tablename__ = "dispatch_assignment"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    finding: Mapped[UUID] = mapped_column(sa.ForeignKey("finding.id"), index=True)
    dispatch: Mapped[UUID] = mapped_column(sa.ForeignKey("dispatch.id"), index=True)
    worker: Mapped[UUID | None]
    hand_back_by: Mapped[str]
    assigned_by: Mapped[UUID | None]
    assigned_at: Mapped[dt.datetime]
    received_at: Mapped[dt.datetime]
    time_quality: Mapped[str]
    op: Mapped[UUID | None]


class Supervision(Base):
    """A leader presses for a finding (督办): a demand, and a reply due. `unit` None: the desk is to reply.

    `state` is open, replied or ended; `result` of an ended one is settled, insufficient or withdrawn. That a reply is late follows from
    `reply_due` and `replied_at`, and is stored nowhere; `late_told_at`: it was told that it is missing.
    """

    __tablename__ = "supervision"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    finding: Mapped[UUID] = mapped_column(sa.ForeignKey("finding.id"), index=True)
    kind: Mapped[str]
    demand: Mapped[str]
    unit: Mapped[UUID | None] = mapped_column(index=True)
    unit_kind: Mapped[str | None]
    state: Mapped[str]
    reply_due: Mapped[dt.datetime]
    asked_by: Mapped[UUID]
    asked_at: Mapped[dt.datetime]
    reply: Mapped[str | None]
    replied_by: Mapped[UUID | None]
    replied_at: Mapped[dt.datetime | None]
    result: Mapped[str | None]
    ended_by: Mapped[UUID | None]
    ended_at: Mapped[dt.datetime | None]
    ended_reason: Mapped[str | None]
    late_told_at: Mapped[dt.datetime | None]
    __table_args__ = (sa.Index(None, "state", "reply_due", "id"), sa.Index(None, "asked_by", "state"))


class HandOver(Base):
    """A finding handed over to an enforcement unit as a clue, with its legal basis; its work goes on beside it.

    `state` is sent, received (with the unit's `receipt`), refused (with `reason`) or concluded (with `outcome`).
    """

    __tablename__ = "enforcement_hand_over"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    finding: Mapped[UUID] = mapped_column(sa.ForeignKey("finding.id"), index=True)
    unit: Mapped[UUID] = mapped_column(index=True)
    unit_kind: Mapped[str]
    legal_basis: Mapped[str]
    facts: Mapped[str]
    state: Mapped[str]
    sent_by: Mapped[UUID]
    sent_at: Mapped[dt.datetime]
    receipt: Mapped[str | None]
    received_by: Mapped[UUID | None]
    received_at: Mapped[dt.datetime | None]
    refused_by: Mapped[UUID | None]
    refused_at: Mapped[dt.datetime | None]
    reason: Mapped[str | None]
    outcome: Mapped[str | None]
    concluded_by: Mapped[UUID | None]
    concluded_at: Mapped[dt.datetime | None]
    __table_args__ = (sa.Index(None, "unit", "state", "sent_at"),)
