"""Rows of tasks: who is to look at a finding on site."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.database.base import Base


class VerificationTask(Base):
    """Somebody's look on site that is needed: before filing at the finding, before closing at one report.

    `state` is open, done, cancelled, reassigned or declined, and follows from `moved`, the looks and the finding's state (`rules.tasks`).
    `assigned_to` is null while nobody is there to take it; `why` says by what it was given to that person. `follows` is the task in whose
    place it came. `moved` (reassigned, declined) says that it went from its assignee, at the corrected time `moved_at`, for the `reason`:
    what was looked at before is still that person's work. `look` is the verification that did it.
    """

    __tablename__ = "verification_task"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    finding: Mapped[UUID] = mapped_column(sa.ForeignKey("finding.id"))
    phase: Mapped[str]
    report: Mapped[UUID | None] = mapped_column(sa.ForeignKey("report.id"))
    state: Mapped[str]
    assigned_to: Mapped[UUID | None]
    assigned_at: Mapped[dt.datetime | None]
    assigned_by: Mapped[UUID | None]
    why: Mapped[str]
    due: Mapped[dt.datetime | None]
    made_at: Mapped[dt.datetime]
    follows: Mapped[UUID | None]
    moved: Mapped[str | None]
    moved_at: Mapped[dt.datetime | None]
    moved_by: Mapped[UUID | None]
    reason: Mapped[str | None]
    look: Mapped[UUID | None]
    __table_args__ = (
        sa.Index(None, "finding", "made_at"),
        # What somebody has to look at (null: nobody), what is due first before.
        sa.Index(
            "ix_verification_task_open",
            "assigned_to",
            "due",
            "id",
            postgresql_where=sa.text("state = 'open'"),
            sqlite_where=sa.text("state = 'open'"),
        ),
        # All that are open, page by page.
        sa.Index(
            "ix_verification_task_open_all",
            "id",
            postgresql_where=sa.text("state = 'open'"),
            sqlite_where=sa.text("state = 'open'"),
        ),
    )


OPEN = VerificationTask.state == sa.literal_column("'open'", sa.Text())
"""The condition of the index of open tasks, in its own words: a bound value would not be recognised as it."""
