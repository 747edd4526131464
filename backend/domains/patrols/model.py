"""Rows of patrols and their tracks, and of the rosters: responsibility grids, shifts, absences."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.database.base import Base


class Patrol(Base):
    """A shift of one inspector. Times are corrected times of the phone that walked it; `added_at` is that of its last track.

    `planned` is the shift it follows; `unplanned`: that one was cancelled, or another's, when the patrol was opened.
    """

    __tablename__ = "patrol"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    inspector: Mapped[UUID]
    replica: Mapped[UUID | None]
    state: Mapped[str]
    planned: Mapped[UUID | None]
    opened_at: Mapped[dt.datetime]
    closed_at: Mapped[dt.datetime | None]
    visited: Mapped[list[str]]
    points: Mapped[int]
    metres: Mapped[float]
    late: Mapped[bool]
    added_at: Mapped[dt.datetime | None]
    overlapping: Mapped[bool]
    unplanned: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    __table_args__ = (sa.Index(None, "inspector", "state"), sa.Index(None, "inspector", "closed_at"))


class TrackChunk(Base):
    """Up to 500 points of a track: as received, and in WGS-84."""

    __tablename__ = "track_chunk"
    patrol: Mapped[UUID] = mapped_column(sa.ForeignKey("patrol.id"), primary_key=True)
    chunk: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    datum: Mapped[str]
    points: Mapped[list[Any]]
    wgs84: Mapped[list[Any]]
    metres: Mapped[float]


class ResponsibilityGrid(Base):
    """A set of unit grids that one inspector patrols at a time (责任网格): its name and code; what it is made of are its `Terms`."""

    __tablename__ = "responsibility_grid"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    name_en: Mapped[str | None]
    area: Mapped[str]
    version: Mapped[int]
    __table_args__ = (sa.Index(None, "area", "code"),)


class Terms(Base):
    """What a responsibility grid is from the day `valid_from` until the day before `valid_until` (None: without end).

    `grids` are codes of unit grids, sorted. `grid_class` is key or general; it is to be patrolled `visits` times in `per_days` days.
    Somebody is to be on duty there on the `weekdays` (1 Monday … 7 Sunday) from `duty_from` until `duty_until`, local times `HH:MM`; an end
    that is not after the beginning is that of the next day.
    """

    __tablename__ = "responsibility_terms"
    responsibility_grid: Mapped[UUID] = mapped_column(sa.ForeignKey("responsibility_grid.id"), primary_key=True)
    valid_from: Mapped[dt.date] = mapped_column(primary_key=True)
    valid_until: Mapped[dt.date | None]
    grid_class: Mapped[str]
    visits: Mapped[int]
    per_days: Mapped[int]
    weekdays: Mapped[list[Any]]
    duty_from: Mapped[str]
    duty_until: Mapped[str]
    grids: Mapped[list[str]]


class Shift(Base):
    """Somebody's duty in a responsibility grid from `since` (included) until `until` (excluded). Cancelled, never deleted."""

    __tablename__ = "shift"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    person: Mapped[UUID]
    responsibility_grid: Mapped[UUID] = mapped_column(sa.ForeignKey("responsibility_grid.id"))
    since: Mapped[dt.datetime]
    until: Mapped[dt.datetime]
    planned_at: Mapped[dt.datetime]
    planned_by: Mapped[UUID | None]
    cancelled_at: Mapped[dt.datetime | None]
    cancelled_by: Mapped[UUID | None]
    __table_args__ = (
        sa.CheckConstraint("until > since", name="order"),
        sa.Index(None, "since", "id"),
        sa.Index(None, "person", "since"),
        sa.Index(None, "responsibility_grid", "since"),
    )


class Absence(Base):
    """Somebody is not there from `since` until `until`, and `covered_by` does their shifts meanwhile (None: nobody does).

    `kind` is sick, leave, training or other: personal, so the journal does not have it.
    """

    __tablename__ = "absence"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    person: Mapped[UUID]
    since: Mapped[dt.datetime]
    until: Mapped[dt.datetime]
    kind: Mapped[str]
    covered_by: Mapped[UUID | None]
    noted_at: Mapped[dt.datetime]
    noted_by: Mapped[UUID | None]
    __table_args__ = (
        sa.CheckConstraint("until >= since", name="order"),
        sa.Index(None, "person", "until"),
        sa.Index(None, "covered_by", "until"),
        sa.Index(None, "until", "id"),
    )
