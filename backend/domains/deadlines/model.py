"""The tables of the working calendar and of the deadlines."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.database.base import Base, Small


class CalendarYear(Base):
    """A year that somebody has confirmed. `version` is that of the whole calendar when anything of this year last changed."""

    __tablename__ = "calendar_year"
    year: Mapped[int] = mapped_column(Small, primary_key=True, autoincrement=False)
    version: Mapped[int]
    imported_at: Mapped[dt.datetime]
    imported_by: Mapped[UUID | None]


class CalendarDay(Base):
    """A day that departs from Monday to Friday: off, or a make-up working day."""

    __tablename__ = "day_override"
    day: Mapped[dt.date] = mapped_column(primary_key=True)
    working: Mapped[bool]
    note_zh: Mapped[str]
    note_en: Mapped[str]


class WorkingSchedule(Base):
    """Working hours from the day `valid_from` until the day before `valid_until` (None: until further notice).

    `spans` are pairs of wall times, `[["08:00", "12:00"], …]`. `version` is that of the whole calendar when it was stated.
    """

    __tablename__ = "working_schedule"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    valid_from: Mapped[dt.date]
    valid_until: Mapped[dt.date | None]
    spans: Mapped[list[Any]]
    version: Mapped[int]


class Deadline(Base):
    """A limit that runs for something of another domain, and what `rules.clock` made of it with that version of the calendar.

    `due` is null and `awaiting_year` set where the calendar does not reach; `state` is that of `rules.clock.Outcome`.
    """

    __tablename__ = "deadline"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    subject_type: Mapped[str]
    subject: Mapped[UUID]
    limit_value: Mapped[int]
    limit_unit: Mapped[str]
    started_at: Mapped[dt.datetime]
    calendar_version: Mapped[int]
    due: Mapped[dt.datetime | None]
    yellow_from: Mapped[dt.datetime | None]
    awaiting_year: Mapped[int | None]
    state: Mapped[str]
    __table_args__ = (
        sa.Index(None, "subject_type", "subject"),
        # What a change of the calendar may still move.
        sa.Index(
            None,
            "calendar_version",
            "id",
            postgresql_where=sa.text("state <> 'stopped' OR awaiting_year IS NOT NULL"),
            sqlite_where=sa.text("state <> 'stopped' OR awaiting_year IS NOT NULL"),
        ),
    )


class DeadlineEvent(Base):
    """What happened to a clock after its start, numbered from 1 in that order. `by_value` and `by_unit` are an amount of time."""

    __tablename__ = "deadline_event"
    deadline: Mapped[UUID] = mapped_column(sa.ForeignKey("deadline.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str]
    at: Mapped[dt.datetime]
    until: Mapped[dt.datetime | None]
    by_value: Mapped[int | None]
    by_unit: Mapped[str | None]
    reason: Mapped[str]
    __table_args__ = (sa.CheckConstraint("(by_value IS NULL) = (by_unit IS NULL)", name="amount_whole"),)
